import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSerialWire } from '@mapper-sdk/core/line'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireServer } from '../../../../test/support/require-server.ts'
import { hasSocat, startSerialPair } from '../../../../test/support/serial-pair.ts'
import { tcpClient, waitFor } from './client.suite.ts'
import { simulate } from './simulate.ts'

const recipes = path.join(import.meta.dirname, '../../recipes')
let folder: string
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'recipes-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the simulator while it is used. */
async function running(
  argv: readonly string[],
  use: (ready: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  let say: (text: string) => void = () => undefined
  const said = new Promise<string>((resolve) => (say = resolve))
  const out = { write: (text: string) => say(text) }
  const ended = simulate({ argv, program: 'serial-simulator', out, signal: stop.signal })
  try {
    const ready = await Promise.race([said, ended.then(() => '{}')])
    expect(ready).toMatch(/^\{.*\}\n$/)
    await use(JSON.parse(ready) as Record<string, string>)
  } finally {
    stop.abort()
    await ended
  }
}

const portOf = (address = '') => Number(new URL(address).port)

async function asks(argv: readonly string[], text: string, ...answers: (string | RegExp)[]) {
  await running(argv, async ({ serial }) => {
    expect(serial).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    const client = await tcpClient(portOf(serial))
    for (const answer of answers) await client.ask(text, answer)
    client.close()
  })
}

describe('serial-simulator', () => {
  it('takes the name of a recipe, settings and states', async () => {
    const flags = ['--param', 'address=7', '--state', 'rain=1.5']
    await asks(['weather-station', ...flags], '7R3\r\n', '7R3,Rc=1.50M,Rd=40s,Ri=0.0M\r\n')
  })

  it('takes the path of a recipe, of a script, and of a transcript, and several of them', async () => {
    const [recipe, script, transcript] = ['yaml', 'simulator.yaml', 'transcript.yaml'].map(
      (ending) => path.join(recipes, `stepper-controller.${ending}`),
    ) as [string, string, string]
    await asks([recipe], '/1?0\r', '/0`0\x03\r\n')
    await asks([script, 'weather-station'], '/1?0\r', '/0`0\x03\r\n')
    await asks([transcript], '/2?0\r', '\xff/0`1000\x03\r\n', '\xff/0@512\x03\r\n', /`1000/)
  })

  it('takes the transcript of a recipe that has no script', async () => {
    const own = path.join(folder, 'own.yaml')
    copyFileSync(path.join(recipes, 'nmea-0183-gps.yaml'), own)
    await expect(running([own], async () => undefined)).rejects.toThrow(
      'nor a transcript beside it',
    )
    const steps = ['steps:', '  - stream: position', '    receives: $GPRMC,*00<CR><LF>']
    writeFileSync(
      path.join(folder, 'own.transcript.yaml'),
      ['recipe: own.yaml', ...steps].join('\n'),
    )
    await running([own], async ({ serial }) => {
      const client = await tcpClient(portOf(serial))
      await waitFor(client.heard, '$GPRMC,*00\r\n')
      client.close()
    })
  })

  it('serves UDP', async () => {
    await running(['stepper-controller', '--udp'], async ({ serial }) => {
      expect(serial).toMatch(/^udp:/)
      const socket = createSocket('udp4')
      const heard = once(socket, 'message')
      socket.send('/1?0\r', portOf(serial), '127.0.0.1')
      expect(String(((await heard) as unknown[])[0])).toBe('/0`0\x03\r\n')
      socket.close()
    })
  })

  it('serves a serial port, and TCP beside it', async (context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const pair = await startSerialPair(folder)
    const [here, there] = pair.ends
    const argv = ['scpi-multimeter', '--tty', there, '--baud', '19200', '--port', '0']
    await running(argv, async ({ tty, serial }) => {
      expect(tty).toBe(there)
      expect(serial).toMatch(/^tcp:/)
      const settings = { baudRate: 19_200, dataBits: 7, parity: 'even', stopBits: 2 } as const
      const { signal } = new AbortController()
      const wire = await openSerialWire({ kind: 'serial', path: here, ...settings }, signal)
      let heard = ''
      wire.listen(
        (bytes) => void (heard += bytes.toString('latin1')),
        () => undefined,
      )
      await wire.write(Buffer.from('*IDN?\n'))
      await waitFor(() => heard, 'HEWLETT-PACKARD,34401A,0,11-5-2\r\n')
      await wire.close()
    })
    await pair.stop()
  })

  it.each([
    [[], 'a recipe is needed'],
    [['x', '--port', '70000'], '--port 70000 is not in 0 … 65535'],
    [['x', '--prot', '1'], 'Usage: serial-simulator'],
    [['x', '--param', 'a'], '--param a is not NAME=VALUE'],
    [['no-such'], 'no-such is neither a file nor a recipe; recipes are barcode-reader'],
    [['/no/such.yaml'], '/no/such.yaml: ENOENT'],
    [['mt-sics-scale', '--param', 'a=1'], 'a is no setting of MT-SICS scale'],
    [['mt-sics-scale', '--state', 'a=1'], 'a is no state; the device has gross'],
    [['mt-sics-scale', '--tty', '/no/tty'], '/no/tty'],
  ])('%j is refused', async (argv, problem) => {
    await expect(running(argv, async () => undefined)).rejects.toThrow(problem)
  })

  it('prints one line when it is ready, ends on SIGTERM with 0, and with 2 for wrong flags', async () => {
    const main = path.join(import.meta.dirname, '../../dist/simulator/main.js')
    const start = (...argv: string[]) => {
      const child = spawn(process.execPath, [main, ...argv])
      const said = { out: '', err: '' }
      child.stdout.on('data', (chunk) => (said.out += String(chunk)))
      child.stderr.on('data', (chunk) => (said.err += String(chunk)))
      return { child, said, exit: once(child, 'close').then(() => child.exitCode) }
    }
    const [right, wrong] = [start('mt-sics-scale'), start('--prot')]
    await waitFor(() => right.said.out, /^\{"serial":"tcp:.*"\}\n$/)
    right.child.kill('SIGTERM')
    expect(await right.exit).toBe(0)
    expect(await wrong.exit).toBe(2)
    expect(wrong.said).toMatchObject({ out: '', err: expect.stringContaining('Usage:') as string })
  })
})
