import type { Frame, Framer } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import type { ReadyRecipe } from '../recipe/compile-recipe.ts'
import type { Values } from '../template/template.ts'
import { createConversation } from './conversation.ts'
import { framing, plainSighting, soonest, type DecoderOptions } from './decoder-parts.ts'
import { createMixedDecoder } from './mixed-decoder.ts'
import type { Direction, Sighting } from './sighting.ts'

/** Finds frames in the bytes of a line, and says what they are. No clock and no timer, as a framer. */
export interface Decoder {
  /** What these bytes complete, in its order. They came at `atMs`, on any steady clock. */
  take(direction: Direction, bytes: Uint8Array, atMs: number): readonly Sighting[]
  /** When silence will have ended what has begun; undefined: nothing has. */
  readonly dueAt: number | undefined
  /** To be called at `dueAt`; earlier it does nothing. */
  flush(atMs: number): readonly Sighting[]
  /** Ends whatever has begun: the line is gone, or was silent for long. */
  finish(atMs: number): readonly Sighting[]
  /** Bytes of which nothing was told yet. */
  readonly held: number
}

/** A decoder for whom nothing is known but how frames are cut. */
export function createFrameDecoder(spec: FrameSpec, options: DecoderOptions = {}): Decoder {
  const framers = new Map<Direction, Framer>()
  const framerOf = (direction: Direction) => {
    const known = framers.get(direction) ?? createFramer(spec, options)
    framers.set(direction, known)
    return known
  }
  const seen = (direction: Direction, frames: readonly Frame[]) =>
    frames.map((frame) => plainSighting(direction, frame))
  const every = () => [...framers.values()]
  const each = (call: (framer: Framer) => readonly Frame[]) =>
    [...framers].flatMap(([direction, framer]) => seen(direction, call(framer)))
  return {
    take: (direction, bytes, atMs) => seen(direction, framerOf(direction).push(bytes, atMs)),
    get dueAt() {
      return soonest(every().map(({ dueAt }) => dueAt))
    },
    get held() {
      return every().reduce((sum, { held }) => sum + held, 0)
    },
    flush: (atMs) => each((framer) => framer.flush(atMs)),
    finish: (atMs) => each((framer) => framer.finish(atMs)),
  }
}

/**
 * A decoder for the protocol of a recipe. `settings` are those of the device as far as they are known;
 * those in a request count before them. Who is asked is remembered, and what comes then is judged as the
 * driver would.
 */
export function createDecoder(
  ready: ReadyRecipe,
  settings: Values,
  options: DecoderOptions = {},
): Decoder {
  const { recipe, send } = ready
  const talk = createConversation(ready, settings, options.characterMs)
  const requests = createFramer(send, options)
  const main = createFramer(recipe.frame, options)
  /** For the answers of exchanges that are framed in another way. */
  let answers = main
  const unasked = ready.streams.size > 0
  const mixed = createMixedDecoder(ready, talk, options)

  function sent(frames: readonly Frame[], ended: Sighting[]): readonly Sighting[] {
    const sightings = frames.map((frame): Sighting => {
      const direction = 'sent' as const
      const request = frame.good ? talk.look(frame.payload) : undefined
      if (request === undefined) return plainSighting(direction, frame, 'other')
      const { raw, atMs } = frame
      // What a device says on its own may be under way when it is asked.
      if (!unasked) ended.push(...received(answers.finish(atMs)))
      const taken = talk.asked(request, atMs, raw.length)
      answers = talk.frame === recipe.frame ? main : createFramer(talk.frame, framing(options))
      return { direction, atMs, raw, taken }
    })
    return [...ended, ...sightings]
  }

  function received(frames: readonly Frame[]): readonly Sighting[] {
    return frames.map((frame): Sighting => {
      const direction = 'received' as const
      if (!frame.good) return plainSighting(direction, frame)
      const { raw, atMs } = frame
      const taken = talk.heard(frame.payload, atMs)
      if (talk.frame === recipe.frame) answers = main
      return { direction, atMs, raw, taken }
    })
  }

  return {
    take(direction, bytes, atMs) {
      if (direction === 'unknown') return mixed.take(bytes, atMs)
      if (direction === 'sent') return sent(requests.push(bytes, atMs), [])
      return received(answers.push(bytes, atMs))
    },
    get dueAt() {
      return soonest([requests.dueAt, answers.dueAt, mixed.dueAt])
    },
    get held() {
      return requests.held + answers.held + mixed.held
    },
    flush: (atMs) => [
      ...sent(requests.flush(atMs), []),
      ...received(answers.flush(atMs)),
      ...mixed.flush(atMs),
    ],
    finish: (atMs) => [
      ...sent(requests.finish(atMs), []),
      ...received(answers.finish(atMs)),
      ...mixed.finish(atMs),
    ],
  }
}
