import { createServer } from 'node:net'
import { silentLogger, type Logger } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cleanUp,
  connect,
  listening,
  memoryOf,
  protocolOf,
  signal,
  visitor,
} from '../driver.suite.ts'
import { modbusDriver } from '../driver.ts'
import type { ModbusLink } from '../link/link.ts'
import { connectTcp } from '../link/tcp-link.ts'
import { createBank, serveTcp, type SimulatedRequest } from '../simulator/index.ts'
import { serverIdIn } from './identification.ts'
import { identify, type IdentifyOptions } from './identify.ts'

const options: IdentifyOptions = { timeoutMs: 5000, signal }

async function linkTo(port: number): Promise<ModbusLink> {
  const link = await connectTcp({ host: '127.0.0.1', port, connectTimeoutMs: 5000 }, signal)
  cleanUp.push(() => link.close())
  return link
}

async function simulated() {
  const bank = createBank()
  const asked: SimulatedRequest[] = []
  const simulator = await serveTcp(bank, { faults: (request) => void asked.push(request) })
  cleanUp.push(() => simulator.close())
  return { bank, asked, simulator, link: await linkTo(simulator.port) }
}

/** A device that answers each PDU with what it likes; nothing, or by hanging up. */
async function odd(answer: (pdu: Buffer) => readonly number[] | 'silence' | 'hang up') {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (frame) => {
      const pdu = frame.subarray(7)
      asked.push(pdu.toString('hex'))
      const said = answer(pdu)
      if (said === 'hang up') socket.destroy()
      if (typeof said === 'string') return
      const head = Buffer.from([...frame.subarray(0, 4), 0, 1 + said.length, frame[6] ?? 0])
      socket.write(Buffer.concat([head, Buffer.from(said)]))
    })
    cleanUp.push(async () => void socket.destroy())
  })
  const port = await listening(server)
  cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
  return { asked, port, link: await linkTo(port) }
}

const text = (value: string) => [value.length, ...Buffer.from(value)]
/** An answer to 43/14. */
const list = (
  { level = 1, conformity = 0x83, more = 0, next = 0, count = 0 },
  objects: readonly (readonly [number, string])[],
) => [
  ...[43, 14, level, conformity, more, next, count === 0 ? objects.length : count],
  ...objects.flatMap(([id, value]) => [id, ...text(value)]),
]
const refusal = (pdu: Buffer, code: number) => [(pdu[0] ?? 0) | 0x80, code]

describe('a device that knows what it is', () => {
  it('tells all of it in one request of each function', async () => {
    const { bank, link, asked } = await simulated()
    bank.identify({
      objects: new Map([
        [0, 'ACME'],
        [1, 'P-7'],
        [2, '1.2.3'],
        [3, 'http://192.0.2.1'],
        [4, 'Pump'],
        [5, 'P7 süd'],
        [6, 'water'],
        [7, 'reserved'],
        [0x80, 'private'],
      ]),
      serverId: 'Pump seven',
      running: false,
    })
    expect(await identify(link, 1, options)).toEqual({
      vendor: 'ACME',
      product: 'P-7',
      revision: '1.2.3',
      url: 'http://192.0.2.1',
      productName: 'Pump',
      model: 'P7 süd',
      application: 'water',
      objects: { '0x07': 'reserved', '0x80': 'private' },
      serverId: 'Pump seven',
      serverIdHex: Buffer.from('Pump seven\0').toString('hex'),
      running: false,
    })
    expect(asked.map(({ functionCode }) => functionCode)).toEqual([43, 17])
    const basic = await identify(link, 1, { ...options, level: 'basic' })
    expect(basic).toMatchObject({ vendor: 'ACME', serverId: 'Pump seven' })
    expect(basic).not.toHaveProperty('url')
    expect(await identify(link, 1, { ...options, level: 'regular' })).toMatchObject({
      objects: { '0x07': 'reserved' },
    })
  })
  it('tells it in as many answers as it takes', async () => {
    const { bank, link } = await simulated()
    const anyText = fc.string({ maxLength: 60 }).map((raw) => raw.replaceAll(/\s/g, '_'))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.integer({ min: 7, max: 255 }), anyText), {
          selector: ([id]) => id,
          maxLength: 60,
        }),
        async (others) => {
          const basic = [0, 1, 2].map((id) => [id, `object ${id}`] as const)
          bank.identify({ objects: new Map([...basic, ...others]) })
          const { objects = {}, ...rest } = await identify(link, 1, options)
          expect(rest).toEqual({ vendor: 'object 0', product: 'object 1', revision: 'object 2' })
          const told = others.filter(([, value]) => value !== '')
          expect(Object.entries(objects).map(([id, value]) => [Number(id), value])).toEqual(
            told.sort(([a], [b]) => a - b),
          )
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a device that knows less', () => {
  it('tells that or nothing', async () => {
    const { bank, link } = await simulated()
    expect(await identify(link, 1, options)).toEqual({})
    bank.identify({ serverId: 0x2a })
    expect(await identify(link, 1, options)).toEqual({ serverIdHex: '2aff', running: true })
    bank.identify({ objects: new Map([[0, 'ACME']]) })
    expect(await identify(link, 1, options)).toEqual({ vendor: 'ACME' })
    bank.allow([3, 4])
    expect(await identify(link, 1, options)).toEqual({})
  })
  it('may ignore the functions', async () => {
    const { link, asked } = await odd(() => 'silence')
    expect(await identify(link, 1, { ...options, timeoutMs: 40 })).toEqual({})
    expect(asked).toEqual(['2b0e0300', '11'])
  })
  it('is asked for lower levels where it refuses the higher ones', async () => {
    const { link, asked } = await odd((pdu) => {
      if (pdu[0] === 17) return refusal(pdu, 1)
      return pdu[2] === 1 ? list({}, [[0, 'ACME']]) : refusal(pdu, pdu[2] === 3 ? 3 : 2)
    })
    expect(await identify(link, 1, options)).toEqual({ vendor: 'ACME' })
    expect(asked).toEqual(['2b0e0300', '2b0e0200', '2b0e0100', '11'])
  })
  it('is believed whatever it says of its conformity', async () => {
    for (const conformity of [0, 1, 0x81, 0x83, 0x7f, 0xff]) {
      const { link } = await odd((pdu) =>
        pdu[0] === 17 ? refusal(pdu, 1) : list({ level: pdu[2] ?? 0, conformity }, [[5, 'M']]),
      )
      expect(await identify(link, 1, options)).toEqual({ model: 'M' })
    }
  })
  it('may answer a stream with that level alone', async () => {
    const objects = [[[0, 'ACME']], [[4, 'Pump']], [[0x90, 'more']]] as const
    const { link } = await odd((pdu) => {
      const level = pdu[2] ?? 1
      return pdu[0] === 17 ? refusal(pdu, 1) : list({ level }, objects[level - 1] ?? [])
    })
    expect(await identify(link, 1, options)).toEqual({
      vendor: 'ACME',
      productName: 'Pump',
      objects: { '0x90': 'more' },
    })
  })
  it('may count the objects of all its answers together', async () => {
    const { link } = await odd((pdu) => {
      if (pdu[0] === 17) return refusal(pdu, 1)
      return pdu[3] === 0
        ? list({ more: 0xff, next: 2, count: 3 }, [
            [0, 'ACME'],
            [1, 'P'],
          ])
        : list({ count: 3 }, [[2, '1.0']])
    })
    expect(await identify(link, 1, options)).toEqual({
      vendor: 'ACME',
      product: 'P',
      revision: '1.0',
    })
  })
})

describe('a device that never comes to an end', () => {
  it.each<[string, (object: number) => number]>([
    ['repeats itself', () => 0],
    ['stays where it is', (object) => object],
    ['goes in a circle', (object) => (object === 0 ? 2 : 1)],
    ['climbs to the top', (object) => Math.min(255, object + 1)],
  ])('%s', async (_, nextOf) => {
    const { link, asked } = await odd((pdu) => {
      if (pdu[0] === 17) return refusal(pdu, 1)
      const object = pdu[3] ?? 0
      return list({ more: 0xff, next: nextOf(object) }, [[object, `object ${object}`]])
    })
    expect(await identify(link, 1, options)).toMatchObject({ vendor: 'object 0', incomplete: true })
    expect(asked.length).toBeLessThanOrEqual(65)
    expect(asked.at(-1)).toBe('11')
  })
  it('falls silent in the middle', async () => {
    const { link, asked } = await odd((pdu) => {
      if (pdu[0] === 17) return [17, 2, 7, 0xff]
      return pdu[3] === 0 ? list({ more: 1, next: 1 }, [[0, 'ACME']]) : 'silence'
    })
    expect(await identify(link, 1, { ...options, timeoutMs: 60 })).toEqual({
      vendor: 'ACME',
      incomplete: true,
      serverIdHex: '07ff',
      running: true,
    })
    expect(asked).toEqual(['2b0e0300', '2b0e0301', '11'])
  })
})

describe('what ends the question', () => {
  it('is the end of the link', async () => {
    for (const [answer, code] of [
      ['hang up', 'unreachable'],
      [[43, 14, 1, 1, 0, 0, 1, 0, 99, 65], 'bad_data'],
    ] as const) {
      const { link } = await odd(() => answer)
      await expect(identify(link, 1, options)).rejects.toMatchObject({ code })
    }
  })
  it('is its signal', async () => {
    const stop = new AbortController()
    const { link } = await odd(() => {
      stop.abort()
      return 'silence'
    })
    await expect(identify(link, 1, { ...options, signal: stop.signal })).rejects.toMatchObject({
      code: 'canceled',
    })
  })
})

it.each([
  ['', {}],
  ['2aff', { serverIdHex: '2aff', running: true }],
  ['2a00', { serverIdHex: '2a00', running: false }],
  ['2a', { serverIdHex: '2a' }],
  ['ff', { serverIdHex: 'ff' }],
  ['11ff50756d702037', { serverId: 'Pump 7', serverIdHex: '11ff50756d702037', running: true }],
  ['50756d702037ff', { serverId: 'Pump 7', serverIdHex: '50756d702037ff', running: true }],
  ['50756d702037', { serverId: 'Pump 7', serverIdHex: '50756d702037' }],
  [
    '0100034142000002434400',
    { serverId: 'AB CD', serverIdHex: '0100034142000002434400', running: false },
  ],
])('the server id %s is read', (hex, expected) => {
  expect(serverIdIn(Buffer.from(hex, 'hex'))).toEqual(expected)
})

describe('the driver', () => {
  const logged = () => {
    const lines: (readonly [object, string])[] = []
    const info = (fields: object | string, message = '') =>
      void (typeof fields === 'object' && lines.push([fields, message]))
    const logger: Logger = { ...silentLogger, info }
    return { lines, logger }
  }
  it('logs once what a device is, after it was read, and not again after a reconnect', async () => {
    const { bank, simulator, asked } = await simulated()
    bank.identify({ objects: new Map([[0, 'ACME']]), serverId: 7 })
    const { lines, logger } = logged()
    const memory = memoryOf()
    const protocol = protocolOf(simulator.port, { identify: true })
    bank.hole('holding', 0, 0)
    for (let round = 0; round < 2; round++) {
      const connection = await modbusDriver.connect(
        protocol,
        connectContext({ signal, logger, memory }),
      )
      cleanUp.push(() => connection.close())
      await connection.read(protocol, [visitor(0)], signal)
      if (round === 0) expect(lines).toEqual([])
      for (let again = 0; again < 2; again++) await connection.read(protocol, [visitor(1)], signal)
    }
    expect(lines).toEqual([
      [{ unit: 1, vendor: 'ACME', serverIdHex: '07ff', running: true }, 'what the device is'],
    ])
    const functions = asked.map(({ functionCode }) => functionCode)
    // The device has no other basic objects, so it is asked for them.
    expect(functions.filter((each) => each !== 3)).toEqual([43, 43, 17])
  })
  it('does not ask where it was not told to', async () => {
    const { simulator, asked } = await simulated()
    const protocol = protocolOf(simulator.port)
    const connection = await connect(protocol)
    await connection.read(protocol, [visitor(1)], signal)
    expect(asked.map(({ functionCode }) => functionCode)).toEqual([3])
  })
  it('has its values, and does not ask again, when a device hangs up on the question', async () => {
    const { port, asked } = await odd((pdu) => (pdu[0] === 3 ? [3, 2, 0, 9] : 'hang up'))
    const protocol = protocolOf(port, { identify: true })
    const memory = memoryOf()
    const first = await connect(protocol, memory)
    const nine = [{ ok: true, value: 9 }]
    expect(await first.read(protocol, [visitor(1)], signal)).toEqual(nine)
    await expect(first.read(protocol, [visitor(1)], signal)).rejects.toMatchObject({
      code: 'unreachable',
    })
    const second = await connect(protocol, memory)
    for (let round = 0; round < 2; round++) {
      expect(await second.read(protocol, [visitor(1)], signal)).toEqual(nine)
    }
    expect(asked.filter((pdu) => !pdu.startsWith('03'))).toEqual(['2b0e0200'])
  })
})
