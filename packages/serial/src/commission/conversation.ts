import { MapperError } from '@mapper-sdk/core'
import type { FrameSpec } from '../frame/frame-spec.ts'
import type { Answer, ReadyRecipe } from '../recipe/compile-recipe.ts'
import type { Values } from '../template/template.ts'
import { namedValues } from './named-values.ts'
import { createRequestReader, type SeenRequest } from './request-reader.ts'
import type { Taken } from './sighting.ts'

/** Follows who asked what, so that frames can be taken for answers. Pure: the time is told. */
export interface Conversation {
  /** The request that a payload is, if it is one; nothing is remembered of it. */
  look(payload: Uint8Array): SeenRequest | undefined
  /** A request was seen. */
  asked(request: SeenRequest, atMs: number, bytes: number): Taken
  /** What a frame from the device is. */
  heard(payload: Uint8Array, atMs: number): Taken
  /** Whether the payload is what the request that waits expects, as the recipe says in so many words. */
  expects(payload: Uint8Array): boolean
  /** How the next answer is framed. */
  readonly frame: FrameSpec
}

export function createConversation(
  ready: ReadyRecipe,
  settings: Values,
  characterMs = 0,
): Conversation {
  const { recipe } = ready
  const look = createRequestReader(ready, settings)
  let waiting: (SeenRequest & { readonly dueAt: number }) | undefined
  /** A device that was asked by its address sends its streams with it. */
  let spoken = settings

  function streamOf(payload: Uint8Array): Taken | undefined {
    for (const [name, { find }] of ready.streams) {
      const groups = attempt(() => find(payload, spoken))
      if (groups === undefined) continue
      return { kind: 'stream', of: name, values: namedValues(ready, name, { payload, groups }) }
    }
    return undefined
  }

  const judge = (payload: Uint8Array): Answer | undefined =>
    waiting === undefined
      ? undefined
      : attempt(() => waiting?.exchange.judge(payload, waiting.values))

  return {
    look,
    asked(request, atMs, bytes) {
      const { kind, name, exchange, values, settings: own, value } = request
      const { timeoutMs, answers } = exchange
      waiting = answers ? { ...request, dueAt: atMs + timeoutMs + bytes * characterMs } : undefined
      spoken = values
      const isWrite = kind === 'write'
      const taken = { kind: 'request', of: name, isWrite, settings: own } as const
      return value === undefined ? taken : { ...taken, value }
    },
    heard(payload, atMs) {
      const answer = judge(payload)
      const lateMs = Math.ceil(atMs - (waiting?.dueAt ?? atMs))
      const isLate = lateMs > 0
      // After its time nobody waits for it, so a frame that comes by itself is more likely.
      const stream = isLate || answer === undefined || answer.kind === 'other'
      const streamed = stream ? streamOf(payload) : undefined
      if (streamed !== undefined) return streamed
      if (waiting === undefined || answer === undefined || answer.kind === 'other') {
        return { kind: 'other' }
      }
      const { name: of } = waiting
      waiting = undefined
      if (answer.kind === 'error') return { kind: 'error', of, error: answer.error }
      const values = namedValues(ready, of, { payload, groups: answer.groups })
      return { kind: 'answer', of, values, ...(isLate && { lateMs }) }
    },
    expects: (payload) =>
      waiting?.isParticular === true && (judge(payload)?.kind ?? 'other') !== 'other',
    get frame() {
      return waiting?.exchange.frame ?? recipe.frame
    },
  }
}

/** A setting that nobody told makes nothing wrong; it only tells nothing. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (thrown) {
    if (thrown instanceof MapperError) return undefined
    throw thrown
  }
}
