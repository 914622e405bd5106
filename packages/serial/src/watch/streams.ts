import { MapperError, sleep, systemClock } from '@mapper-sdk/core'
import type { DeviceRecipe } from '../config/recipe-of.ts'
import type { Received, SerialLink } from '../link/link.ts'

/** What a device sends on its own. */
export interface Streams {
  /** Tells of each frame of the stream, until the returned function is called. */
  follow(name: string, onFrame: (received: Received) => void): () => void
  /**
   * The last frame, if it still holds, else the next one. Rejects with `timeout` if none comes in time,
   * or with the reason of the signal.
   */
  latest(name: string, signal: AbortSignal): Promise<Received>
}

/** How long a frame is waited for, where the recipe does not say how often they come. */
const usualMs = 5_000

export function silenceOf(name: string, ms: number, link: SerialLink): MapperError {
  const hint = link.garbage()
  const why = hint === undefined ? '' : `; ${hint}`
  return new MapperError('timeout', `the device sent nothing of ${name} for ${ms} ms${why}`)
}

export function createStreams(link: SerialLink, { ready, params }: DeviceRecipe): Streams {
  const followers = new Map<string, Set<(received: Received) => void>>()
  const last = new Map<string, { readonly received: Received; readonly at: number }>()

  // Only streams that somebody wants are looked for; before the first wish none is.
  const wanted = () => [...followers.keys()]
  let names: readonly string[] = []

  link.hear((payload) => {
    for (const name of names) {
      const groups = ready.streams.get(name)?.find(payload, params)
      if (groups === undefined) continue
      const received = { payload, groups }
      last.set(name, { received, at: performance.now() })
      for (const tell of followers.get(name) ?? []) tell(received)
    }
  })

  const follow: Streams['follow'] = (name, onFrame) => {
    const all = followers.get(name) ?? new Set()
    followers.set(name, all.add(onFrame))
    names = wanted()
    return () => void all.delete(onFrame)
  }

  return {
    follow,
    async latest(name, signal) {
      const withinMs = ready.streams.get(name)?.timeoutMs ?? usualMs
      // From now on it is kept, so that the next read need not wait.
      const known = last.get(name)
      if (known !== undefined && performance.now() - known.at < withinMs) return known.received
      const found = new AbortController()
      let received: Received | undefined
      const stop = follow(name, (one) => {
        received ??= one
        found.abort()
      })
      try {
        await sleep(systemClock, withinMs, AbortSignal.any([signal, found.signal]))
      } catch (thrown) {
        if (received === undefined) throw thrown
      } finally {
        stop()
      }
      if (received !== undefined) return received
      throw silenceOf(name, withinMs, link)
    },
  }
}
