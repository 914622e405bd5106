import type { Memory } from '../store.ts'
import { MapperError } from '../errors.ts'
import { createFairQueue } from '../fair-queue.ts'
import { canceled } from '../time.ts'
import type { Line } from './line.ts'
import type { Wire } from './wire.ts'

/** One open wire and all who have a share in it. */
export interface SharedWire {
  share(): Line
  readonly lost: MapperError | undefined
}

interface Share {
  onBytes: (bytes: Buffer) => void
  onLost: (reason: MapperError) => void
  /** There for those who hear what nobody asked for. */
  onMissed?: (() => void) | undefined
}

interface Waiting {
  readonly start: () => void
  readonly fail: (reason: MapperError) => void
}

export function shareWire(
  wire: Wire,
  events: {
    readonly onLost: () => void
    /** Nobody uses the wire any more, and it closes now. */
    readonly onUnused: (closed: Promise<void>) => void
  },
  memory: Memory = new Map<string, unknown>(),
): SharedWire {
  const shares = new Set<Share>()
  const waiting = createFairQueue<Waiting>()
  /** Whose turn it is, and whose it was before: late bytes are for the last one. */
  let holder: Share | undefined
  let last: Share | undefined
  let lastByteAt = -Infinity
  let lost: MapperError | undefined
  let closed: Promise<void> | undefined

  wire.listen((bytes) => {
    lastByteAt = performance.now()
    last?.onBytes(bytes)
    for (const share of shares) {
      if (share.onMissed === undefined || share === last) continue
      if (holder === undefined) share.onBytes(bytes)
      else share.onMissed()
    }
  }, lose)

  function lose(reason: MapperError): void {
    lost ??= reason
    events.onLost()
    for (const { fail } of waiting.drain()) fail(lost)
    for (const { onLost } of [...shares]) onLost(lost)
  }

  function end(): Promise<void> {
    if (closed === undefined) events.onUnused((closed = wire.close()))
    return closed
  }

  const next = () => {
    if (holder === undefined) waiting.take()?.start()
  }

  const turn = <T>(
    share: Share,
    run: () => Promise<T>,
    { urgent = false, signal }: { readonly urgent?: boolean; readonly signal: AbortSignal },
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (lost !== undefined) return reject(lost)
      if (signal.aborted) return reject(canceled(signal))
      const onAbort = () => {
        if (waiting.delete(item)) reject(canceled(signal))
      }
      const item: Waiting = {
        fail: (reason) => {
          signal.removeEventListener('abort', onAbort)
          reject(reason)
        },
        start: () => {
          signal.removeEventListener('abort', onAbort)
          holder = last = share
          const begun = performance.now()
          const end = () => {
            waiting.charge(share, performance.now() - begun)
            holder = undefined
            next()
          }
          run().finally(end).then(resolve, reject)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(item, share, urgent)
      next()
    })

  return {
    get lost() {
      return lost
    },
    share() {
      const share: Share = { onBytes: () => undefined, onLost: () => undefined }
      shares.add(share)
      const own = () => {
        if (lost !== undefined) throw lost
        if (holder !== share) throw new MapperError('internal', `not its turn on ${wire.name}`)
      }
      return {
        name: wire.name,
        characterMs: wire.characterMs,
        memory,
        get lastByteAt() {
          return lastByteAt
        },
        get lost() {
          return lost
        },
        turn: (run, options) => turn(share, run, options),
        async write(bytes) {
          own()
          await wire.write(bytes)
        },
        async discardInput() {
          own()
          await wire.discardInput()
        },
        listen(onBytes, onLost, onMissed) {
          Object.assign(share, { onBytes, onLost, onMissed })
          if (lost !== undefined) onLost(lost)
        },
        drop(reason) {
          if (lost !== undefined) return
          void end()
          lose(reason)
        },
        async close() {
          if (!shares.delete(share)) return
          if (last === share) last = undefined
          if (shares.size === 0) await end()
        },
      }
    },
  }
}
