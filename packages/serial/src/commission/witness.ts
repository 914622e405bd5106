import type { Decoder } from './decoder.ts'
import type { Direction, Sighting } from './sighting.ts'

/** A decoder with the clock of this process, which tells what it sees as soon as it is complete. */
export interface Witness {
  take(direction: Direction, bytes: Uint8Array): void
  /** Ends whatever has begun; more may come. */
  finish(): void
}

/** Times of the sightings are ms since 1970. */
export function createWitness(decoder: Decoder, onSighting: (seen: Sighting) => void): Witness {
  let timer: NodeJS.Timeout | undefined

  function tell(sightings: readonly Sighting[]): void {
    for (const seen of sightings) {
      onSighting({ ...seen, atMs: Date.now() - performance.now() + seen.atMs })
    }
    clearTimeout(timer)
    const { dueAt } = decoder
    if (dueAt === undefined) return
    const waitMs = Math.max(1, Math.ceil(dueAt - performance.now()))
    timer = setTimeout(() => tell(decoder.flush(performance.now())), waitMs)
  }

  return {
    take: (direction, bytes) => tell(decoder.take(direction, bytes, performance.now())),
    finish: () => tell(decoder.finish(performance.now())),
  }
}
