import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { ModbusLink } from './link.ts'
import { connectTcp, type TcpOptions } from './tcp-link.ts'
import { createBank, serveTcp, type TcpSimulatorOptions } from '../simulator/index.ts'
import { startFullPort } from '../../../../test/support/full-port.ts'
import { requireServer } from '../../../../test/support/require-server.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const never = new AbortController().signal
const patient = { timeoutMs: 10_000, signal: never }
const brief = { timeoutMs: 60, signal: never }

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (thrown: unknown) =>
      thrown instanceof MapperError ? thrown.code : `foreign: ${String(thrown)}`,
  )
const words = (data: Uint8Array) =>
  Array.from({ length: data.length / 2 }, (_, at) => Buffer.from(data).readUInt16BE(2 * at))
const register = async (link: ModbusLink, address: number, options = patient) => {
  const answer = await link.read(1, 'holding', address, 1, options)
  return answer.ok ? words(answer.data)[0] : `exception ${answer.exception}`
}

async function linkTo(port: number, more: Partial<TcpOptions> = {}): Promise<ModbusLink> {
  const link = await connectTcp({ host: '127.0.0.1', port, connectTimeoutMs: 5000, ...more }, never)
  cleanUp.push(() => link.close())
  return link
}

async function simulate(options: TcpSimulatorOptions = {}) {
  const bank = createBank()
  for (let address = 0; address < 2000; address++) bank.setRegister('holding', address, address)
  const simulator = await serveTcp(bank, options)
  cleanUp.push(() => simulator.close())
  return { bank, simulator }
}

/** A server that does with each request frame what it is told. */
async function scripted(onFrame: (frame: Buffer, socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    let rest = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 12) {
        onFrame(rest.subarray(0, 12), socket)
        rest = rest.subarray(12)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}
/** The answer of a device whose registers hold `value`. */
const answer = (frame: Buffer, value: number) => {
  const bytes = Buffer.from('0000000000050103020000', 'hex')
  frame.copy(bytes, 0, 0, 2)
  bytes.writeUInt16BE(value, 9)
  return bytes
}

describe('reading and writing', () => {
  it('every table, both ways', async () => {
    const { bank, simulator } = await simulate()
    const link = await linkTo(simulator.port)
    bank.setBit('discrete', 4, [true, false, true])
    bank.setRegister('input', 65_535, 0xabcd)
    expect(await link.read(1, 'discrete', 3, 5, patient)).toEqual({
      ok: true,
      data: Buffer.of(0b01010),
    })
    expect(await link.read(1, 'input', 65_535, 1, patient)).toEqual({
      ok: true,
      data: Buffer.of(0xab, 0xcd),
    })
    for (const multiple of [false, true]) {
      const options = { ...patient, multiple }
      expect((await link.writeRegisters(1, 10, Buffer.of(1, 2), options)).ok).toBe(true)
      expect((await link.writeCoils(1, 9, [true], options)).ok).toBe(true)
      expect(bank.getRegister('holding', 10)).toBe(0x0102)
      expect(bank.getBit('coil', 9)).toBe(true)
      bank.setRegister('holding', 10, 0)
      bank.setBit('coil', 9, false)
    }
    await link.writeRegisters(1, 10, Buffer.of(1, 2, 3, 4), patient)
    await link.writeCoils(
      1,
      0,
      [true, false, false, false, false, false, false, false, true],
      patient,
    )
    expect(bank.getRegister('holding', 11)).toBe(0x0304)
    expect([0, 1, 8, 9].map((at) => bank.getBit('coil', at))).toEqual([true, false, true, false])
  })
  it('passes an exception on, and the link stays good', async () => {
    const { bank, simulator } = await simulate()
    bank.hole('holding', 5, 5)
    const link = await linkTo(simulator.port)
    expect(await link.read(1, 'holding', 4, 3, patient)).toEqual({ ok: false, exception: 2 })
    expect(await register(link, 6)).toBe(6)
  })
  it('refuses the impossible before anything is sent', async () => {
    const { simulator } = await simulate()
    const link = await linkTo(simulator.port)
    expect(await codeOf(link.read(1, 'holding', 0, 126, patient))).toBe('invalid_config')
    expect(await codeOf(link.read(256, 'holding', 0, 1, patient))).toBe('invalid_config')
    expect(await codeOf(link.read(1, 'holding', NaN, 1, patient))).toBe('invalid_config')
    expect(await codeOf(link.read(1, 'holding', 0, 1, { timeoutMs: NaN, signal: never }))).toBe(
      'invalid_config',
    )
    expect(
      await codeOf(link.read(1, 'holding', 0, 1, { timeoutMs: 9, signal: AbortSignal.abort() })),
    ).toBe('canceled')
    expect(await register(link, 6)).toBe(6)
    expect(simulator.requests).toBe(1)
  })
  it.each([1, 16])('1000 reads at once with %i in flight are all right', async (maxInFlight) => {
    const { simulator } = await simulate()
    const link = await linkTo(simulator.port, { maxInFlight })
    const read = await Promise.all(Array.from({ length: 1000 }, (_, at) => register(link, at)))
    expect(read).toEqual(Array.from({ length: 1000 }, (_, at) => at))
  })
  it.each([1, 16])(
    'answers in pieces of one byte are whole in the end, %i in flight',
    async (maxInFlight) => {
      const { simulator } = await simulate()
      const link = await linkTo(simulator.port, { maxInFlight })
      // One answer that never comes, so that there is always another one to be careful about.
      simulator.faults(({ index }) => (index === 0 ? { kind: 'silent' } : { kind: 'byte-by-byte' }))
      expect(await codeOf(link.read(1, 'holding', 0, 1, brief))).toBe('timeout')
      const reads = Array.from({ length: 200 }, (_, at) => at + 300)
      expect(await Promise.all(reads.map((at) => register(link, at)))).toEqual(reads)
    },
  )
  it('never has more in flight than it may', async () => {
    let open = 0
    let most = 0
    const port = await scripted((frame, socket) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        socket.write(answer(frame, 7))
      })
    })
    const link = await linkTo(port, { maxInFlight: 4 })
    await Promise.all(Array.from({ length: 50 }, () => register(link, 0)))
    expect(most).toBe(4)
  })
  it('matches answers that come in any order', async () => {
    const frames: Buffer[] = []
    const port = await scripted((frame, socket) => {
      frames.push(Buffer.from(frame))
      if (frames.length < 3) return
      const bytes = frames
        .splice(0)
        .reverse()
        .map((each) => answer(each, each.readUInt16BE(8)))
      socket.write(Buffer.concat(bytes))
    })
    const link = await linkTo(port, { maxInFlight: 3 })
    expect(await Promise.all([register(link, 11), register(link, 12), register(link, 13)])).toEqual(
      [11, 12, 13],
    )
  })
})

describe('late answers', () => {
  it('are thrown away, also when the ids have gone round', async () => {
    let first: Buffer | undefined
    let number = 0
    const port = await scripted((frame, socket) => {
      if (first === undefined) return void (first = Buffer.from(frame))
      const late = ++number === 65_600 ? answer(first, 9999) : Buffer.alloc(0)
      socket.write(Buffer.concat([late, answer(frame, number & 0xfff)]))
    })
    const link = await linkTo(port, { maxInFlight: 16 })
    expect(await codeOf(link.read(1, 'holding', 0, 1, brief))).toBe('timeout')
    let wrong = 0
    let asked = 0
    const worker = async () => {
      while (asked < 65_700) {
        asked++
        if ((await register(link, 0)) === 9999) wrong++
      }
    }
    await Promise.all(Array.from({ length: 16 }, worker))
    expect(link.failed).toBeUndefined()
    expect(wrong).toBe(0)
  })
  it('three silences in a row end the link, a late answer between them does not', async () => {
    const { simulator } = await simulate()
    const link = await linkTo(simulator.port)
    simulator.faults(({ index }) => (index === 2 ? undefined : { kind: 'silent' }))
    expect(await codeOf(link.read(1, 'holding', 0, 1, brief))).toBe('timeout')
    expect(await codeOf(link.read(1, 'holding', 0, 1, brief))).toBe('timeout')
    expect(await register(link, 3)).toBe(3)
    for (const failed of [undefined, undefined, 'timeout']) {
      expect(await codeOf(link.read(1, 'holding', 0, 1, brief))).toBe('timeout')
      expect(link.failed?.code).toBe(failed)
    }
    expect(await codeOf(link.read(1, 'holding', 0, 1, patient))).toBe('timeout')
  })
})

describe('an anomaly ends the link with bad_data', () => {
  it.each<[string, (frame: Buffer) => Buffer]>([
    [
      'an id that was never sent',
      (frame) => Buffer.concat([Buffer.of(0x77, 0x77), answer(frame, 1).subarray(2)]),
    ],
    ['a duplicate', (frame) => Buffer.concat([answer(frame, 1), answer(frame, 1)])],
    [
      'another protocol',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('dead00050103020001', 'hex')]),
    ],
    [
      'an absurd length',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('0000ffff', 'hex')]),
    ],
    [
      'another unit',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('000000050203020001', 'hex')]),
    ],
    [
      'another function',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('000000050104020001', 'hex')]),
    ],
    [
      'a byte count of two registers',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('000000050103040001', 'hex')]),
    ],
    [
      'no data',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('00000003010300', 'hex')]),
    ],
    [
      'a long exception',
      (frame) => Buffer.concat([frame.subarray(0, 2), Buffer.from('0000000401830200', 'hex')]),
    ],
    ['the request', (frame) => frame],
    ['half an answer', (frame) => answer(frame, 1).subarray(0, 9)],
  ])('%s', async (_, spoil) => {
    const port = await scripted((frame, socket) => socket.write(spoil(frame)))
    const link = await linkTo(port)
    const waiting = codeOf(link.read(1, 'holding', 5, 1, brief))
    const next = codeOf(link.read(1, 'holding', 5, 1, brief))
    expect(await waiting).toMatch(/bad_data|timeout/)
    expect(await next).toBe('bad_data')
    expect(link.failed?.code).toBe('bad_data')
    expect(link.failed?.message).toMatch(/[0-9a-f]{2} [0-9a-f]{2}/)
  })
  it('a confirmation of another write', async () => {
    const port = await scripted((frame, socket) => {
      const other = Buffer.from(frame)
      other[9] = (other[9] ?? 0) ^ 1
      socket.write(other)
    })
    const link = await linkTo(port)
    expect(await codeOf(link.writeRegisters(1, 5, Buffer.of(0, 1), brief))).toBe('bad_data')
  })
  it('even when a good answer came in the same segment', async () => {
    const frames: Buffer[] = []
    const port = await scripted((frame, socket) => {
      if (frames.push(Buffer.from(frame)) < 2) return
      const [one, two] = frames.map((each) => answer(each, 1))
      if (one && two) socket.write(Buffer.concat([one.subarray(0, 9), two]))
    })
    const link = await linkTo(port, { maxInFlight: 2 })
    const both = [register(link, 0, brief), register(link, 1, brief)].map(codeOf)
    expect(await Promise.all(both)).toEqual(['bad_data', 'bad_data'])
  })
})

describe('the end of a connection', () => {
  it.each(['rst', 'fin'] as const)(
    'by %s settles everything at once as unreachable',
    async (kind) => {
      const { simulator } = await simulate({ faults: () => ({ kind }) })
      const link = await linkTo(simulator.port)
      const calls = [0, 1, 2].map((at) => codeOf(register(link, at)))
      expect(await Promise.all(calls)).toEqual(['unreachable', 'unreachable', 'unreachable'])
      expect(link.failed?.code).toBe('unreachable')
      await link.close()
    },
  )
  it('by close() settles everything as canceled, any number of times', async () => {
    const { simulator } = await simulate({ faults: () => ({ kind: 'silent' }) })
    const link = await linkTo(simulator.port)
    const calls = [0, 1, 2].map((at) => codeOf(register(link, at)))
    await Promise.all([link.close(), link.close()])
    await link.close()
    expect(await Promise.all(calls)).toEqual(['canceled', 'canceled', 'canceled'])
    expect(await codeOf(register(link, 0))).toBe('canceled')
    await expect.poll(() => simulator.connections).toBe(0)
  })
  it('by a server that never says goodbye does not keep close() waiting', async () => {
    const port = await scripted(() => undefined)
    const link = await linkTo(port)
    const call = codeOf(register(link, 0))
    await link.close()
    expect(await call).toBe('canceled')
  })
  it('a signal ends one call, waiting or sent, and the link goes on', async () => {
    const { simulator } = await simulate()
    simulator.faults(({ index }) => (index === 0 ? { kind: 'late', ms: 30 } : undefined))
    const link = await linkTo(simulator.port)
    const stop = new AbortController()
    const sent = codeOf(register(link, 0, { timeoutMs: 5000, signal: stop.signal }))
    const waiting = codeOf(register(link, 1, { timeoutMs: 5000, signal: stop.signal }))
    const other = register(link, 2)
    stop.abort()
    expect([await sent, await waiting]).toEqual(['canceled', 'canceled'])
    expect(await other).toBe(2)
    await expect.poll(() => simulator.requests).toBe(2)
    for (let at = 0; at < 100; at++) expect(await register(link, at)).toBe(at)
  })
  it('a deadline in the signal is a timeout', async () => {
    const { simulator } = await simulate({ faults: () => ({ kind: 'silent' }) })
    const link = await linkTo(simulator.port)
    const signal = AbortSignal.timeout(20)
    expect(await codeOf(register(link, 0, { timeoutMs: 5000, signal }))).toBe('timeout')
  })
})

describe('connecting', () => {
  const options = { host: '127.0.0.1', port: 1, connectTimeoutMs: 5000 }
  it('is refused by a closed port as unreachable', async () => {
    const { simulator } = await simulate()
    await simulator.close()
    expect(await codeOf(connectTcp({ ...options, port: simulator.port }, never))).toBe(
      'unreachable',
    )
  })
  it('has the system watch over an idle connection', async (context) => {
    if (process.platform !== 'linux') requireServer(context, 'no /proc/net/tcp')
    const { simulator } = await simulate()
    const link = await linkTo(simulator.port)
    expect(await register(link, 1)).toBe(1)
    const port = simulator.port.toString(16).toUpperCase().padStart(4, '0')
    // Of each socket: local and remote address, state, queues, kind of timer and when it goes off, in 10 ms.
    const timer = new RegExp(`: \\S+ 0100007F:${port} 01 \\S+ (\\d\\d):([0-9A-F]+) `)
    const shown = async () => timer.exec(await readFile('/proc/net/tcp', 'utf8')) ?? []
    await expect.poll(async () => (await shown())[1]).toBe('02')
    const [, , left = ''] = await shown()
    expect(parseInt(left, 16)).toBeLessThanOrEqual(3000)
  })
  it('stops at once by its signal, before or during', async () => {
    expect(await codeOf(connectTcp(options, AbortSignal.abort()))).toBe('canceled')
    const { port: hole, close } = await startFullPort()
    cleanUp.push(close)
    const stop = new AbortController()
    const pending = codeOf(
      connectTcp({ ...options, port: hole, connectTimeoutMs: 60_000 }, stop.signal),
    )
    setImmediate(() => stop.abort())
    expect(await pending).toBe('canceled')
    expect(await codeOf(connectTcp({ ...options, port: hole, connectTimeoutMs: 50 }, never))).toBe(
      'timeout',
    )
  })
  it.each([
    ['port 0', { port: 0 }],
    ['port 1.5', { port: 1.5 }],
    ['port 65536', { port: 65_536 }],
    ['no host', { host: '' }],
    ['no time', { connectTimeoutMs: 0 }],
    ['nothing in flight', { maxInFlight: 0 }],
  ])('refuses %s', async (_, wrong) => {
    expect(await codeOf(connectTcp({ ...options, ...wrong }, never))).toBe('invalid_config')
  })
})
