import type { EdgeSimEvent, MqttRefusal } from './event.ts'
import type { DropReason } from './rules.ts'

type Counts<K extends string = string> = Readonly<Partial<Record<K, number>>>

/** Everything since the start of the stand-in, over all restarts of its EdgeCore. */
export interface EdgeSimStats {
  /** Calls from mappers by method, refused ones included. */
  readonly calls: Counts
  /** Calls that were answered with an error: too many requests, or invalid. */
  readonly refused: number
  /** Twins and states that were answered with OK and never showed up, by reason. */
  readonly droppedTwins: Counts<DropReason>
  /** Twins in reports that were answered with OK. */
  readonly reportedTwins: number
  /** What came over the broker. */
  readonly mqtt: {
    /** Whether the event bus has its broker and its subscriptions now. */
    readonly connected: boolean
    /** Refused ones included. */
    readonly messages: number
    /** Twins in updates that were taken. */
    readonly twins: number
    readonly refused: Counts<MqttRefusal>
  }
  /** Changes of twins and states in the cloud. */
  readonly cloudChanges: number
  /** Calls to mappers by method, and how many of them failed. */
  readonly downstream: { readonly calls: Counts; readonly failures: number }
  /** Times a device could not be handed over. */
  readonly undelivered: number
  readonly mappers: readonly MapperInfo[]
  readonly crashes: readonly { readonly atMs: number; readonly report: string }[]
}

/** A mapper that EdgeCore knows. It is called back only if `reachable`. */
export interface MapperInfo {
  readonly name: string
  readonly protocol: string
  readonly address: string
  readonly reachable: boolean
}

/** Counts what happens. */
export function createStats(mappers: () => readonly MapperInfo[]): {
  readonly count: (event: EdgeSimEvent) => void
  readonly read: () => EdgeSimStats
} {
  const calls: Record<string, number> = {}
  const dropped: Partial<Record<DropReason, number>> = {}
  const refusals: Partial<Record<MqttRefusal, number>> = {}
  const down: Record<string, number> = {}
  const crashes: { atMs: number; report: string }[] = []
  let [refused, reportedTwins, cloudChanges, failures, undelivered] = [0, 0, 0, 0, 0]
  let [connected, messages, twins] = [false, 0, 0]
  return {
    count(event) {
      switch (event.type) {
        case 'call':
          calls[event.method] = (calls[event.method] ?? 0) + 1
          if (event.outcome === 'refused') refused++
          reportedTwins += event.twins ?? 0
          break
        case 'mqtt':
          messages++
          twins += event.twins ?? 0
          if (event.reason) refusals[event.reason] = (refusals[event.reason] ?? 0) + 1
          break
        case 'eventbus':
          connected = event.connected
          break
        case 'drop':
          dropped[event.reason] = (dropped[event.reason] ?? 0) + 1
          break
        case 'cloud':
          cloudChanges++
          break
        case 'downstream':
          down[event.method] = (down[event.method] ?? 0) + 1
          if (event.outcome === 'failed') failures++
          break
        case 'undelivered':
          undelivered++
          break
        case 'crash':
          crashes.push({ atMs: event.atMs, report: event.report })
          break
        default:
      }
    },
    read: () => ({
      calls: { ...calls },
      refused,
      droppedTwins: { ...dropped },
      reportedTwins,
      mqtt: { connected, messages, twins, refused: { ...refusals } },
      cloudChanges,
      downstream: { calls: { ...down }, failures },
      undelivered,
      mappers: mappers(),
      crashes: [...crashes],
    }),
  }
}
