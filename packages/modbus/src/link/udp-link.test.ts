import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { MapperError } from '@mapper-sdk/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { ModbusLink } from './link.ts'
import { connectUdp, type Dropped, type UdpOptions } from './udp-link.ts'
import { createBank, serveUdp, type UdpSimulatorOptions } from '../simulator/index.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const never = new AbortController().signal
const patient = { timeoutMs: 10_000, signal: never }
const brief = { timeoutMs: 60, signal: never }

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => {
      if (thrown instanceof MapperError) return thrown
      throw thrown
    },
  )
const codeOf = async (promise: Promise<unknown>) => (await errorOf(promise))?.code ?? 'ok'
const register = async (link: ModbusLink, address: number, options = patient) => {
  const answer = await link.read(1, 'holding', address, 1, options)
  return answer.ok ? Buffer.from(answer.data).readUInt16BE(0) : `exception ${answer.exception}`
}

async function linkTo(port: number, more: Partial<UdpOptions> = {}) {
  const drops: Dropped[] = []
  const link = await connectUdp(
    {
      host: '127.0.0.1',
      port,
      connectTimeoutMs: 5000,
      onDrop: (drop) => drops.push(drop),
      ...more,
    },
    never,
  )
  cleanUp.push(() => link.close())
  return { link, drops }
}

async function simulate(options: UdpSimulatorOptions = {}) {
  const bank = createBank()
  for (let address = 0; address < 2000; address++) bank.setRegister('holding', address, address)
  const simulator = await serveUdp(bank, options)
  cleanUp.push(() => simulator.close())
  return { bank, simulator }
}

/** A device that does with each datagram what it is told. */
async function scripted(
  onFrame: (frame: Buffer, send: (bytes: Buffer) => void, peer: RemoteInfo, at: Socket) => void,
): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (frame, peer) =>
    onFrame(
      frame,
      (bytes) => socket.send(bytes, peer.port, peer.address, () => undefined),
      peer,
      socket,
    ),
  )
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  cleanUp.push(() => new Promise<void>((resolve) => socket.close(resolve)))
  return socket.address().port
}
/** The answer of a device whose registers hold `value`. */
const answer = (frame: Buffer, value: number) => {
  const bytes = Buffer.from('0000000000050103020000', 'hex')
  frame.copy(bytes, 0, 0, 2)
  bytes.writeUInt16BE(value, 9)
  return bytes
}
const framed = (frame: Buffer, rest: string) =>
  Buffer.concat([frame.subarray(0, 2), Buffer.from(rest, 'hex')])

describe('over UDP', () => {
  it('every table is read and written', async () => {
    const { bank, simulator } = await simulate()
    const { link } = await linkTo(simulator.port)
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
    bank.hole('holding', 5, 5)
    expect(await link.read(1, 'holding', 4, 3, patient)).toEqual({ ok: false, exception: 2 })
    expect((await link.read(1, 'holding', 100, 125, patient)).ok).toBe(true)
  })
  it.each([1, 16])('1000 reads at once with %i in flight are all right', async (maxInFlight) => {
    const { simulator } = await simulate()
    const { link, drops } = await linkTo(simulator.port, { maxInFlight })
    const read = await Promise.all(Array.from({ length: 1000 }, (_, at) => register(link, at)))
    expect(read).toEqual(Array.from({ length: 1000 }, (_, at) => at))
    expect(drops).toEqual([])
  })
  it('never more are in flight than may be, and answers come in any order', async () => {
    const frames: [Buffer, (bytes: Buffer) => void][] = []
    let most = 0
    const port = await scripted((frame, send) => {
      most = Math.max(most, frames.push([frame, send]))
      if (frames.length < 3) return
      for (const [each, reply] of frames.splice(0).reverse()) {
        reply(answer(each, each.readUInt16BE(8)))
      }
    })
    const { link } = await linkTo(port, { maxInFlight: 3 })
    const addresses = Array.from({ length: 30 }, (_, at) => at)
    expect(await Promise.all(addresses.map((at) => register(link, at)))).toEqual(addresses)
    expect(most).toBe(3)
  })
  it('a name is looked up', async () => {
    const { simulator } = await simulate()
    const { link } = await linkTo(simulator.port, { host: 'localhost' })
    expect(await register(link, 6)).toBe(6)
  })
})

describe('a datagram that answers nothing known is dropped and counted', () => {
  it('late, after its call was given up', async () => {
    let first: Buffer | undefined
    const port = await scripted((frame, send) => {
      if (first === undefined) return void (first = frame)
      send(answer(first, 9999))
      send(answer(frame, 7))
    })
    const { link, drops } = await linkTo(port)
    expect(await codeOf(register(link, 0, brief))).toBe('timeout')
    for (let round = 0; round < 3; round++) expect(await register(link, 0)).toBe(7)
    expect(drops.map(({ count }) => count)).toEqual([1, 2, 3])
    expect(drops[0]?.what).toContain('transaction 1, which waits for no answer: 00 01')
  })
  it('a double, and the next reading is its own', async () => {
    const { bank, simulator } = await simulate({ faults: () => ({ kind: 'duplicate' }) })
    const { link, drops } = await linkTo(simulator.port)
    for (let value = 1; value < 50; value++) {
      bank.setRegister('holding', 3, value)
      expect(await register(link, 3)).toBe(value)
    }
    expect(drops.length).toBeGreaterThan(40)
    // A duplicate is one datagram here: two frames in one would be none.
    expect(drops.every(({ what }) => what.startsWith('transaction '))).toBe(true)
  })
  it.each<[string, (frame: Buffer) => Buffer]>([
    ['nothing at all', () => Buffer.alloc(0)],
    ['seven bytes', (frame) => framed(frame, '0000000201')],
    ['another protocol', (frame) => framed(frame, 'dead00050103020001')],
    ['less than its header says', (frame) => answer(frame, 1).subarray(0, 10)],
    ['more than its header says', (frame) => Buffer.concat([answer(frame, 1), Buffer.of(0)])],
    ['two answers in one', (frame) => Buffer.concat([answer(frame, 1), answer(frame, 1)])],
    ['an absurd length', (frame) => framed(frame, '0000ffff0103020001')],
    ['more than any answer has', (frame) => framed(frame, `000003e8${'01'.repeat(1000)}`)],
    ['as much as a datagram can hold', () => Buffer.alloc(65_507, 0x55)],
    ['garbage', () => Buffer.from('c0ffee'.repeat(7), 'hex')],
  ])('%s: the right answer behind it counts', async (_, spoil) => {
    let isSpoilt = true
    const port = await scripted((frame, send) => {
      send(spoil(frame))
      if (!isSpoilt) send(answer(frame, 77))
    })
    const { link, drops } = await linkTo(port)
    const error = await errorOf(register(link, 5, brief))
    expect(error?.code).toBe('bad_data')
    expect(error?.message).toMatch(/did not answer in 60 ms; what came was /)
    isSpoilt = false
    expect(await register(link, 5)).toBe(77)
    expect(drops).toHaveLength(2)
    expect(link.failed).toBeUndefined()
  })
  it('an id that was never sent: the call waits on, and is told so', async () => {
    const port = await scripted((frame, send) => {
      send(Buffer.concat([Buffer.of(0x77, 0x77), answer(frame, 1).subarray(2)]))
      if (frame[9] === 1) send(answer(frame, 8))
    })
    const { link } = await linkTo(port)
    expect(await register(link, 1)).toBe(8)
    const error = await errorOf(register(link, 2, brief))
    expect(error?.message).toMatch(/^\[timeout\].*transaction 30583, which waits for no answer/)
  })
  it('from anybody else it never gets here', async () => {
    const stranger = createSocket('udp4')
    cleanUp.push(() => new Promise<void>((resolve) => stranger.close(resolve)))
    const port = await scripted((frame, send, peer) =>
      stranger.send(answer(frame, 666), peer.port, peer.address, () => send(answer(frame, 7))),
    )
    const { link, drops } = await linkTo(port)
    for (let round = 0; round < 5; round++) expect(await register(link, 0)).toBe(7)
    expect(drops).toEqual([])
  })
})

describe('a wrong answer fails its own call with bad_data, and the link goes on', () => {
  it.each<[string, (frame: Buffer) => Buffer]>([
    ['another unit', (frame) => framed(frame, '000000050203020001')],
    ['another function', (frame) => framed(frame, '000000050104020001')],
    ['a byte count of two registers', (frame) => framed(frame, '000000050103040001')],
    ['no data', (frame) => framed(frame, '00000003010300')],
    ['a long exception', (frame) => framed(frame, '0000000401830200')],
    ['an exception without a code', (frame) => framed(frame, '00000003018300')],
    ['the request', (frame) => frame],
  ])('%s', async (_, spoil) => {
    const port = await scripted((frame, send) => {
      send(frame[9] === 5 ? spoil(frame) : answer(frame, 6))
      // What comes then is too late.
      if (frame[9] === 5) send(answer(frame, 1))
    })
    const { link } = await linkTo(port, { maxInFlight: 2 })
    const [wrong, right] = [errorOf(register(link, 5)), register(link, 6)]
    expect((await wrong)?.message).toMatch(/^\[bad_data\].*: [0-9a-f]{2} [0-9a-f]{2}/)
    expect(await right).toBe(6)
    expect(await register(link, 7)).toBe(6)
    expect(link.failed).toBeUndefined()
  })
  it('a confirmation of another write', async () => {
    const port = await scripted((frame, send) => {
      frame[9] = (frame[9] ?? 0) ^ 1
      send(frame)
    })
    const { link } = await linkTo(port)
    expect(await codeOf(link.writeRegisters(1, 5, Buffer.of(0, 1), patient))).toBe('bad_data')
  })
})

describe('the end of a UDP link', () => {
  it('a port where nothing listens is unreachable at once', async () => {
    const { simulator } = await simulate()
    await simulator.close()
    const { link } = await linkTo(simulator.port, { maxInFlight: 2 })
    const calls = [0, 1, 2].map((at) => errorOf(register(link, at)))
    for (const error of await Promise.all(calls)) {
      expect(error?.message).toMatch(/^\[unreachable\] 127.0.0.1:\d+ by UDP: nothing listens there/)
    }
    expect(link.failed?.code).toBe('unreachable')
    expect(await codeOf(register(link, 0))).toBe('unreachable')
    await link.close()
  })
  it('three silences in a row end it, anything between them does not', async () => {
    const { simulator } = await simulate()
    const { link } = await linkTo(simulator.port)
    simulator.faults(({ index }) => (index === 2 ? undefined : { kind: 'silent' }))
    expect(await codeOf(register(link, 0, brief))).toBe('timeout')
    expect(await codeOf(register(link, 0, brief))).toBe('timeout')
    expect(await register(link, 3)).toBe(3)
    for (const failed of [undefined, undefined, 'timeout']) {
      expect(await codeOf(register(link, 0, brief))).toBe('timeout')
      expect(link.failed?.code).toBe(failed)
    }
  })
  it('by close() settles everything as canceled, any number of times', async () => {
    const { simulator } = await simulate({ faults: () => ({ kind: 'silent' }) })
    const { link } = await linkTo(simulator.port)
    const calls = [0, 1, 2].map((at) => codeOf(register(link, at)))
    await Promise.all([link.close(), link.close()])
    await link.close()
    expect(await Promise.all(calls)).toEqual(['canceled', 'canceled', 'canceled'])
    expect(await codeOf(register(link, 0))).toBe('canceled')
  })
  it('a signal ends one call, waiting or sent, and the link goes on', async () => {
    const { simulator } = await simulate()
    simulator.faults(({ index }) => (index === 0 ? { kind: 'late', ms: 30 } : undefined))
    const { link, drops } = await linkTo(simulator.port)
    const stop = new AbortController()
    const sent = codeOf(register(link, 0, { timeoutMs: 5000, signal: stop.signal }))
    const waiting = codeOf(register(link, 1, { timeoutMs: 5000, signal: stop.signal }))
    const other = register(link, 2)
    stop.abort()
    expect([await sent, await waiting]).toEqual(['canceled', 'canceled'])
    expect(await other).toBe(2)
    await expect.poll(() => drops.length).toBe(1)
    expect(simulator.requests).toBe(2)
  })
  it('a deadline in the signal is a timeout', async () => {
    const { simulator } = await simulate({ faults: () => ({ kind: 'silent' }) })
    const { link } = await linkTo(simulator.port)
    const signal = AbortSignal.timeout(20)
    expect(await codeOf(register(link, 0, { timeoutMs: 5000, signal }))).toBe('timeout')
  })
})

describe('opening a UDP link', () => {
  const options = { host: '127.0.0.1', port: 1, connectTimeoutMs: 5000 }
  it('stops by its signal', async () => {
    expect(await codeOf(connectUdp(options, AbortSignal.abort()))).toBe('canceled')
  })
  it('a name that is none is unreachable, and named', async () => {
    const error = await errorOf(connectUdp({ ...options, host: 'no-such-host.invalid' }, never))
    expect(error?.message).toMatch(/^\[(unreachable|timeout)\] no address for no-such-host.invalid/)
  })
  it.each([
    ['port 0', { port: 0 }],
    ['port 1.5', { port: 1.5 }],
    ['no host', { host: '' }],
    ['no time', { connectTimeoutMs: 0 }],
    ['nothing in flight', { maxInFlight: 0 }],
  ])('refuses %s', async (_, wrong) => {
    expect(await codeOf(connectUdp({ ...options, ...wrong }, never))).toBe('invalid_config')
  })
  it('refuses the impossible before anything is sent', async () => {
    const { simulator } = await simulate()
    const { link } = await linkTo(simulator.port)
    expect(await codeOf(link.read(1, 'holding', 0, 126, patient))).toBe('invalid_config')
    expect(await codeOf(link.read(256, 'holding', 0, 1, patient))).toBe('invalid_config')
    expect(await register(link, 6)).toBe(6)
    expect(simulator.requests).toBe(1)
  })
})
