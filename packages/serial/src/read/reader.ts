import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { SerialVisitor } from '../config/visitor.ts'
import { placeOf, type DeviceRecipe } from '../config/recipe-of.ts'
import type { Received, SerialLink } from '../link/link.ts'
import type { ReadyExchange, ReadyValue } from '../recipe/compile-recipe.ts'
import type { Streams } from '../link/streams.ts'
import { valueIn } from './value-in.ts'

/** What of a set of visitors comes from one exchange or stream. */
interface Share {
  readonly from: string
  /** Undefined: a stream, which is not asked for. */
  readonly exchange: ReadyExchange | undefined
  readonly items: readonly { readonly index: number; readonly value: ReadyValue }[]
}

export interface Reader {
  /** One outcome per visitor, in the same order; each exchange is made once. Throws when the line is lost. */
  read(visitors: readonly SerialVisitor[], signal: AbortSignal): Promise<readonly Outcome<Value>[]>
}

export function createReader(
  link: SerialLink,
  { ready, params }: DeviceRecipe,
  streams: Streams,
): Reader {
  const plans = new WeakMap<readonly SerialVisitor[], readonly Share[]>()

  const planFor = (visitors: readonly SerialVisitor[]) => {
    const known = plans.get(visitors)
    if (known !== undefined) return known
    const shares = new Map<string, { index: number; value: ReadyValue }[]>()
    for (const [index, visitor] of visitors.entries()) {
      const { value } = placeOf(visitor, ready)
      if (value === undefined) continue
      const items = shares.get(value.from) ?? []
      items.push({ index, value })
      shares.set(value.from, items)
    }
    const plan = [...shares].map(([from, items]) => ({
      ...{ from, items, exchange: ready.exchanges.get(from) },
    }))
    plans.set(visitors, plan)
    return plan
  }

  return {
    async read(visitors, signal) {
      const outcomes = visitors.map((): Outcome<Value> => nothingToRead)
      /** A device that says nothing at all is not asked for everything else as well. */
      let silent: MapperError | undefined
      for (const { from, exchange, items } of planFor(visitors)) {
        let got: Received | MapperError
        try {
          if (exchange === undefined) got = await streams.next(from, signal)
          else got = silent ?? (await answerOf(link.ask(exchange, params, { signal })))
        } catch (thrown) {
          if (signal.aborted || link.failed !== undefined) throw link.failed ?? thrown
          got = MapperError.from(thrown)
          if (exchange !== undefined && got.code === 'timeout') silent = got
        }
        for (const { index, value } of items) {
          outcomes[index] =
            got instanceof MapperError ? { ok: false, error: got } : valueIn(value, got)
        }
      }
      return outcomes
    },
  }
}

async function answerOf(asked: Promise<Received | undefined>): Promise<Received> {
  const received = await asked
  if (received !== undefined) return received
  throw new MapperError('internal', 'an exchange without an answer has no values')
}

const nothingToRead: Outcome<Value> = {
  ok: false,
  error: new MapperError('unsupported', 'the recipe has no value of this name, only a write'),
}
