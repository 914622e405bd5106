import type { Connection, Driver, Outcome, Value } from '../driver.ts'
import { MapperError } from '../errors.ts'
import { Type, type Static } from '../schema.ts'
import { cellOf, createMemoryDevice, cutError, type MemoryDevice } from './memory-device.suite.ts'
import type { GoodPlace, Rig } from './rig.ts'

export const protocolSchema = Type.Object({
  host: Type.String({ minLength: 1, description: 'Name of the device in memory.' }),
  unit: Type.Optional(Type.Integer({ minimum: 1, default: 1, description: 'Number of the unit.' })),
})
export const visitorSchema = Type.Object({
  cell: Type.String({ pattern: '^[a-z]+$', description: 'Name of the cell.' }),
})
export type MemoryProtocol = Static<typeof protocolSchema>
export type MemoryVisitor = Static<typeof visitorSchema>
export type MemoryDriver = Driver<MemoryProtocol, MemoryVisitor>
export type MemoryConnection = Connection<MemoryProtocol, MemoryVisitor>

/** The device of a host and its second unit, which are on one link. */
export interface MemoryHost {
  readonly units: ReadonlyMap<number, MemoryDevice>
}
export const deviceAt = ({ units }: MemoryHost, { unit = 1 }: MemoryProtocol): MemoryDevice => {
  const device = units.get(unit)
  if (device === undefined) throw new MapperError('unreachable', `there is no unit ${unit}`)
  return device
}

export const outcomeOf = (device: MemoryDevice, { cell }: MemoryVisitor): Outcome<Value> => {
  const value = cellOf(device, cell)
  return value instanceof MapperError ? { ok: false, error: value } : { ok: true, value }
}

/** Writes one value, as a device that checks what it is given. */
export function put(device: MemoryDevice, { cell }: MemoryVisitor, value: Value): Outcome<void> {
  const old = cellOf(device, cell)
  if (old instanceof MapperError) return { ok: false, error: old }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { ok: false, error: new MapperError('rejected', `${cell} takes numbers alone`) }
  }
  const fits = cell !== 'speed' || (Number(value) >= -32_768 && Number(value) <= 32_767)
  if (!fits) return { ok: false, error: new MapperError('rejected', `${cell} has 16 bits`) }
  device.set(cell, value instanceof Uint8Array ? value.slice() : value)
  return { ok: true, value: undefined }
}

/** A driver that keeps the contract, for devices in memory. */
export const createMemoryDriver = (hosts: ReadonlyMap<string, MemoryHost>): MemoryDriver => ({
  protocolName: 'memory',
  protocolSchema,
  visitorSchema,
  normalize: ({ hostname, ...others }) =>
    hostname === undefined ? others : { ...others, host: hostname },
  check: (_, { cell }) =>
    cell === 'nowhere' ? { field: 'cell', message: 'is nowhere; name another one' } : undefined,
  connectionKey: ({ host }) => host,
  async connect(protocol, { signal, memory }) {
    const host = hosts.get(protocol.host)
    if (host === undefined) throw new MapperError('unreachable', `there is no ${protocol.host}`)
    await deviceAt(host, protocol).ask(() => undefined, signal)
    memory.set('connects', Number(memory.get('connects') ?? 0) + 1)
    return connectionTo(host)
  },
})

export function connectionTo(host: MemoryHost): MemoryConnection {
  const closing = new AbortController()
  const until = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal])
  return {
    read(protocol, visitors, signal) {
      const device = deviceAt(host, protocol)
      const answer = () => visitors.map((visitor) => outcomeOf(device, visitor))
      return device.ask(answer, until(signal))
    },
    write(protocol, writes, signal) {
      const device = deviceAt(host, protocol)
      const answer = () => writes.map(({ visitor, value }) => put(device, visitor, value))
      return device.ask(answer, until(signal))
    },
    async subscribe(protocol, visitors, watch, signal) {
      const device = deviceAt(host, protocol)
      const tell = (name?: string) =>
        visitors.forEach((visitor, index) => {
          if (name !== undefined && visitor.cell !== name) return
          watch.changed(index, outcomeOf(device, visitor))
        })
      tell()
      device.watchers.add(tell)
      try {
        await new Promise<void>((resolve, reject) => {
          const fail = (error: MapperError) => reject(error)
          device.waiting.add(fail)
          const end = () => {
            device.waiting.delete(fail)
            if (signal.aborted) resolve()
            else reject(cutError())
          }
          until(signal).addEventListener('abort', end, { once: true })
        })
      } finally {
        device.watchers.delete(tell)
      }
    },
    close: async () => closing.abort(new MapperError('canceled', 'the connection was closed')),
  }
}

const places: readonly [GoodPlace, ...GoodPlace[]] = [
  {
    ...{ visitor: { cell: 'speed' }, type: 'INT', value: 1500 },
    ...{ others: [-32_768, 32_767, 0], refuses: [32_768, -32_769] },
  },
  {
    ...{ visitor: { cell: 'total' }, type: 'INT', value: 9_007_199_254_740_993n },
    others: [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n],
  },
  {
    ...{ visitor: { cell: 'level' }, type: 'DOUBLE', value: 21.5 },
    ...{ others: [Number.MAX_VALUE, 5e-324, -0.1], refuses: [NaN, Infinity] },
    unreadable: [NaN, -Infinity],
  },
  {
    ...{ visitor: { cell: 'name' }, type: 'STRING', value: 'pump 1' },
    others: ['', 'Grüße, 世界', 'x'.repeat(10_000)],
  },
  {
    ...{ visitor: { cell: 'raw' }, type: 'BYTES', value: Uint8Array.of(0, 1, 254, 255) },
    others: [Uint8Array.of(9, 8, 7, 6), Uint8Array.of(1, 1, 1, 1)],
  },
  { ...{ visitor: { cell: 'on' }, type: 'BOOLEAN', value: true }, others: [false, true] },
]

/** The change that makes a driver out of the good one. */
export type Change = (good: MemoryDriver, hosts: ReadonlyMap<string, MemoryHost>) => MemoryDriver

/** Rigs for the good driver, or for what `change` makes of it. All share one driver, as in a mapper. */
export function memoryRigs(change: Change = (good) => good): () => Rig {
  const hosts = new Map<string, MemoryHost>()
  const driver = change(createMemoryDriver(hosts), hosts)
  let count = 0
  return () => {
    const host = `host-${count++}`
    const [device, second] = [createMemoryDevice(), createMemoryDevice()]
    second.cells.set('speed', -7)
    hosts.set(host, {
      units: new Map([
        [1, device],
        [2, second],
      ]),
    })
    const both = [device, second]
    const nameOf = (index: number) => (places[index]?.visitor['cell'] ?? '') as string
    const [speed, ...others] = places
    return {
      driver,
      protocol: { hostname: host },
      good: places,
      bad: { visitor: { cell: 'moon' }, type: 'INT' },
      refusedWrite: { visitor: { cell: 'locked' }, type: 'INT', value: 1 },
      wrong: [
        { what: 'protocol', raw: {}, field: 'host' },
        { what: 'protocol', raw: { host, unit: 0 }, field: 'unit' },
        { what: 'visitor', raw: { cell: 'A1' }, field: 'cell' },
        { what: 'visitor', raw: { cell: 'nowhere' }, field: 'cell' },
      ],
      second: {
        protocol: { host, unit: 2 },
        good: [{ ...speed, value: -7 }, ...others],
      },
      poke: (index, value) => device.set(nameOf(index), value),
      peek: (index) => device.cells.get(nameOf(index)) ?? '',
      cut() {
        for (const one of both) {
          one.isCut = true
          for (const fail of [...one.waiting]) fail(cutError())
        }
      },
      restore: () => both.forEach((one) => (one.isCut = false)),
      silence: (silent) => both.forEach((one) => (one.isSilent = silent)),
      requests: () => device.requests + second.requests,
      patienceMs: 300,
    }
  }
}
