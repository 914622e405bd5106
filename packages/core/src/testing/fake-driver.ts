import { Type, type Static } from '../schema.ts'
import type { ConnectContext, Connection, Driver, Outcome, Value, Watch } from '../driver.ts'
import { MapperError } from '../errors.ts'
import { canceled } from '../time.ts'

const protocolSchema = Type.Object({
  host: Type.String({ description: 'Devices of the same host share a connection' }),
  unit: Type.Integer({ default: 1, description: 'Number of the device on its host' }),
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
  /** While set, connecting, all calls and all watches on the host fail as a whole. */
  cut(host: string, error?: MapperError): void
  restore(host: string): void
  readonly connects: number
  /** What the last connection was given. */
  readonly context: ConnectContext | undefined
  readonly open: number
  readonly reads: readonly {
    readonly host: string
    readonly unit: number
    readonly keys: readonly string[]
    /** Undefined for a read that is not repeated. */
    readonly everyMs: number | undefined
  }[]
  readonly writes: readonly { readonly host: string; readonly key: string; readonly value: Value }[]
  /** All watches that were ever begun, if the driver can watch. */
  readonly watches: readonly FakeWatch[]
  /** The most calls that were under way at once on one connection. */
  readonly mostAtOnce: number
  /**
   * Called before every read and write is answered, and before a watch begins; may delay it or throw. The
   * signal of a read or a write also aborts when the connection is closed.
   */
  before: (call: {
    host: string
    unit: number
    kind: 'read' | 'write' | 'subscribe'
    signal: AbortSignal
  }) => Promise<void>
}

/** One watch of the fake driver. A value that is set in a device is told to those that watch it. */
export interface FakeWatch {
  readonly host: string
  readonly unit: number
  readonly keys: readonly string[]
  readonly everyMs: number
  /** To speak to core by hand. */
  readonly watch: Watch
  readonly signal: AbortSignal
  /** Ends it, as if the driver resolved or threw. */
  end(error?: MapperError): void
  readonly isOver: boolean
}

export interface FakeDriverOptions {
  readonly parallel?: number
  readonly writesOvertake?: boolean
  readonly callTimeoutMs?: number
  /** Lets the connections watch; false for keys that they give back to be read. */
  readonly canWatch?: (key: string) => boolean
  /** When values are true, if the device is to say so. */
  readonly now?: () => number
}

export function createFakeDriver(options: FakeDriverOptions = {}): FakeDriver {
  const { parallel, writesOvertake, callTimeoutMs, canWatch, now } = options
  const devices = new Map<string, Map<string, Value | MapperError>>()
  const cuts = new Map<string, MapperError>()
  const reads: FakeDriver['reads'][number][] = []
  const writes: { host: string; key: string; value: Value }[] = []
  const watches: FakeWatch[] = []
  let connects = 0
  let given: ConnectContext | undefined
  let open = 0
  let mostAtOnce = 0

  const deviceOf = (host: string, unit = 1) => {
    const key = `${host}#${unit}`
    const known = devices.get(key)
    if (known !== undefined) return known
    const fresh = new Map<string, Value | MapperError>()
    const { set } = fresh
    fresh.set = (name, value) => {
      set.call(fresh, name, value)
      for (const one of watches) if (one.host === host && one.unit === unit) tell(one, name)
      return fresh
    }
    devices.set(key, fresh)
    return fresh
  }

  const outcomeOf = (host: string, unit: number, key: string): Outcome<Value> => {
    const value = deviceOf(host, unit).get(key)
    if (value instanceof MapperError) return { ok: false, error: value }
    if (value !== undefined) return { ok: true, value, ...(now && { at: now() }) }
    return { ok: false, error: new MapperError('rejected', `nothing is kept at ${key}`) }
  }

  const tell = ({ host, unit, keys, watch, isOver }: FakeWatch, name: string) => {
    if (isOver || canWatch?.(name) !== true) return
    keys.forEach((key, index) => {
      if (key === name) watch.changed(index, outcomeOf(host, unit, key))
    })
  }

  /** Lasts until the signal aborts or `end` is called. */
  const lasting = (about: Omit<FakeWatch, 'end' | 'isOver'>, siblings: Set<FakeWatch>) =>
    new Promise<void>((resolve, reject) => {
      const { signal } = about
      let isOver = false
      const end = (error?: MapperError) => {
        isOver = true
        signal.removeEventListener('abort', onAbort)
        siblings.delete(one)
        if (error === undefined) resolve()
        else reject(error)
      }
      const onAbort = () => end()
      const one: FakeWatch = {
        ...about,
        end,
        get isOver() {
          return isOver
        },
      }
      watches.push(one)
      siblings.add(one)
      signal.addEventListener('abort', onAbort, { once: true })
      one.keys.forEach((key, index) => {
        if (canWatch?.(key) === true) one.watch.changed(index, outcomeOf(one.host, one.unit, key))
      })
      const others = one.keys.flatMap((key, index) => (canWatch?.(key) === true ? [] : [index]))
      if (others.length > 0) one.watch.readInstead(others)
    })

  const connectionOf = (host: string): Connection<Protocol, Visitor> => {
    let atOnce = 0
    let closed = false
    const own = new Set<FakeWatch>()
    const closing = new AbortController()
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
        // Made when somebody looks: most do not, and tests of many devices make many calls.
        await driver.before({
          ...{ host, unit, kind },
          get signal() {
            return AbortSignal.any([signal, closing.signal])
          },
        })
        const cut = cuts.get(host)
        if (cut !== undefined) throw cut
        if (closed) throw new MapperError('unreachable', 'closed')
        if (signal.aborted) throw canceled(signal)
        return answer()
      } finally {
        atOnce--
      }
    }
    const subscribe: Connection<Protocol, Visitor>['subscribe'] = async (
      { unit },
      visitors,
      watch,
      signal,
      everyMs,
    ) => {
      await driver.before({ host, unit, kind: 'subscribe', signal })
      const cut = cuts.get(host)
      if (cut !== undefined) throw cut
      if (closed) throw new MapperError('unreachable', 'closed')
      if (signal.aborted) return
      const keys = visitors.map(({ key }) => key)
      await lasting({ host, unit, keys, everyMs, watch, signal }, own)
    }
    return {
      ...(parallel !== undefined && { parallel }),
      ...(writesOvertake !== undefined && { writesOvertake }),
      ...(callTimeoutMs !== undefined && { callTimeoutMs }),
      ...(canWatch !== undefined && { subscribe }),
      read: (protocol, visitors, signal, everyMs) => {
        // What a slow answer tells is as old as the answer is slow.
        const outcomes = visitors.map(({ key }) => outcomeOf(host, protocol.unit, key))
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
        closing.abort(new MapperError('unreachable', 'closed'))
        for (const one of own) one.end(new MapperError('unreachable', 'closed'))
      },
    }
  }

  const driver: FakeDriver = {
    protocolName: 'fake',
    protocolSchema,
    visitorSchema,
    connectionKey: ({ host }) => host,
    connect: async ({ host }, context) => {
      connects++
      given = context
      const cut = cuts.get(host)
      if (cut !== undefined) throw cut
      return connectionOf(host)
    },
    device: deviceOf,
    cut(host, error = new MapperError('unreachable', `${host} is cut`)) {
      cuts.set(host, error)
      for (const one of watches) if (one.host === host && !one.isOver) one.end(error)
    },
    restore: (host) => void cuts.delete(host),
    get connects() {
      return connects
    },
    get context() {
      return given
    },
    get open() {
      return open
    },
    reads,
    writes,
    watches,
    get mostAtOnce() {
      return mostAtOnce
    },
    before: async () => undefined,
  }
  return driver
}
