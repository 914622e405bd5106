import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { cleanUp, memoryOf, protocolOf, signal, visitor } from '../driver.suite.ts'
import { connectTcp } from '../link/tcp-link.ts'
import { createBank, serveTcp, type Fault, type SimulatedRequest } from '../simulator/index.ts'
import { lessonsOf } from './lessons.ts'
import { runWrites } from './writer.ts'

const coil = (address: number): ModbusVisitor => visitor(address, { table: 'coil' })

type Writes = readonly (readonly [ModbusVisitor, Value])[]

/** Our simulator, a link to it, and what came over the wire. */
async function together(more: Partial<ModbusProtocol> = {}) {
  const bank = createBank()
  const requests: string[] = []
  let befall: (request: SimulatedRequest) => Fault | undefined = () => undefined
  const simulator = await serveTcp(bank, {
    faults: (request) => {
      const { functionCode, address, count } = request
      // Functions 5, 6, 22 and 23 carry other things where the count of others is.
      const many = [3, 15, 16].includes(functionCode) ? `+${count}` : ''
      requests.push(`${functionCode} ${address}${many}`)
      return befall(request)
    },
  })
  cleanUp.push(() => simulator.close())
  const protocol = protocolOf(simulator.port, more)
  const connect = () =>
    connectTcp({ host: '127.0.0.1', port: simulator.port, connectTimeoutMs: 5000 }, signal)
  let link = await connect()
  cleanUp.push(() => link.close())
  const memory = memoryOf()
  const lessons = lessonsOf(1, memory)
  const run = async (until: AbortSignal, writes: Writes) => {
    const list = writes.map(([visitor, value]) => ({ visitor, value }))
    return (await runWrites(list, protocol, link, until, lessons)).map(shown)
  }
  return {
    bank,
    requests: () => requests.splice(0),
    faults: (script: typeof befall) => (befall = script),
    known: () => [...((memory.get('unit 1 writes') as Set<string> | undefined) ?? [])],
    reconnect: async () => {
      await link.close()
      link = await connect()
    },
    write: (...writes: Writes) => run(signal, writes),
    writeUntil: (until: AbortSignal, ...writes: Writes) => run(until, writes),
  }
}
const shown = (outcome: Outcome<void>) => (outcome.ok ? 'ok' : outcome.error.code)
const words = (bank: Awaited<ReturnType<typeof together>>['bank'], at: number, count: number) => [
  ...bank.view('holding', at, count),
]

describe('writes of one change', () => {
  it('go in one request where they are neighbours, in order', async () => {
    const { bank, write, requests } = await together()
    const outcomes = await write(
      [visitor(10), 1],
      [visitor(11, { type: 'uint32' }), 0x20003],
      [visitor(9), 4],
      [visitor(20), 5],
      [coil(3), true],
      [coil(4), false],
      [visitor(21), 6],
      [visitor(20), 7],
    )
    expect(outcomes).toEqual(Array.from({ length: 8 }, () => 'ok'))
    expect(requests()).toEqual(['16 9+4', '6 20', '15 3+2', '16 20+2'])
    expect(words(bank, 9, 4)).toEqual([4, 1, 2, 3])
    expect(words(bank, 20, 2)).toEqual([7, 6])
    expect([bank.getBit('coil', 3), bank.getBit('coil', 4)]).toEqual([true, false])
  })
  it('take no more registers than the device answers', async () => {
    const { write, requests } = await together({ maxRegistersPerRequest: 2 })
    expect(await write(...[0, 1, 2].map((at) => [visitor(at), at] as const))).toEqual([
      ...['ok', 'ok', 'ok'],
    ])
    expect(requests()).toEqual(['16 0+2', '6 2'])
  })
  it('leave out what cannot be written', async () => {
    const { bank, write, requests } = await together()
    expect(
      await write(
        [visitor(1), 1],
        [visitor(2), 70_000],
        [visitor(3, { table: 'input' }), 1],
        [visitor(4, { type: 'string', length: 124 }), 'a'],
        [visitor(2), 2],
      ),
    ).toEqual(['ok', 'bad_data', 'unsupported', 'unsupported', 'ok'])
    expect(requests()).toEqual(['16 1+2'])
    expect(words(bank, 1, 2)).toEqual([1, 2])
  })
  it.each<[ModbusProtocol['writeFunction'], readonly string[]]>([
    ['auto', ['16 0+2', '6 9', '5 1', '16 20+2']],
    ['single', ['6 0', '6 1', '6 9', '5 1', '16 20+2']],
    ['multiple', ['16 0+2', '16 9+1', '15 1+1', '16 20+2']],
    ['read-write', ['23 0', '23 9', '5 1', '23 20']],
  ])('use the functions that %s asks for', async (writeFunction, expected) => {
    const { bank, write, requests } = await together({ writeFunction })
    const outcomes = await write(
      [visitor(0), 1],
      [visitor(1), 2],
      [visitor(9), 3],
      [coil(1), true],
      [visitor(20, { type: 'int32' }), -2],
    )
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(requests()).toEqual(expected)
    expect([...words(bank, 0, 2), ...words(bank, 9, 1), ...words(bank, 20, 2)]).toEqual([
      ...[1, 2, 3, 0xffff, 0xfffe],
    ])
    expect(bank.getBit('coil', 1)).toBe(true)
  })
})

describe('a request that is refused', () => {
  const five = [10, 11, 12, 13, 14].map((at) => [visitor(at), at] as const)
  it('is divided, and every value has its own outcome', async () => {
    const { bank, write, requests, known } = await together()
    bank.protect('holding', 12, 12)
    expect(await write(...five)).toEqual(['ok', 'ok', 'rejected', 'ok', 'ok'])
    expect(requests()).toEqual(['16 10+5', '6 10', '6 11', '6 12', '6 13', '6 14'])
    expect(words(bank, 10, 5)).toEqual([10, 11, 0, 13, 14])
    // Because of one bad register the good ones are still written together.
    expect(known()).toEqual([])
  })
  it('though each value is accepted, is not tried again', async () => {
    const { write, requests, faults, known } = await together()
    faults(({ functionCode, count }) =>
      functionCode === 16 && count > 2 ? { kind: 'exception', code: 3 } : undefined,
    )
    expect(new Set(await write(...five))).toEqual(new Set(['ok']))
    expect(requests()).toHaveLength(6)
    expect(known()).toEqual(['apart whole'])
    expect(new Set(await write(...five))).toEqual(new Set(['ok']))
    expect(requests()).toEqual(['6 10', '6 11', '6 12', '6 13', '6 14'])
  })
  it('because the function is unknown, is not tried again', async () => {
    const { bank, write, requests } = await together()
    bank.allow([3, 5, 6])
    bank.protect('holding', 12, 12)
    const coils = [coil(0), coil(1)].map((each) => [each, true] as const)
    for (const first of [['16 10+5'], []]) {
      expect(await write(...five)).toEqual(['ok', 'ok', 'rejected', 'ok', 'ok'])
      expect(requests()).toEqual([...first, '6 10', '6 11', '6 12', '6 13', '6 14'])
    }
    for (const first of [['15 0+2'], []]) {
      expect(await write(...coils)).toEqual(['ok', 'ok'])
      expect(requests()).toEqual([...first, '5 0', '5 1'])
    }
  })
  it.each([5, 6, 10, 11])('with exception %i is not divided', async (code) => {
    const { write, requests, faults } = await together()
    faults(() => ({ kind: 'exception', code }))
    const outcomes = await write(...five)
    expect(new Set(outcomes).size).toBe(1)
    expect(outcomes).not.toContain('ok')
    expect(requests()).toEqual(['16 10+5'])
  })
  it.each([1, 2, 3, 4, 7, 99])('with exception %i is divided', async (code) => {
    const { write, requests, faults } = await together()
    faults(({ functionCode }) => (functionCode === 16 ? { kind: 'exception', code } : undefined))
    expect(new Set(await write(...five))).toEqual(new Set(['ok']))
    expect(requests()).toHaveLength(6)
  })
})

describe('a function that the device does not know', () => {
  it.each<[readonly number[], readonly string[], readonly string[]]>([
    [
      [15, 16],
      ['6 5', '16 5+1', '5 7', '15 7+1'],
      ['16 5+1', '15 7+1'],
    ],
    [
      [5, 6, 15, 16],
      ['6 5', '5 7'],
      ['6 5', '5 7'],
    ],
    [
      [5, 16],
      ['6 5', '16 5+1', '5 7'],
      ['16 5+1', '5 7'],
    ],
  ])('is replaced where it knows %j, and remembered', async (functions, first, second) => {
    const { bank, write, requests } = await together()
    bank.allow(functions)
    for (const expected of [first, second]) {
      expect(await write([visitor(5), 8], [coil(7), true])).toEqual(['ok', 'ok'])
      expect(requests()).toEqual(expected)
    }
    expect([bank.getRegister('holding', 5), bank.getBit('coil', 7)]).toEqual([8, true])
  })
  it('is not held against a device that refuses all writing for a while', async () => {
    const { bank, write, requests, known } = await together()
    bank.allow([])
    expect(await write([visitor(5), 8])).toEqual(['rejected'])
    expect(requests()).toEqual(['6 5', '16 5+1'])
    expect(known()).toEqual([])
  })
  it('is asked again when its replacement is not known any more', async () => {
    const { bank, write, requests, known } = await together()
    bank.allow([16])
    await write([visitor(5), 1])
    bank.allow([6])
    requests()
    expect(await write([visitor(5), 2])).toEqual(['ok'])
    expect(requests()).toEqual(['16 5+1', '6 5'])
    expect(known()).toEqual([])
  })
  it('is not replaced where one was asked for', async () => {
    for (const [writeFunction, functions] of [
      ['single', [16]],
      ['multiple', [6]],
      ['read-write', [6, 16]],
    ] as const) {
      const { bank, write, requests } = await together({ writeFunction })
      bank.allow(functions)
      expect(await write([visitor(5), 1])).toEqual(['rejected'])
      expect(requests()).toHaveLength(1)
    }
  })
})

describe('a write whose fate is unknown', () => {
  it('is not sent again, and nothing after it', async () => {
    const { write, requests, faults, bank, reconnect } = await together({ timeoutMs: 80 })
    faults(({ functionCode }) => (functionCode === 16 ? { kind: 'silent' } : undefined))
    const change = [
      [visitor(1), 1],
      [visitor(4), 2],
      [visitor(5), 3],
      [visitor(9), 4],
      [coil(1), true],
    ] as const
    expect(await write(...change)).toEqual(['ok', 'timeout', 'timeout', 'timeout', 'timeout'])
    expect(requests()).toEqual(['6 1', '16 4+2'])
    expect(words(bank, 4, 2)).toEqual([2, 3])
    await reconnect()
    faults(() => ({ kind: 'rst' }))
    await expect(write([visitor(1), 1], [visitor(3), 1])).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(requests()).toEqual(['6 1'])
  })
  it('is sent at most once a change, whatever befalls', async () => {
    const { write, requests, faults, reconnect } = await together({ timeoutMs: 60 })
    const kinds = ['silent', 'rst', 'fin', 'wrong-id', 'wrong-unit', 'truncated'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(12), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...kinds),
        fc.nat(4),
        async (addresses, kind, at) => {
          await reconnect()
          requests()
          let count = 0
          faults(() => (count++ === at ? { kind } : undefined))
          await write(...addresses.map((one) => [visitor(one), 1] as const)).catch(
            (thrown: unknown) => expect(thrown).toBeInstanceOf(MapperError),
          )
          // Once something went wrong nothing more is sent.
          expect(requests().length).toBeLessThanOrEqual(at + 1)
        },
      ),
      { numRuns: 30 },
    )
  })
  it('is told of when the signal ends it', async () => {
    const stop = new AbortController()
    const { writeUntil, requests, faults } = await together()
    faults(() => {
      stop.abort()
      return { kind: 'silent' }
    })
    const writes = [
      [visitor(1), 1],
      [visitor(3), 1],
    ] as const
    expect(await writeUntil(stop.signal, ...writes)).toEqual(['canceled', 'canceled'])
    expect(requests()).toEqual(['6 1'])
  })
})

describe('bits of a register', () => {
  const bit = (address: number, bit: number, more: Partial<ModbusVisitor> = {}) =>
    visitor(address, { type: 'bool', bit, ...more })
  const four = [
    [bit(5, 0), true],
    [bit(5, 15), false],
    [bit(5, 3, { byteOrder: 'little' }), true],
    [bit(6, 1), true],
  ] as const

  it.each<[ModbusProtocol['writeBits'], readonly number[], readonly string[], readonly string[]]>([
    ['auto', [3, 6, 22], ['22 5', '22 6'], ['22 5', '22 6']],
    ['auto', [3, 6], ['22 5', '3 5+1', '6 5', '3 6+1', '6 6'], ['3 5+1', '6 5', '3 6+1', '6 6']],
    [
      'auto',
      [3, 16],
      ['22 5', '3 5+1', '6 5', '16 5+1', '3 6+1', '16 6+1'],
      ['3 5+1', '16 5+1', '3 6+1', '16 6+1'],
    ],
    ['rewrite', [3, 6, 22], ['3 5+1', '6 5', '3 6+1', '6 6'], ['3 5+1', '6 5', '3 6+1', '6 6']],
    ['mask', [22], ['22 5', '22 6'], ['22 5', '22 6']],
  ])('are written (%s, functions %j)', async (writeBits, functions, first, second) => {
    const { bank, write, requests } = await together({ writeBits })
    bank.allow(functions)
    for (const expected of [first, second]) {
      bank.setRegister('holding', 5, [0x87f0, 0x0f00])
      expect(await write(...four)).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(requests()).toEqual(expected)
      expect(words(bank, 5, 2)).toEqual([0x0ff1, 0x0f02])
    }
  })
  it('are rewritten from the second time on where the device ignores function 22', async () => {
    const { bank, write, requests, faults, known } = await together({ timeoutMs: 80 })
    faults(({ functionCode }) => (functionCode === 22 ? { kind: 'silent' } : undefined))
    expect(await write([bit(5, 1), true], [bit(6, 1), true])).toEqual(['timeout', 'timeout'])
    expect(requests()).toEqual(['22 5', '3 5+1'])
    expect(known()).toEqual(['no 22'])
    expect(await write([bit(5, 0), true])).toEqual(['ok'])
    expect(requests()).toEqual(['3 5+1', '6 5'])
    // The simulator had understood, and did it late.
    expect(bank.getRegister('holding', 5)).toBe(3)
  })
  it('are rewritten from the third time on where it then ignores everything', async () => {
    const { write, requests, faults, reconnect } = await together({ timeoutMs: 60 })
    let deaf = false
    faults(({ functionCode }) => {
      deaf ||= functionCode === 22
      return deaf ? { kind: 'silent' } : undefined
    })
    for (const expected of [['22 5', '3 5+1'], ['22 5']]) {
      expect(await write([bit(5, 1), true])).toEqual(['timeout'])
      expect(requests()).toEqual(expected)
      await reconnect()
      deaf = false
    }
    expect(await write([bit(5, 1), true])).toEqual(['ok'])
    expect(requests()).toEqual(['3 5+1', '6 5'])
  })
  it('are still masked where it knew function 22, or where it is not there at all', async () => {
    const { write, requests, faults, known } = await together({ timeoutMs: 60 })
    faults(() => ({ kind: 'silent' }))
    expect(await write([bit(5, 1), true])).toEqual(['timeout'])
    expect(known()).toEqual(['silent 22'])
    faults(() => undefined)
    expect(await write([bit(5, 1), true])).toEqual(['ok'])
    faults(({ functionCode }) => (functionCode === 22 ? { kind: 'silent' } : undefined))
    expect(await write([bit(5, 1), true])).toEqual(['timeout'])
    expect(known()).toEqual(['silent 22', 'knows 22'])
    expect(requests()).toEqual(['22 5', '3 5+1', '22 5', '22 5'])
  })
  it('are refused where no way is left, and nothing is written', async () => {
    for (const [writeBits, functions] of [
      ['mask', [3, 6, 16]],
      ['rewrite', [6, 16, 22]],
      ['auto', [3]],
    ] as const) {
      const { bank, write } = await together({ writeBits })
      bank.allow(functions)
      expect(await write([bit(5, 1), true])).toEqual(['rejected'])
      expect(bank.getRegister('holding', 5)).toBe(0)
    }
  })
  it('are not written when the register could not be read, and not twice', async () => {
    const { bank, write, requests, faults } = await together({
      writeBits: 'rewrite',
      timeoutMs: 60,
    })
    bank.hole('holding', 5, 5)
    expect(await write([bit(5, 1), true], [bit(7, 1), true])).toEqual(['rejected', 'ok'])
    expect(requests()).toEqual(['3 5+1', '3 7+1', '6 7'])
    faults(({ functionCode }) => (functionCode === 6 ? { kind: 'silent' } : undefined))
    expect(await write([bit(7, 2), true], [bit(8, 1), true])).toEqual(['timeout', 'timeout'])
    expect(requests()).toEqual(['3 7+1', '6 7'])
  })
})

describe('parts of registers', () => {
  const wide = visitor(5, { type: 'uint32', mask: '0x00FFFF00' })
  it('that reach over two registers are written in one request, if not masked', async () => {
    for (const [writeBits, expected] of [
      ['auto', ['3 5+2', '16 5+2']],
      ['rewrite', ['3 5+2', '16 5+2']],
      ['mask', ['22 5', '22 6']],
    ] as const) {
      const { bank, write, requests } = await together({ writeBits })
      bank.setRegister('holding', 5, [0xaabb, 0xccdd])
      expect(await write([wide, 0x00123400])).toEqual(['ok'])
      expect(requests()).toEqual(expected)
      expect(words(bank, 5, 2)).toEqual([0xaa12, 0x34dd])
    }
  })
  it('may be bytes and ranges of bits, several of one register in one request', async () => {
    const { bank, write, requests } = await together()
    bank.setRegister('holding', 5, 0xffff)
    expect(
      await write(
        [visitor(5, { type: 'uint8', byte: 'high' }), 0x12],
        [visitor(5, { type: 'uint16', bits: '4-7' }), 3],
        [visitor(5, { type: 'bool', bit: 0 }), false],
      ),
    ).toEqual(['ok', 'ok', 'ok'])
    expect(requests()).toEqual(['22 5'])
    expect(words(bank, 5, 1)).toEqual([0x123e])
  })
})

describe('a value with a scale factor', () => {
  const scaled = (address: number) => visitor(address, { type: 'int16', scaleFactorAddress: 90 })
  it('is written by the factor that the device has now, read once a change', async () => {
    const { bank, write, requests } = await together()
    for (const [factor, raw] of [
      [-1, 125],
      [0, 12],
    ] as const) {
      bank.setRegister('holding', 90, factor)
      const value = raw * 10 ** factor
      expect(await write([scaled(5), value], [visitor(9), 1], [scaled(6), value])).toEqual([
        ...['ok', 'ok', 'ok'],
      ])
      expect(requests()).toEqual(['3 90+1', '6 5', '6 9', '6 6'])
      expect(words(bank, 5, 2)).toEqual([raw, raw])
    }
  })
  it('is not written by a factor that is none', async () => {
    const { bank, write, requests } = await together()
    for (const [factor, code] of [
      [-0x8000, 'unsupported'],
      [77, 'bad_data'],
    ] as const) {
      bank.setRegister('holding', 90, factor)
      expect(await write([scaled(5), 1], [visitor(9), 1])).toEqual([code, 'ok'])
      expect(requests()).toEqual(['3 90+1', '6 9'])
    }
    bank.hole('holding', 90, 90)
    expect(await write([scaled(5), 1], [visitor(9), 1])).toEqual(['rejected', 'ok'])
    expect(requests()).toEqual(['3 90+1', '6 9'])
  })
  it('nor, like all that is with it, when the device is silent', async () => {
    const { write, requests, faults } = await together({ timeoutMs: 60 })
    faults(() => ({ kind: 'silent' }))
    expect(await write([visitor(9), 1], [scaled(5), 1], [scaled(6), 1])).toEqual([
      ...['timeout', 'timeout', 'timeout'],
    ])
    expect(requests()).toEqual(['3 90+1'])
  })
})

it('any list of writes ends as if written one by one, over a real connection', async () => {
  const { bank, write, requests } = await together()
  const anyWrite = fc.oneof(
    fc.tuple(
      fc.nat(20).map((at) => visitor(at)),
      fc.nat(0xffff),
    ),
    fc.tuple(
      fc.nat(20).map((at) => visitor(at, { type: 'uint32' })),
      fc.nat(0xffffffff),
    ),
    fc.tuple(fc.nat(20).map(coil), fc.boolean()),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(anyWrite, { maxLength: 30 }), async (writes) => {
      const registers = words(bank, 0, 22)
      const coils = [...bank.view('coil', 0, 22)]
      for (const [{ table, address, type }, value] of writes) {
        if (table === 'coil') coils[Number(address)] = Number(value)
        else if (type === 'uint32') {
          registers.splice(Number(address), 2, Number(value) >>> 16, Number(value) & 0xffff)
        } else registers[Number(address)] = Number(value)
      }
      expect(await write(...writes)).toEqual(writes.map(() => 'ok'))
      expect(words(bank, 0, 22)).toEqual(registers)
      expect([...bank.view('coil', 0, 22)]).toEqual(coils)
      expect(requests().length).toBeLessThanOrEqual(writes.length)
    }),
    { numRuns: 150 },
  )
})
