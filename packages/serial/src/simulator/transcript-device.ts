import { MapperError } from '@mapper-sdk/core'
import { latin1 } from '../text/latin1.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Transcript } from '../recipe/transcript.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { createState } from './device-state.ts'
import type { Habit, Saying, SimulatedDevice } from './simulated-device.ts'

/** How often a frame of the streams comes. */
const everyMs = 1000

/**
 * A device that only knows its transcript: to the bytes of a request it says what the transcript has for
 * them, in its order and then again from the start, and the frames of streams come once a second. What a
 * request sets is not read afterwards.
 */
export function transcriptDevice(transcript: Transcript, recipe: Recipe): SimulatedDevice {
  const answers = new Map<string, Uint8Array[]>()
  const streamed: Uint8Array[] = []
  for (const { sends, receives, stream } of transcript.steps) {
    const said = receives === undefined ? undefined : parseBytes(receives)
    if (sends !== undefined) {
      const request = latin1(parseBytes(sends))
      const known = answers.get(request) ?? []
      answers.set(request, said === undefined ? known : [...known, said])
    } else if (stream !== undefined && said !== undefined) streamed.push(said)
  }
  if (answers.size + streamed.length === 0) {
    throw new MapperError('invalid_config', 'the transcript has nothing to say; add steps')
  }
  const { frame } = recipe
  const saying = (bytes: Uint8Array | undefined): readonly Saying[] =>
    bytes === undefined ? [] : [{ bytes, frame, afterMs: 0 }]
  const next = (list: Uint8Array[]): Uint8Array | undefined => {
    const first = list.shift()
    if (first !== undefined) list.push(first)
    return first
  }
  const stream: Habit = { everyMs, perform: () => saying(next(streamed)) }
  return {
    send: recipe.send ?? frame,
    state: createState({}),
    habits: streamed.length === 0 ? [] : [stream],
    answer({ raw }) {
      const known = answers.get(latin1(raw))
      return known === undefined ? undefined : saying(next(known))
    },
  }
}
