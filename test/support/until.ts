import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'

const everyMs = 20

/**
 * Reads again and again until what is read is accepted, and returns it. Throws after `withinMs` with
 * what was seen last; a read that throws is one that is not accepted.
 */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  accept: (seen: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    let last: unknown
    try {
      const seen = await read()
      if (accept(seen)) return seen
      last = seen
    } catch (thrown) {
      last = thrown
    }
    if (performance.now() >= end) {
      const seen = last instanceof Error ? last.message : inspect(last, { depth: 6 })
      throw new Error(`not within ${withinMs} ms: ${what}; last seen: ${seen}`)
    }
    await delay(everyMs)
  }
}
