import { MapperError, sleep, systemClock } from '@mapper-sdk/core'
import type { DeviceRecipe } from '../config/recipe-of.ts'
import type { Received, SerialLink } from './link.ts'
import { latin1 } from '../text/latin1.ts'

/** What a device sends on its own. */
export interface Streams {
  /** Tells of each frame of the stream, until the returned function is called. */
  follow(name: string, onFrame: (received: Received) => void): () => void
  /**
   * The next frame: what came before may no longer be so. Rejects with `timeout` if none comes in time, or
   * with the reason of the signal.
   */
  next(name: string, signal: AbortSignal): Promise<Received>
}

/** How long a frame is waited for, where the recipe does not say how often they come. */
const usualMs = 5_000

export function silenceOf(name: string, ms: number, link: SerialLink): MapperError {
  const hint = link.garbage()
  const why = hint === undefined ? '' : `; ${hint}`
  return new MapperError('timeout', `the device sent nothing of ${name} for ${ms} ms${why}`)
}

export function createStreams(link: SerialLink, { ready, params }: DeviceRecipe): Streams {
  /** Only of streams that somebody wants: others are not looked for. */
  const followers = new Map<string, Set<(received: Received) => void>>()

  link.hear((payload) => {
    const text = followers.size > 1 ? latin1(payload) : undefined
    for (const [name, all] of followers) {
      const groups = ready.streams.get(name)?.find(payload, params, text)
      if (groups === undefined) continue
      for (const tell of [...all]) tell({ payload, groups })
    }
  })

  const follow: Streams['follow'] = (name, onFrame) => {
    const all = followers.get(name) ?? new Set()
    followers.set(name, all.add(onFrame))
    return () => {
      all.delete(onFrame)
      if (all.size === 0) followers.delete(name)
    }
  }

  return {
    follow,
    next(name, signal) {
      const withinMs = ready.streams.get(name)?.timeoutMs ?? usualMs
      return new Promise((resolve, reject) => {
        const done = new AbortController()
        const stop = follow(name, (received) => {
          resolve(received)
          done.abort()
        })
        sleep(systemClock, withinMs, AbortSignal.any([signal, done.signal, link.ended]))
          .then(() => reject(silenceOf(name, withinMs, link)), reject)
          .finally(stop)
      })
    },
  }
}
