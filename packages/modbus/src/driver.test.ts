import { createServer } from 'node:net'
import { createResolver } from '@mapper-sdk/core'
import fc from 'fast-check'
import { ServerTCP, type IServiceVector } from 'modbus-serial'
import { describe, expect, it } from 'vitest'
import type { ModbusProtocol } from './config/protocol.ts'
import { modbusDriver } from './driver.ts'
import {
  cleanUp,
  connect,
  listening,
  memoryOf,
  protocolOf,
  registers,
  shown,
  signal,
  visitor,
} from './driver.suite.ts'

interface Bank {
  /** What a read of the range is answered with: values, an exception code, or nothing at all. */
  answer(unit: number, address: number, count: number): number[] | { exception: number } | 'silence'
  write?(address: number, values: readonly number[]): void
}

/** A modbus-serial server over a bank, with a list of all ranges that were asked for. */
async function startServer(bank: Bank) {
  const asked: string[] = []
  const written: string[] = []
  type Back = (error: Error | null, values: number[]) => void
  const read = (address: number, count: number, unit: number, back: Back) => {
    asked.push(`${address}+${count}`)
    const answer = bank.answer(unit, address, count)
    if (answer === 'silence') return
    if (Array.isArray(answer)) back(null, answer)
    else back(Object.assign(new Error('refused'), { modbusErrorCode: answer.exception }), [])
  }
  const vector: IServiceVector = {
    getMultipleHoldingRegisters: read,
    getHoldingRegister: (
      address: number,
      unit: number,
      back: (error: Error | null, value: number) => void,
    ) => read(address, 1, unit, (error, [value = 0]) => back(error, value)),
    setRegister: (address: number, value: number) => {
      written.push(`6 ${address}=${value}`)
      bank.write?.(address, [value])
    },
    setRegisterArray: (address: number, values: number[]) => {
      written.push(`16 ${address}=${values.join()}`)
    },
    setCoil: (address: number, value: boolean) => {
      written.push(`5 ${address}=${value}`)
    },
  }
  // It takes port 0 for its default, so a free one has to be found for it.
  const probe = createServer()
  const port = await listening(probe)
  await new Promise((resolve) => probe.close(resolve))
  const server = new ServerTCP(vector, { host: '127.0.0.1', port })
  server.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.on('initialized', () => resolve())
    server.on('serverError', (error) => reject(error ?? new Error('no server')))
  })
  cleanUp.push(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const take = (list: string[]) => list.splice(0)
  const drop = () => server.socks.forEach((_, socket) => socket.destroy())
  return { port, asked: () => take(asked), written: () => take(written), drop }
}

const count = (address: number, length: number) =>
  Array.from({ length }, (_, index) => address + index)
/** Registers that hold their own address. */
const addresses: Bank = { answer: (_, address, length) => count(address, length) }

describe('requests', () => {
  it('come from the plan, also when many are on the way at once', async () => {
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port, { maxInFlight: 8 })
    const connection = await connect(protocol)
    const wanted = [...count(0, 300), 1000, 1010, 1010, 2000]
    const visitors = registers(...wanted)
    for (let round = 0; round < 3; round++) {
      expect(shown(await connection.read(protocol, visitors, signal))).toEqual(wanted)
      expect(server.asked().sort()).toEqual(
        ['0+50', '1000+11', '175+125', '2000+1', '50+125'].sort(),
      )
    }
  })

  it('find the value that was asked for, on any map', async () => {
    const server = await startServer(addresses)
    const memory = memoryOf()
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol, memory)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(600), { maxLength: 60 }),
        fc.nat(124),
        fc.integer({ min: 1, max: 125 }),
        async (wanted, maxGap, maxRegistersPerRequest) => {
          const theirs = { ...protocol, maxGap, maxRegistersPerRequest }
          const outcomes = await connection.read(theirs, registers(...wanted), signal)
          expect(shown(outcomes)).toEqual(wanted)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('share one connection key however the host is spelt', () => {
    const key = (more: Partial<ModbusProtocol>) => modbusDriver.connectionKey(protocolOf(502, more))
    expect(key({ host: 'PLC.example' })).toBe(key({ host: 'plc.example', unit: 7 }))
    expect(key({ transport: 'rtu', path: '/dev/ttyS0' })).toBe('/dev/ttyS0')
    expect(() => key({ transport: 'rtu' })).toThrow(/path: missing/)
  })
})

describe('an exception', () => {
  it.each([
    [1, 'rejected', 'illegal function'],
    [2, 'rejected', 'illegal data address'],
    [3, 'rejected', 'illegal data value'],
    [4, 'rejected', 'server device failure'],
    [5, 'rejected', 'acknowledge, still working on it'],
    [6, 'rejected', 'server device busy'],
    [7, 'rejected', 'negative acknowledge'],
    [8, 'rejected', 'memory parity error'],
    [10, 'unreachable', 'gateway path unavailable'],
    [11, 'timeout', 'gateway target device failed to respond'],
  ])('%d is %s: %s', async (exception, code, text) => {
    const server = await startServer({ answer: () => ({ exception }) })
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const outcomes = await connection.read(protocol, registers(0, 1, 500), signal)
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ ok: false, error: { code } })
      expect(outcome).toHaveProperty('error.detail', expect.stringContaining(text))
    }
    // Whoever is absent behind the gateway is not asked again; whoever refuses is, and in halves if
    // the range may be the reason.
    const isAboutRange = exception >= 2 && exception <= 4
    expect(server.asked()).toHaveLength(isAboutRange ? 4 : exception < 10 ? 2 : 1)
  })
})

describe('silence', () => {
  it('of one unit fails all its readings after one wait; the others share on', async () => {
    const server = await startServer({
      answer: (unit, address, length) => (unit === 2 ? 'silence' : count(address, length)),
    })
    const protocol = protocolOf(server.port, { timeoutMs: 50 })
    const silent = { ...protocol, unit: 2 }
    const connection = await connect(protocol)
    const outcomes = await connection.read(silent, registers(0, 200, 400, 600), signal)
    expect(shown(outcomes)).toEqual(['timeout', 'timeout', 'timeout', 'timeout'])
    expect(server.asked()).toHaveLength(1)
    const patient = { ...protocol, timeoutMs: 5000 }
    expect(shown(await connection.read(patient, registers(7, 300), signal))).toEqual([7, 300])
  })

  it('of a unit that was silent before is waited for only as long as answers take here', async () => {
    const server = await startServer({
      answer: (unit, address, length) => (unit === 2 ? 'silence' : count(address, length)),
    })
    const protocol = protocolOf(server.port, { timeoutMs: 2000 })
    const connection = await connect(protocol)
    const why = async (unit: number) => {
      const [outcome] = await connection.read({ ...protocol, unit }, registers(0), signal)
      return outcome?.ok === false ? outcome.error.detail : 'ok'
    }
    expect(await why(1)).toBe('ok')
    expect(await why(2)).toContain('did not answer in 2000 ms')
    expect(await why(1)).toBe('ok')
    expect(await why(2)).not.toContain('in 2000 ms')
  })

  it('on one range holds the others up only once', async () => {
    const server = await startServer({
      answer: (_, address, length) => (address === 0 ? 'silence' : count(address, length)),
    })
    const protocol = protocolOf(server.port, { timeoutMs: 300 })
    const connection = await connect(protocol)
    const visitors = registers(0, 200, 400)
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual([
      'timeout',
      'timeout',
      'timeout',
    ])
    for (let round = 0; round < 2; round++) {
      expect(shown(await connection.read(protocol, visitors, signal))).toEqual([
        'timeout',
        200,
        400,
      ])
    }
  })

  it('ends with the signal', async () => {
    const server = await startServer({ answer: () => 'silence' })
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const stop = new AbortController()
    const reading = connection.read(protocol, registers(0, 200), stop.signal)
    stop.abort()
    expect(shown(await reading)).toEqual(['canceled', 'canceled'])
  })

  it('of a connection that breaks keeps what was read, and throws next time', async () => {
    let drop = () => undefined as void
    const server = await startServer({
      answer: (_, address, length) => {
        if (address < 200) return count(address, length)
        drop()
        return 'silence'
      },
    })
    drop = server.drop
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const outcomes = await connection.read(protocol, registers(0, 200, 400), signal)
    expect(shown(outcomes)).toEqual([0, 'unreachable', 'unreachable'])
    await expect(connection.read(protocol, registers(0), signal)).rejects.toMatchObject({
      code: 'unreachable',
    })
    const again = await connect(protocol)
    await expect(again.read(protocol, registers(300, 0), signal)).resolves.toMatchObject([
      { ok: false, error: { code: 'unreachable' } },
      { ok: true, value: 0 },
    ])
    const third = await connect(protocol)
    await expect(third.read(protocol, registers(300), signal)).rejects.toMatchObject({
      code: 'unreachable',
    })
  })

  it('of a connection that is gone is a throw', async () => {
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    expect(shown(await connection.read(protocol, registers(0), signal))).toEqual([0])
    await connection.close()
    await connection.close()
    await expect(connection.read(protocol, registers(0), signal)).rejects.toMatchObject({
      name: 'MapperError',
    })
    await expect(
      connection.write(protocol, [{ visitor: visitor(0), value: 1 }], signal),
    ).rejects.toMatchObject({ name: 'MapperError' })
  })
})

describe('writing', () => {
  it('takes function 5 or 6 for one, 16 for more and for neighbours, in order', async () => {
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const outcomes = await connection.write(
      protocol,
      [
        { visitor: visitor(4), value: 7 },
        { visitor: visitor(8, { type: 'uint32' }), value: 65_537 },
        { visitor: visitor(2, { table: 'coil' }), value: true },
        { visitor: visitor(5, { table: 'coil', type: 'uint16' }), value: 0 },
        { visitor: visitor(4), value: 8 },
        { visitor: visitor(5), value: 9 },
      ],
      signal,
    )
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(server.written()).toEqual(['6 4=7', '16 8=1,1', '5 2=true', '5 5=false', '16 4=8,9'])
  })

  it('refuses what cannot be written, and writes the rest', async () => {
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const outcomes = await connection.write(
      protocol,
      [
        { visitor: visitor(1), value: 70_000 },
        { visitor: visitor(1), value: 1.5 },
        { visitor: visitor(1, { table: 'input' }), value: 1 },
        { visitor: visitor(1, { table: 'discrete' }), value: true },
        { visitor: visitor(1, { type: 'string', length: 124 }), value: 'a' },
        { visitor: visitor(9), value: 1 },
      ],
      signal,
    )
    expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code))).toEqual([
      'bad_data',
      'bad_data',
      'unsupported',
      'unsupported',
      'unsupported',
      'ok',
    ])
    expect(server.written()).toEqual(['6 9=1'])
  })

  it('changes bits without function 22 where it has to, and remembers that over a reconnect', async () => {
    // Every register holds its own address there.
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port)
    const memory = memoryOf()
    for (const bit of [3, 0]) {
      const connection = await connect(protocol, memory)
      const write = { visitor: visitor(20, { type: 'bool', bit }), value: true }
      expect(await connection.write(protocol, [write], signal)).toMatchObject([{ ok: true }])
      expect(server.written()).toEqual([`6 20=${20 | (1 << bit)}`])
      expect(server.asked()).toEqual(['20+1'])
      expect(memory.get('unit 1 writes')).toEqual(new Set(['no 22']))
    }
  })
})

describe('configuration', () => {
  it('that does not fit together fails its own property, naming the field', async () => {
    const server = await startServer(addresses)
    const protocol = protocolOf(server.port, { maxRegistersPerRequest: 8 })
    const connection = await connect(protocol)
    const outcomes = await connection.read(
      protocol,
      [
        visitor(65_535, { type: 'uint32' }),
        visitor(0, { type: 'string', length: 9 }),
        visitor(0, { type: 'string' }),
        visitor(0, { table: 'coil', type: 'float32' }),
        visitor(0, { table: 'coil', bit: 1 }),
        visitor(0, { type: 'uint16', bit: 1 }),
        visitor(0, { type: 'int32', length: 3 }),
        visitor(5),
      ],
      signal,
    )
    expect(
      outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.detail.split(' ')[0])),
    ).toEqual(['address', 'length', 'length', 'type', 'bit', 'bit', 'length', 5])
  })

  it('passes core from the CR to the driver', () => {
    const resolve = createResolver(modbusDriver)
    const { device, issues } = resolve(
      {
        namespace: 'default',
        name: 'boiler',
        model: 'boiler',
        protocolName: 'modbus',
        protocol: { communicateMode: 'TCP', ip: 'PLC', port: '1502', slaveID: 3 },
        properties: [
          {
            name: 'level',
            desired: '',
            visitor: { register: 'HoldingRegister', offset: 4, limit: 2, scale: 0.1, max: 5 },
            collectCycle: 0,
            reportCycle: 0,
            reportToCloud: true,
          },
        ],
        methods: [],
        stateReport: { toCloud: false, cycleMs: 0 },
      },
      {
        namespace: 'default',
        name: 'boiler',
        properties: [{ name: 'level', type: 'INT', accessMode: 'ReadOnly' }],
      },
    )
    expect(issues).toEqual([])
    expect(device?.connectionKey).toBe('plc:1502')
    expect(device?.protocol).toEqual(
      protocolOf(1502, { host: 'PLC', unit: 3, timeoutMs: 1000, connectTimeoutMs: 3000 }),
    )
    expect(device?.properties[0]).toMatchObject({
      visitor: { table: 'holding', address: 4, type: 'uint32' },
      options: { scale: 0.1 },
    })
  })
})
