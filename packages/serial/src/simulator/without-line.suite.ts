import type { Value } from '@mapper-sdk/core'
import type { Answer, ReadyExchange, ReadyRecipe } from '../recipe/compile-recipe.ts'
import { compileRecipe } from '../recipe/compile-recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import { createFramer } from '../frame/framer.ts'
import type { GoodFrame } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { loadDevice } from './load-device.ts'
import type { Saying } from './simulated-device.ts'

type Found = Readonly<Record<string, Value>>

/** A shipped recipe and its simulated device, talking to each other without a line. */
export function withoutLine(name: string, params: Readonly<Record<string, string | number>> = {}) {
  const { device, recipe } = loadDevice(name, params)
  const ready = compileRecipe(recipe)
  const settings = resolveParams(recipe, params)

  function request(exchange: ReadyExchange, value?: Value): readonly Uint8Array[] {
    for (const first of exchange.first) request(ready.exchanges.get(first) as ReadyExchange)
    const bytes = createFramer(ready.send).encode(
      exchange.request({ ...settings, ...(value !== undefined && { value }) }),
    )
    const heard = payloads(ready.send, bytes, (one) => one)
    return heard.flatMap((frame) => payloadsOf(exchange.frame, device.answer(frame) ?? []))
  }

  /** What the first frame is that is not of something else; undefined: there is none. */
  function judged(exchange: ReadyExchange, value?: Value) {
    const values = { ...settings, ...(value !== undefined && { value }) }
    for (const payload of request(exchange, value)) {
      const answer = exchange.judge(payload, values)
      if (answer.kind !== 'other') return { payload, answer }
    }
    return undefined
  }

  function valuesOf(from: string, payload: Uint8Array, answer: Answer): Found {
    const groups = answer.kind === 'answer' ? answer.groups : {}
    const own = [...ready.values].filter(([, value]) => value.from === from)
    return Object.fromEntries(own.map(([key, { extract }]) => [key, extract(payload, groups)]))
  }

  return {
    device,
    ready,
    /** The values of an exchange; throws what the device says that it cannot. */
    ask(exchange: string): Found {
      const found = judged(ready.exchanges.get(exchange) as ReadyExchange)
      if (found === undefined) return {}
      if (found.answer.kind === 'error') throw found.answer.error
      return valuesOf(exchange, found.payload, found.answer)
    },
    /** Whether the write was answered; throws what the device says that it cannot. */
    write(write: string, value: Value): boolean {
      const found = judged(ready.writes.get(write) as ReadyExchange, value)
      if (found?.answer.kind === 'error') throw found.answer.error
      return found !== undefined
    },
    /** Everything that moves or comes by itself, once; the values of the streams that came. */
    pass(): Found {
      const came = device.habits.flatMap(({ perform }) => payloadsOf(ready.recipe.frame, perform()))
      return streamed(ready, came, (stream, payload) => {
        const groups = ready.streams.get(stream)?.find(payload, settings)
        return groups === undefined ? {} : valuesOf(stream, payload, { kind: 'answer', groups })
      })
    },
  }
}

function streamed(
  { streams }: ReadyRecipe,
  came: readonly Uint8Array[],
  take: (stream: string, payload: Uint8Array) => Found,
): Found {
  const found = [...streams.keys()].flatMap((stream) => came.map((each) => take(stream, each)))
  return Object.assign({}, ...found) as Found
}

const payloadsOf = (frame: FrameSpec, said: readonly Saying[]) =>
  said.flatMap(({ bytes }) => payloads(frame, bytes, ({ payload }) => payload))

function payloads<T>(
  spec: FrameSpec,
  bytes: Uint8Array,
  take: (frame: GoodFrame) => T,
): readonly T[] {
  const framer = createFramer(spec)
  const frames = [...framer.push(bytes, 0), ...framer.finish(0)]
  return frames.flatMap((frame) => {
    if (!frame.good) throw new Error(`a frame is ${frame.reason}`)
    return [take(frame)]
  })
}
