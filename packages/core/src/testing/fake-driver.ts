import { Type, type Static } from '../schema.ts'
import type { Connection, Driver, Outcome, Value } from '../driver.ts'
import { MapperError } from '../errors.ts'

const protocolSchema = Type.Object({
  host: Type.String({ description: 'Devices of the same host share a connection' }),
  unit: Type.Integer({ default: 1 }),
})
const visitorSchema = Type.Object({
  key: Type.String({ description: 'Where the value is kept' }),
})

type Protocol = Static<typeof protocolSchema>
type Visitor = Static<typeof visitorSchema>

/** A protocol in memory: devices are maps of values, and every fault can be switched on. */
export interface FakeDriver extends Driver<Protocol, Visitor> {
  /** The values of a device, by key; a MapperError as a value is what reading it answers. */
  device(host: string, unit?: number): Map<string, Value | MapperError>
  /** While set, connecting and all calls on the host fail as a whole. */
  cut(host: string, error?: MapperError): void
  restore(host: string): void
  readonly connects: number
  readonly open: number
  readonly reads: readonly {
    readonly host: string
    readonly unit: number
    readonly keys: readonly string[]
    /** Undefined for a read that is not repeated. */
    readonly everyMs: number | undefined
  }[]
  readonly writes: readonly { readonly host: string; readonly key: string; readonly value: Value }[]
  /** The most calls that were under way at once on one connection. */
  readonly mostAtOnce: number
  /** Called before every read and write is answered; may delay it or throw. */
  before: (call: {
    host: string
    unit: number
    kind: 'read' | 'write'
    signal: AbortSignal
  }) => Promise<void>
}

export function createFakeDriver(
  options: { readonly parallel?: number; readonly writesOvertake?: boolean } = {},
): FakeDriver {
  const devices = new Map<string, Map<string, Value | MapperError>>()
  const cuts = new Map<string, MapperError>()
  const reads: FakeDriver['reads'][number][] = []
  const writes: { host: string; key: string; value: Value }[] = []
  let connects = 0
  let open = 0
  let mostAtOnce = 0

  const deviceOf = (host: string, unit = 1) => {
    const key = `${host}#${unit}`
    const known = devices.get(key)
    if (known !== undefined) return known
    const fresh = new Map<string, Value | MapperError>()
    devices.set(key, fresh)
    return fresh
  }

  const connectionOf = (host: string): Connection<Protocol, Visitor> => {
    let atOnce = 0
    let closed = false
    open++
    const call = async <T>(
      kind: 'read' | 'write',
      unit: number,
      signal: AbortSignal,
      answer: () => T,
    ) => {
      atOnce++
      mostAtOnce = Math.max(mostAtOnce, atOnce)
      try {
        await driver.before({ host, unit, kind, signal })
        const cut = cuts.get(host)
        if (cut !== undefined) throw cut
        if (closed) throw new MapperError('unreachable', 'closed')
        return answer()
      } finally {
        atOnce--
      }
    }
    return {
      ...options,
      read: (protocol, visitors, signal, everyMs) => {
        // What a slow answer tells is as old as the answer is slow.
        const outcomes = visitors.map(({ key }): Outcome<Value> => {
          const value = deviceOf(host, protocol.unit).get(key)
          if (value instanceof MapperError) return { ok: false, error: value }
          if (value !== undefined) return { ok: true, value }
          return { ok: false, error: new MapperError('rejected', `nothing is kept at ${key}`) }
        })
        return call('read', protocol.unit, signal, () => {
          reads.push({ host, unit: protocol.unit, keys: visitors.map(({ key }) => key), everyMs })
          return outcomes
        })
      },
      write: (protocol, batch, signal) =>
        call('write', protocol.unit, signal, () =>
          batch.map(({ visitor, value }): Outcome<void> => {
            writes.push({ host, key: visitor.key, value })
            deviceOf(host, protocol.unit).set(visitor.key, value)
            return { ok: true, value: undefined }
          }),
        ),
      close: async () => {
        if (!closed) open--
        closed = true
      },
    }
  }

  const driver: FakeDriver = {
    protocolName: 'fake',
    protocolSchema,
    visitorSchema,
    connectionKey: ({ host }) => host,
    connect: async ({ host }) => {
      connects++
      const cut = cuts.get(host)
      if (cut !== undefined) throw cut
      return connectionOf(host)
    },
    device: deviceOf,
    cut: (host, error = new MapperError('unreachable', `${host} is cut`)) =>
      void cuts.set(host, error),
    restore: (host) => void cuts.delete(host),
    get connects() {
      return connects
    },
    get open() {
      return open
    },
    reads,
    writes,
    get mostAtOnce() {
      return mostAtOnce
    },
    before: async () => undefined,
  }
  return driver
}
