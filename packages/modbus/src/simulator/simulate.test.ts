import { createChecker } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normalize } from '../config/dialects.ts'
import { protocolSchema, type ModbusProtocol } from '../config/protocol.ts'
import { certificates } from '../link/certificates.suite.ts'
import { openLink } from '../link/open-link.ts'
import { ptyPair } from '../link/pty-pair.suite.ts'
import { simulate } from './simulate.ts'

const made = certificates()
let folder: string
let bank: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bank-'))
  bank = path.join(folder, 'bank.yaml')
  await writeFile(bank, 'units: { 4: { holding: { 7: 99 } } }')
})
afterAll(async () => {
  made?.remove()
  await rm(folder, { recursive: true })
})

const checker = createChecker(protocolSchema)

/** Runs the simulator and reads from where it says it is, by the words of a custom resource. */
async function serves(flags: readonly string[], words: (ready: string) => object): Promise<void> {
  const stop = new AbortController()
  let say: (text: string) => void = () => undefined
  const said = new Promise<string>((resolve) => (say = resolve))
  const out = { write: (text: string) => say(text) }
  const argv = [bank, ...flags]
  const ended = simulate({ argv, program: 'modbus-simulator', out, signal: stop.signal })
  const ready = await Promise.race([said, ended.then(() => '{}')])
  const raw = { unit: 4, ...words(Object.values(JSON.parse(ready) as object)[0] as string) }
  const { value, issues } = checker.check(normalize(raw, 'protocol'), [])
  expect(issues).toEqual([])
  const link = await openLink(value as ModbusProtocol, connectContext())
  const { signal } = new AbortController()
  const answer = await link.read(4, 'holding', 7, 1, { timeoutMs: 5000, signal })
  expect(answer.ok && [...answer.data]).toEqual([0, 99])
  await link.close()
  stop.abort()
  await ended
}

describe('a simulator is reached by the address that it prints', () => {
  it.each(['tcp', 'udp', 'rtu-over-tcp', 'ascii-over-tcp'])('%s', async (transport) => {
    await serves(['--transport', transport], (address) => ({ address }))
  })
  it.skipIf(made === undefined)('tls', async () => {
    made?.issue('plc')
    const [cert, key] = [made?.cert('plc') ?? '', made?.key('plc') ?? '']
    const serverFingerprint = made?.fingerprint('plc') ?? ''
    await serves(['--cert', cert, '--key', key], (address) => ({ address, serverFingerprint }))
  })
  it.for(['rtu', 'ascii'])('%s on a serial line', async (transport, { skip }) => {
    const pair = await ptyPair()
    if (pair === undefined) return skip()
    const [here, there] = pair.ends
    await serves(['--transport', transport, '--tty', there], (tty) => {
      expect(tty).toBe(there)
      return { transport, path: here, ...(transport === 'ascii' && { parity: 'even' }) }
    })
    await pair.unplug()
  })
})

it.each([
  [['--cert', '/x'], /--cert and --key belong together/],
  [['--cert', '/not/there', '--key', '/k'], /\/not\/there: ENOENT/],
  [['--transport', 'ascii'], /--transport ascii needs --tty PATH/],
])('%o is refused', async (flags, problem) => {
  const { signal } = new AbortController()
  const options = { program: 'modbus-simulator', out: { write: () => undefined }, signal }
  await expect(simulate({ ...options, argv: [bank, ...flags] })).rejects.toThrow(problem)
})
