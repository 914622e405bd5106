import type { Frame } from '../frame/frame.ts'
import { createFramer } from '../frame/framer.ts'
import type { ReadyRecipe } from '../recipe/compile-recipe.ts'
import type { Conversation } from './conversation.ts'
import { framing, plainSighting, soonest, type DecoderOptions } from './decoder-parts.ts'
import type { Sighting } from './sighting.ts'

/** Of a line on which requests and answers come in one stream, as one hears them on RS-485. */
export interface MixedDecoder {
  take(bytes: Uint8Array, atMs: number): readonly Sighting[]
  readonly dueAt: number | undefined
  flush(atMs: number): readonly Sighting[]
  finish(atMs: number): readonly Sighting[]
  readonly held: number
}

/** How long bytes that are no frame of the device may turn out to be the beginning of a request. */
const patienceMs = 200

/** A bad frame with the place of its first byte in the stream. */
interface Piece {
  readonly frame: Frame
  readonly start: number
}

/**
 * All bytes go to two framers, one for requests and one for what the device says. A request is what reads
 * as one; everything before it is over then. Bytes that are nothing to the device's framer are held back
 * for a while, because the request that they begin is not known before its end.
 */
export function createMixedDecoder(
  { recipe, send }: ReadyRecipe,
  talk: Conversation,
  options: DecoderOptions,
): MixedDecoder {
  const direction = 'unknown' as const
  const requests = createFramer(send, options)
  let spec = recipe.frame
  let answers = createFramer(spec, options)
  /** Bytes so far, and where the framers began to count. */
  let position = 0
  let answersFrom = 0
  let held: readonly Piece[] = []
  let heldUntil: number | undefined

  function renew(): void {
    spec = talk.frame
    answers = createFramer(spec, framing(options))
    answersFrom = position
  }

  function release(): readonly Sighting[] {
    const pieces = held
    held = []
    heldUntil = undefined
    return pieces.map(({ frame }) => plainSighting(direction, frame))
  }

  function asked(frames: readonly Frame[]): readonly Sighting[] {
    return frames.flatMap((frame): readonly Sighting[] => {
      if (!frame.good || talk.expects(frame.payload)) return []
      const request = talk.look(frame.payload)
      if (request === undefined) return []
      const { raw, atMs } = frame
      hold(answers.finish(atMs), atMs)
      held = before(held, position - raw.length)
      const sightings = release()
      const taken = talk.asked(request, atMs, raw.length)
      renew()
      return [...sightings, { direction, atMs, raw, taken }]
    })
  }

  function hold(frames: readonly Frame[], atMs: number): void {
    if (frames.length === 0) return
    held = [...held, ...frames.map((frame) => ({ frame, start: answersFrom + frame.offset }))]
    heldUntil = atMs + patienceMs
  }

  function heard(frames: readonly Frame[]): readonly Sighting[] {
    const sightings: Sighting[] = []
    for (const frame of frames) {
      if (!frame.good) {
        hold([frame], frame.atMs)
        continue
      }
      const { raw, atMs, payload } = frame
      sightings.push(...release(), { direction, atMs, raw, taken: talk.heard(payload, atMs) })
      requests.reset()
      if (talk.frame !== spec) renew()
    }
    return sightings
  }

  const over = (atMs: number) => (heldUntil !== undefined && atMs >= heldUntil ? release() : [])

  return {
    take(bytes, atMs) {
      const sightings: Sighting[] = []
      // One by one, so that whoever sees an end first has it before the other goes on.
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes.subarray(at, at + 1)
        position++
        const request = asked(requests.push(byte, atMs))
        sightings.push(...request)
        if (request.length === 0) sightings.push(...heard(answers.push(byte, atMs)))
      }
      return sightings
    },
    get dueAt() {
      return soonest([requests.dueAt, answers.dueAt, heldUntil])
    },
    get held() {
      return answers.held + held.reduce((sum, { frame }) => sum + frame.raw.length, 0)
    },
    flush(atMs) {
      return [...asked(requests.flush(atMs)), ...heard(answers.flush(atMs)), ...over(atMs)]
    },
    finish(atMs) {
      const last = [...asked(requests.finish(atMs)), ...heard(answers.finish(atMs))]
      return [...last, ...release()]
    },
  }
}

/** What of these pieces lies before a place. */
function before(pieces: readonly Piece[], place: number): readonly Piece[] {
  return pieces.flatMap(({ frame, start }): readonly Piece[] => {
    const raw = frame.raw.subarray(0, Math.max(0, place - start))
    if (raw.length === 0) return []
    if (raw.length === frame.raw.length) return [{ frame, start }]
    const { offset, atMs } = frame
    const reason = !frame.good && frame.reason === 'noise' ? 'noise' : 'incomplete'
    return [{ start, frame: { good: false, reason, raw, offset, atMs } }]
  })
}
