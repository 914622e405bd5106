import { settle } from './bounded.ts'
import { MapperError } from './errors.ts'
import type { Clock } from './time.ts'

/** One watch: it lasts until it is stopped, until the driver ends it, or until the connection is lost. */
export interface WatchCall {
  readonly run: (signal: AbortSignal) => Promise<void>
  /**
   * It is over: lost for this reason, or, without one, ended by the driver. Called at once when the
   * connection is lost, at most once, and never after `stop`.
   */
  readonly onEnd: (error: MapperError | undefined) => void
}

export interface Watching {
  /** The driver is told; whatever it still says or throws is nobody's. */
  stop(reason: MapperError): void
}

/** The watches of one device on its connection. */
export interface Watches {
  /** `onBroken`: the driver threw, so the link that it was started on is unusable. */
  start(call: WatchCall, onBroken: (error: MapperError) => void): Watching
  /** The connection is lost: all of them are over. */
  lose(error: MapperError): void
  stop(reason: MapperError): void
}

interface Entry {
  readonly stop: AbortController
  readonly call: WatchCall
  readonly settled: Promise<void>
}

export function createWatches(clock: Clock): Watches {
  /** All whose driver has not settled, those that were stopped as well. */
  const entries = new Set<Entry>()

  const lose = ({ stop, call }: Entry, error: MapperError) => {
    if (stop.signal.aborted) return
    stop.abort(error)
    call.onEnd(error)
  }

  return {
    start(call, onBroken) {
      const stop = new AbortController()
      const { signal } = stop
      const older = [...entries].filter((one) => one.stop.signal.aborted)
      const attempt = async () => {
        // Two at once might be more than the device has room for.
        await Promise.all(older.map(({ settled }) => settled))
        if (!signal.aborted) await call.run(signal)
      }
      const settled = settle(attempt(), signal, clock).then(
        () => {
          entries.delete(entry)
          if (!signal.aborted) call.onEnd(undefined)
        },
        (thrown: unknown) => {
          entries.delete(entry)
          const error = MapperError.from(thrown)
          // Stopping it on our own wish says nothing about the link; everything else does.
          if (!signal.aborted || error.code === 'unreachable') onBroken(error)
          lose(entry, error)
        },
      )
      const entry: Entry = { stop, call, settled }
      entries.add(entry)
      return { stop: (reason) => stop.abort(reason) }
    },
    lose(error) {
      for (const entry of entries) lose(entry, error)
    },
    stop(reason) {
      for (const { stop } of entries) stop.abort(reason)
    },
  }
}
