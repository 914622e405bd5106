import { connect as dial, createServer } from 'node:net'
import { connectContext } from '@mapper-sdk/core/testing'
import { describe, expect, it } from 'vitest'
import type { ModbusProtocol } from './config/protocol.ts'
import {
  cleanUp,
  connect,
  count,
  listening,
  memoryOf,
  protocolOf,
  registers,
  shown,
  signal,
  startDevice,
  visitor,
} from './driver.suite.ts'
import { modbusDriver } from './driver.ts'
import type { InFlight } from './link/depth.ts'
import type { Fault, TcpSimulatorOptions } from './simulator/index.ts'

/** Ten that no request can join. */
const apart = count(0, 10).map((index) => 200 * index)

async function rig(
  more: Partial<ModbusProtocol> = {},
  options: TcpSimulatorOptions = {},
  fault?: () => Fault | undefined,
) {
  const device = await startDevice(fault, options)
  const protocol = protocolOf(device.port, more)
  const memory = memoryOf()
  let connection = await connect(protocol, memory)
  const visitors = registers(...apart)
  return {
    ...device,
    protocol,
    connection,
    memory,
    depth: () => (memory.get('in flight') as InFlight | undefined)?.depth ?? 1,
    cycle: async () => shown(await connection.read(protocol, visitors, signal)),
    reconnect: async () => {
      await connection.close()
      connection = await connect(protocol, memory)
    },
  }
}

describe('requests in flight', () => {
  it('become more while all goes well: then ten take two round trips at most', async () => {
    const { cycle, simulator, depth } = await rig({}, { delayMs: 50 })
    const seen: number[] = []
    for (let time = 0; time < 5; time++) {
      expect(await cycle()).toEqual(apart)
      seen.push(simulator.mostAtOnce)
    }
    // With eight on the way, ten requests take two round trips; with ten, one.
    expect(seen).toEqual([1, 2, 4, 8, 10])
    expect(depth()).toBe(16)
  })

  it('are never more than maxInFlight, and with 1 it is not even tried', async () => {
    for (const maxInFlight of [1, 3]) {
      const { cycle, simulator, connection } = await rig({ maxInFlight }, { delayMs: 2 })
      for (let time = 0; time < 6; time++) expect(await cycle()).toEqual(apart)
      expect(simulator.mostAtOnce).toBe(maxInFlight)
      expect(connection.parallel).toBe(maxInFlight)
    }
  })

  it('follow the most careful of the devices that share a connection', async () => {
    const { cycle, simulator, connection, protocol } = await rig({}, { delayMs: 2 })
    for (let time = 0; time < 3; time++) await cycle()
    expect([simulator.mostAtOnce, connection.parallel]).toEqual([4, 8])
    await connection.read({ ...protocol, unit: 2, maxInFlight: 2 }, registers(0), signal)
    expect(connection.parallel).toBe(2)
  })

  it('are remembered over a reconnect', async () => {
    const { cycle, simulator, reconnect } = await rig({}, { delayMs: 5 })
    for (let time = 0; time < 4; time++) await cycle()
    await reconnect()
    expect(await cycle()).toEqual(apart)
    expect(simulator.mostAtOnce).toBe(10)
  })

  it('become more also when each device has one request only', async () => {
    const { connection, protocol, simulator, bank } = await rig({}, { delayMs: 5 })
    const visitors = registers(1)
    const units = count(1, 20)
    for (const unit of units) bank.setRegister('holding', 1, 100 + unit, unit)
    // As core does it: as many devices at once as the connection allows.
    for (let round = 0; round < 4; round++) {
      const waiting = units.values()
      const work = async () => {
        for (const unit of waiting) {
          const outcomes = await connection.read({ ...protocol, unit }, visitors, signal)
          expect(shown(outcomes)).toEqual([100 + unit])
        }
      }
      await Promise.all(Array.from({ length: connection.parallel ?? 1 }, work))
    }
    expect(connection.parallel).toBe(16)
    expect(simulator.mostAtOnce).toBe(8)
  })

  it('settle at one for a device that drops what comes while it is at work, and no value is lost', async () => {
    const { cycle, simulator, depth, memory } = await rig(
      { timeoutMs: 1000 },
      { delayMs: 5, dropsPipelined: true },
    )
    for (let time = 0; time < 6; time++) expect(await cycle()).toEqual(apart)
    expect(depth()).toBe(1)
    const before = simulator.requests
    expect(await cycle()).toEqual(apart)
    expect(simulator.requests - before).toBe(10)
    const { notBeforeMs, waitMs } = memory.get('in flight') as InFlight
    expect(notBeforeMs - performance.now()).toBeGreaterThan(500_000)
    expect(waitMs).toBe(1_200_000)
  })

  it('settle at one for a device that hangs up on a second request', async () => {
    // Answers one request; whoever sends two in one segment is cut off.
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        if (chunk.length > 12) return socket.destroy()
        const answer = Buffer.from('0000000000050103020000', 'hex')
        chunk.copy(answer, 0, 0, 2)
        chunk.copy(answer, 9, 8, 10)
        socket.write(answer)
      })
    })
    const port = await listening(server)
    cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
    const protocol = protocolOf(port)
    const memory = memoryOf()
    const visitors = registers(...apart)
    let connection = await connect(protocol, memory)
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(apart)
    await expect(connection.read(protocol, visitors, signal)).rejects.toMatchObject({
      code: 'unreachable',
    })
    connection = await connect(protocol, memory)
    for (let time = 0; time < 5; time++) {
      expect(shown(await connection.read(protocol, visitors, signal))).toEqual(apart)
    }
    expect(memory.get('in flight')).toMatchObject({ depth: 1 })
  })

  it('are not held against a device that is silent on one request by itself', async () => {
    let isSilent = false
    const device = await startDevice(({ address }) =>
      isSilent && address === 400 ? { kind: 'silent' } : undefined,
    )
    const protocol = protocolOf(device.port, { timeoutMs: 500 })
    const memory = memoryOf()
    const connection = await connect(protocol, memory)
    const visitors = registers(...apart)
    for (let time = 0; time < 5; time++) await connection.read(protocol, visitors, signal)
    expect(connection.parallel).toBe(16)
    isSilent = true
    const expected = apart.map((one) => (one === 400 ? 'timeout' : one))
    for (let time = 0; time < 3; time++) {
      expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
      expect(connection.parallel).toBe(16)
    }
    expect(memory.get('in flight')).toMatchObject({ notBeforeMs: -Infinity })
  })

  it('leave a write alone on the way', async () => {
    const together: string[] = []
    const waiting = new Set<string>()
    const server = createServer((socket) => {
      let rest = Buffer.alloc(0)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        rest = Buffer.concat([rest, chunk])
        for (; rest.length >= 12; rest = rest.subarray(12)) {
          const frame = Buffer.from(rest.subarray(0, 12))
          const name = `${frame[7] === 6 ? 'write' : 'read'} ${frame.readUInt16BE(8)}`
          waiting.add(name)
          if ([...waiting].some((one) => one.startsWith('write')) && waiting.size > 1) {
            together.push([...waiting].join())
          }
          setTimeout(() => {
            waiting.delete(name)
            const answer = Buffer.from('0000000000050103020000', 'hex')
            frame.copy(answer, 0, 0, 2)
            frame.copy(answer, 9, 8, 10)
            socket.write(frame[7] === 6 ? frame : answer)
          }, 5)
        }
      })
    })
    const port = await listening(server)
    cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
    const protocol = protocolOf(port)
    const connection = await connect(protocol)
    const visitors = registers(...apart)
    for (let time = 0; time < 4; time++) await connection.read(protocol, visitors, signal)
    const reading = connection.read(protocol, visitors, signal)
    const write = { visitor: visitor(5), value: 7 }
    const written = await connection.write(protocol, [write, write], signal)
    expect(written).toEqual([
      { ok: true, value: undefined },
      { ok: true, value: undefined },
    ])
    expect(shown(await reading)).toEqual(apart)
    expect(together).toEqual([])
  })
})

describe('pauses for slow devices', () => {
  it('requestDelayMs lies between the end of a request and the next', async () => {
    let answeredMs = -Infinity
    let shortest = Infinity
    const device = await startDevice(() => {
      shortest = Math.min(shortest, performance.now() - answeredMs)
      answeredMs = performance.now()
      return undefined
    })
    const protocol = protocolOf(device.port, { requestDelayMs: 30 })
    const connection = await connect(protocol)
    const visitors = registers(...apart.slice(0, 5))
    for (let time = 0; time < 2; time++) {
      expect(shown(await connection.read(protocol, visitors, signal))).toEqual(apart.slice(0, 5))
    }
    // Timers may go off a part of a millisecond early.
    expect(shortest).toBeGreaterThanOrEqual(29)
    expect([device.simulator.mostAtOnce, connection.parallel]).toEqual([1, 1])
  })

  it('requestDelayMs ends with the signal and with the connection', async () => {
    const device = await startDevice()
    const protocol = protocolOf(device.port, { requestDelayMs: 60_000 })
    const connection = await connect(protocol)
    const read = (until: AbortSignal) => connection.read(protocol, registers(0, 500), until)
    const stop = new AbortController()
    const stopped = read(stop.signal)
    await expect.poll(() => device.simulator.requests).toBe(1)
    stop.abort()
    expect(shown(await stopped)).toEqual([0, 'canceled'])
    const closed = expect(read(signal)).rejects.toMatchObject({ code: 'canceled' })
    await connection.close()
    await closed
    expect(device.simulator.requests).toBe(1)
  })

  it('pauseAfterConnectMs lies before the first request, and ends with the signal', async () => {
    const device = await startDevice()
    const protocol = protocolOf(device.port, { pauseAfterConnectMs: 40 })
    const begun = performance.now()
    await connect(protocol)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(39)
    const stop = new AbortController()
    const pending = modbusDriver.connect(
      { ...protocol, pauseAfterConnectMs: 60_000 },
      connectContext({ signal: stop.signal }),
    )
    await expect.poll(() => device.simulator.connections).toBe(2)
    stop.abort()
    await expect(pending).rejects.toMatchObject({ code: 'canceled' })
    await expect.poll(() => device.simulator.connections).toBe(1)
  })

  it('reconnectEachCycle takes a new connection for each call', async () => {
    let accepted = 0
    const device = await startDevice()
    const proxy = createServer()
    proxy.on('connection', () => accepted++)
    proxy.on('connection', (near) => {
      const far = dial(device.port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
    const port = await listening(proxy)
    cleanUp.push(() => new Promise((resolve) => proxy.close(resolve)))
    const protocol = protocolOf(port, { reconnectEachCycle: true })
    const connection = await connect(protocol)
    for (let time = 1; time <= 4; time++) {
      expect(shown(await connection.read(protocol, registers(0, 500), signal))).toEqual([0, 500])
      expect(accepted).toBe(time)
      await expect.poll(() => device.simulator.connections).toBe(0)
      expect(connection.parallel).toBe(1)
    }
    await connection.close()
    await expect(connection.read(protocol, registers(0), signal)).rejects.toMatchObject({
      code: 'canceled',
    })
    expect(accepted).toBe(4)
  })
})
