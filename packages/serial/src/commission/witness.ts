import type { Decoder } from './decoder.ts'
import { soonest } from './decoder-parts.ts'
import type { Direction, Sighting } from './sighting.ts'

/** A decoder with the clock of this process, which tells what it sees as soon as it is complete. */
export interface Witness {
  take(direction: Direction, bytes: Uint8Array): void
  /** Ends whatever has begun; more may come. */
  finish(): void
}

/** After so much silence what has begun is shown as it is: whoever looks at a line wants to see garbage. */
const restMs = 2000

/** Times of the sightings are ms since 1970. */
export function createWitness(decoder: Decoder, onSighting: (seen: Sighting) => void): Witness {
  let timer: NodeJS.Timeout | undefined
  let lastAt = 0

  function tell(sightings: readonly Sighting[]): void {
    for (const seen of sightings) {
      onSighting({ ...seen, atMs: Date.now() - performance.now() + seen.atMs })
    }
    clearTimeout(timer)
    const dueAt = soonest([decoder.dueAt, decoder.held > 0 ? lastAt + restMs : undefined])
    if (dueAt === undefined) return
    timer = setTimeout(look, Math.max(1, Math.ceil(dueAt - performance.now())))
  }

  function look(): void {
    const now = performance.now()
    tell(now < lastAt + restMs ? decoder.flush(now) : decoder.finish(now))
  }

  return {
    take(direction, bytes) {
      lastAt = performance.now()
      tell(decoder.take(direction, bytes, lastAt))
    },
    finish: () => tell(decoder.finish(performance.now())),
  }
}
