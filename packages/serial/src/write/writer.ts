import { formatValue, MapperError, type Outcome, type Value, type Write } from '@mapper-sdk/core'
import { placeOf, type DeviceRecipe } from '../config/recipe-of.ts'
import type { SerialVisitor } from '../config/visitor.ts'
import type { SerialLink } from '../link/link.ts'

export interface Writer {
  /** Writes all of them, in order; one outcome each. Throws when the line is lost. */
  write(
    writes: readonly Write<SerialVisitor>[],
    signal: AbortSignal,
  ): Promise<readonly Outcome<void>[]>
}

export function createWriter(link: SerialLink, { ready, params }: DeviceRecipe): Writer {
  async function one({ visitor, value }: Write<SerialVisitor>, signal: AbortSignal) {
    const { write } = placeOf(visitor, ready)
    if (write === undefined) {
      const name = visitor.write ?? visitor.value
      throw new MapperError('unsupported', `${ready.recipe.name} has no write called ${name}`)
    }
    await link.ask(write, { ...params, value }, { urgent: true, signal })
    if (write.readBack !== undefined) await compare(write.readBack, value, signal)
  }

  async function compare(name: string, written: Value, signal: AbortSignal): Promise<void> {
    const back = ready.values.get(name)
    const exchange = ready.exchanges.get(back?.from ?? '')
    if (back === undefined || exchange === undefined) return
    const received = await link.ask(exchange, params, { urgent: true, signal })
    if (received === undefined) return
    const found = back.extract(received.payload, received.groups)
    const [is, wanted] = [found, written].map((one) => formatValue(one, 'STRING'))
    if (is === wanted) return
    throw new MapperError('rejected', `the device was told ${wanted}, but ${name} is ${is}`)
  }

  return {
    async write(writes, signal) {
      const outcomes: Outcome<void>[] = []
      for (const write of writes) {
        try {
          await one(write, signal)
          outcomes.push({ ok: true, value: undefined })
        } catch (thrown) {
          if (signal.aborted || link.failed !== undefined) throw link.failed ?? thrown
          outcomes.push({ ok: false, error: MapperError.from(thrown) })
        }
      }
      return outcomes
    },
  }
}
