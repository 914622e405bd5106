import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSerialWire } from '@mapper-sdk/core/line'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { requireServer } from '../../../../test/support/require-server.ts'
import { hasSocat, startSerialPair } from '../../../../test/support/serial-pair.ts'
import { createFramer } from '../frame/framer.ts'
import { latin1 } from '../text/latin1.ts'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { tcpClient, waitFor } from './client.suite.ts'
import type {
  Fault,
  SimulatedDevice,
  SimulatedLineOptions,
  SimulatorOptions,
  SimulatorScript,
} from './index.ts'
import {
  loadDevice,
  shippedRecipes,
  simulatedLine,
  scriptedDevice,
  serveSerial,
  serveTcp,
  serveTranscript,
  serveUdp,
} from './index.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

/** Says only what it is asked for. */
function scale() {
  const { device } = loadDevice('mt-sics-scale')
  device.state.set('continuous', 0)
  return device
}

async function together(devices = [scale()], options: SimulatorOptions = {}) {
  const simulator = await serveTcp(devices, options)
  cleanUp.push(() => simulator.close())
  const join = async () => {
    const client = await tcpClient(simulator.port)
    cleanUp.push(() => client.close())
    return client
  }
  return { simulator, client: await join(), join }
}

const serial = 'I4 A "0123456789"\r\n'

describe('a simulator behind a TCP port', () => {
  it('answers in whatever pieces requests come, and says all to all connections', async () => {
    const { simulator, client, join } = await together()
    const other = await join()
    await client.ask('@\r\n', serial)
    client.send('@')
    await client.ask('\r\n@\r\n', serial + serial)
    await waitFor(other.heard, serial + serial + serial)
    expect(simulator.connections).toBe(2)
    expect(simulator.requests).toBe(3)
    expect(simulator.problems).toEqual([])
  })

  it('can be muted, made to say something, looked at, changed and cut', async () => {
    const { simulator, client, join } = await together()
    await client.ask('TA 12.50 g\r\n', 'TA A      12.50 g\r\n')
    expect(simulator.state.get('tare')).toBe(12.5)
    simulator.state.set('condition', '+')
    await client.ask('SI\r\n', 'S +\r\n')
    simulator.mute(true)
    client.send('@\r\n')
    await expect.poll(() => simulator.requests, { interval: 5 }).toBe(3)
    simulator.mute(false)
    simulator.say(Buffer.from('noise'))
    await client.ask('@\r\n', `noise${serial}`)
    simulator.drop()
    await client.gone
    await (await join()).ask('@\r\n', serial)
  })

  it('keeps what it could not say', async () => {
    const { simulator, client } = await together()
    simulator.state.set('tare', 12.345)
    client.send('TA\r\n')
    await client.ask('@\r\n', serial)
    expect(simulator.problems).toEqual(['{tare} is 12.345, which has more than 2 decimals'])
  })

  it('has several devices on one line, each with its own requests', async () => {
    const station = (address: string) => loadDevice('weather-station', { address }).device
    const motor = loadDevice('stepper-controller', { address: 3 }).device
    const { simulator, client } = await together([station('1'), station('2'), motor])
    await client.ask('1XZRU\r\n', '1TX,Rain reset\r\n')
    await client.ask('1R3\r\n', /^1R3,Rc=0.00M/)
    await client.ask('2R3\r\n', /^2R3,Rc=0.25M/)
    client.send('9R3\r\n')
    await client.ask('/3?0\r', '/0`0\x03\r\n')
    expect(simulator.states.map((state) => state.names.length > 0)).toEqual([true, true, true])
    expect(simulator.states[1]?.get('rain')).toBe(0.25)
  })

  it('says by itself what it has to say', async () => {
    const script: SimulatorScript = {
      recipe: 'mt-sics-scale.yaml',
      state: {
        a: { initial: 0, vary: { shape: 'follow', target: 'b', step: 1, everyMs: 10 } },
        b: { initial: 5 },
      },
      sends: [{ everyMs: 10, if: { a: '{b}' }, payload: ['A {a}', 'B'] }],
    }
    const { recipe } = loadDevice('mt-sics-scale')
    const { client } = await together([scriptedDevice(script, recipe)])
    await waitFor(client.heard, /^A 5\r\nB\r\nA 5\r\nB\r\n/)
  })

  it.each<[Fault, string]>([
    [{ kind: 'late', ms: 30 }, serial],
    [{ kind: 'byte-by-byte' }, serial],
    [{ kind: 'wrong-checksum' }, serial.replace('\n', '\x0b')],
    [{ kind: 'half' }, serial.slice(0, 9)],
    [{ kind: 'noise', bytes: Buffer.from('!!') }, `!!${serial}`],
    [{ kind: 'garbage', bytes: Buffer.from('!!') }, '!!'],
    [{ kind: 'twice' }, serial + serial],
    [{ kind: 'echo' }, `@\r\n${serial}`],
    [{ kind: 'silent' }, ''],
  ])('%j', async (fault, wanted) => {
    const { simulator, client } = await together([scale()], {
      faults: ({ index }) => (index === 0 ? fault : undefined),
    })
    client.send('@\r\n')
    if (fault.kind === 'late') await waitFor(client.heard, wanted)
    await client.ask('SI\r\n', /S [SD] .* g\r\n$/)
    expect(client.heard().startsWith(wanted)).toBe(true)
    expect(client.heard().slice(wanted.length)).toMatch(/^S [SD] +\d+\.\d\d g\r\n$/)
    expect(simulator.requests).toBe(2)
  })

  it('makes a checksum wrong, and nothing else', async () => {
    const { device, recipe } = loadDevice('vesc-motor-controller')
    const { client } = await together([device], { faults: () => ({ kind: 'wrong-checksum' }) })
    client.send('\x02\x01\x00\x00\x00\x03')
    await expect.poll(() => client.heard().length, { interval: 5 }).toBe(12)
    const framer = createFramer(recipe.frame)
    framer.push(Buffer.from(client.heard(), 'latin1'), 0)
    framer.finish(0)
    expect(framer.counters).toMatchObject({ good: 0, bad: { checksum: 1, end: 0, length: 0 } })
  })

  it('refuses a port that is taken, and a line without devices', async () => {
    const { simulator } = await together()
    await expect(serveTcp([scale()], { port: simulator.port })).rejects.toThrow('EADDRINUSE')
    await expect(serveTcp([])).rejects.toThrow('the line has no device')
  })
})

it('over UDP answers the last sender, each frame in a datagram', async () => {
  const simulator = await serveUdp([scale()], {})
  cleanUp.push(() => simulator.close())
  const join = async () => {
    const socket = createSocket('udp4')
    cleanUp.push(() => socket.close())
    const heard: string[] = []
    socket.on('message', (bytes) => heard.push(bytes.toString('latin1')))
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return { heard, send: (text: string) => socket.send(text, simulator.port, '127.0.0.1') }
  }
  const [one, two] = [await join(), await join()]
  one.send('@\r\n')
  await expect.poll(() => one.heard, { interval: 5 }).toEqual([serial])
  simulator.faults(() => ({ kind: 'twice' }))
  // A datagram is whole: what another began does not spoil it.
  one.send('half')
  two.send('@\r\n')
  await expect.poll(() => two.heard, { interval: 5 }).toEqual([serial, serial])
  expect(one.heard).toEqual([serial])
  expect(simulator.requests).toBe(2)
})

it('on a serial port answers, and plays a transcript at the pace of the line', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const folder = mkdtempSync(path.join(tmpdir(), 'serial-'))
  cleanUp.push(() => rmSync(folder, { recursive: true }))
  const pair = await startSerialPair(folder)
  cleanUp.push(() => pair.stop())
  const [here, there] = pair.ends
  const open = (end: string) =>
    openSerialWire(
      { kind: 'serial', path: end, baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
      new AbortController().signal,
    )
  const wire = await open(here)
  cleanUp.push(() => wire.close())
  let heard = ''
  wire.listen(
    (bytes) => void (heard += bytes.toString('latin1')),
    () => undefined,
  )

  const simulator = await serveSerial([scale()], { path: there, parity: 'even', dataBits: 7 })
  await wire.write(Buffer.from('@\r\n'))
  await waitFor(() => heard, serial)
  expect(simulator.requests).toBe(1)
  await simulator.close()

  const far = await open(there)
  cleanUp.push(() => far.close())
  const steps = [{ exchange: 'cancel', sends: '@<CR><LF>', receives: '0123456789'.repeat(4) }]
  const { characterMs } = far
  expect(characterMs).toBeGreaterThan(1)
  const began = performance.now()
  const server = serveTranscript({ recipe: 'x', steps }, far, { chunkBytes: 8, characterMs })
  await wire.write(Buffer.from('@\r\n'))
  await server.done
  expect(server.problems).toEqual([])
  expect(performance.now() - began).toBeGreaterThan(35 * characterMs)
  await waitFor(() => heard.slice(serial.length), '0123456789'.repeat(4))
})

function lineOf(devices: readonly SimulatedDevice[], options: Partial<SimulatedLineOptions> = {}) {
  let said = ''
  const put = (bytes: Uint8Array) => void (said += latin1(bytes))
  // The clock of the machine runs, and a slow one must not make silence.
  const line = simulatedLine(devices, { put, forgetMs: Infinity, ...options })
  return { line, said: () => said }
}

describe('a simulated line', () => {
  it('says the same to the same bytes, in whatever pieces they come', () => {
    const text = fc
      .array(fc.constantFrom('SI\r\n', '@\r\n', 'TA\r\n', 'TA 1.50 g\r\n', 'x', '\r\n'), {
        maxLength: 8,
      })
      .map((all) => all.join(''))
    const devices = [0, 1].map(() => loadDevice('mt-sics-scale').device)
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (all, size) => {
        for (const { state } of devices) state.set('tare', 0)
        const [whole, pieces] = devices.map((device) => lineOf([device]))
        whole?.line.receive(Buffer.from(all))
        for (let at = 0; at < all.length; at += size) {
          pieces?.line.receive(Buffer.from(all.slice(at, at + size)))
        }
        for (const one of [whole, pieces]) one?.line.stop()
        expect(pieces?.said()).toBe(whole?.said())
        expect(whole?.said().split('\r\n').length).toBe((whole?.line.requests ?? 0) + 1)
      }),
      { numRuns: 15 },
    )
  })

  it('forgets what stopped in the middle, after silence', () => {
    for (const [forgetMs, wanted] of [
      [-1, serial],
      [Infinity, 'ES\r\n'],
    ] as const) {
      const { line, said } = lineOf([scale()], { forgetMs })
      line.receive(Buffer.from('nonsense'))
      line.receive(Buffer.from('@\r\n'))
      line.stop()
      expect(said()).toBe(wanted)
    }
  })

  it('takes any bytes', () => {
    const devices = shippedRecipes().map((name) => loadDevice(name).device)
    const { line } = lineOf(devices)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void line.receive(bytes)))
    line.stop()
    expect(line.problems).toEqual([])
  })

  it('knows a request that ends by silence, and takes the time that it is told to take', async () => {
    const text = `
name: silent
frame: { type: gap, gapMs: 5 }
exchanges: { ask: { request: ask } }
values: { all: { from: ask, type: text } }`
    const recipe = parseRecipe(text, 'silent.yaml')
    const answers = [{ when: { pattern: '^ask$' }, answer: 'told', afterMs: 10 }]
    const { line, said } = lineOf([scriptedDevice({ recipe: 'silent.yaml', answers }, recipe)], {
      delayMs: 10,
    })
    const began = performance.now()
    line.receive(Buffer.from('as'))
    line.receive(Buffer.from('k'))
    expect(said()).toBe('')
    await expect.poll(said, { interval: 5 }).toBe('told')
    // Timers count whole milliseconds.
    expect(performance.now() - began).toBeGreaterThan(22)
    line.stop()
  })
})
