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

/** Silence before the first byte that shows that a frame begins with it. */
const quietMs = 50

export interface WitnessOptions {
  /** Time of one character on the line, in ms; 0: not known */
  readonly characterMs: number
  /** Called with the first bytes; midStream: they may be the rest of a frame. */
  readonly decoderFor: (midStream: boolean) => Decoder
  /** Its time is in ms since 1970. */
  readonly onSighting: (seen: Sighting) => void
}

/** To be made when the line has just been opened. */
export function createWitness({ characterMs, decoderFor, onSighting }: WitnessOptions): Witness {
  const openedAt = performance.now()
  let decoder: Decoder | undefined
  let timer: NodeJS.Timeout | undefined
  let lastAt = 0

  function decoderAt(atMs: number, direction: Direction): Decoder {
    const isQuiet = atMs - openedAt >= Math.max(quietMs, 20 * characterMs)
    return (decoder ??= decoderFor(direction !== 'sent' && !isQuiet))
  }

  function tell({ dueAt, held }: Decoder, sightings: readonly Sighting[]): void {
    for (const seen of sightings) {
      onSighting({ ...seen, atMs: Date.now() - performance.now() + seen.atMs })
    }
    clearTimeout(timer)
    const next = soonest([dueAt, held > 0 ? lastAt + restMs : undefined])
    if (next === undefined) return
    timer = setTimeout(look, Math.max(1, Math.ceil(next - performance.now())))
  }

  function look(): void {
    if (decoder === undefined) return
    const now = performance.now()
    const sightings = now < lastAt + restMs ? decoder.flush(now) : decoder.finish(now)
    tell(decoder, sightings)
  }

  return {
    take(direction, bytes) {
      lastAt = performance.now()
      const own = decoderAt(lastAt, direction)
      const sightings = own.take(direction, bytes, lastAt)
      tell(own, sightings)
    },
    finish() {
      if (decoder === undefined) return
      const sightings = decoder.finish(performance.now())
      tell(decoder, sightings)
    },
  }
}
