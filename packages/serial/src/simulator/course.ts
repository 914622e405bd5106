import { decimalOf, type Value } from '@mapper-sdk/core'
import { fractionOf, negated, plus, valueOf } from '../extract/fraction.ts'
import type { Vary } from './simulator-script.ts'

/** The next value of a state that moves, given what it is now and what the other states are. */
export type Course = (now: Value, stateOf: (name: string) => Value) => Value

const defaultEveryMs = 500
const defaultPeriodMs = 60_000

export const everyMsOf = ({ everyMs = defaultEveryMs }: Vary): number => everyMs

/** The same seed gives the same walk. */
export function createCourse(
  vary: Vary,
  type: 'number' | 'integer' | 'text',
  seed: number,
): Course {
  switch (vary.shape) {
    case 'walk': {
      const { minimum, maximum, step = (maximum - minimum) / 20 } = vary
      const random = randomFrom(seed)
      const round = rounding(vary, type)
      return (now) =>
        round(Math.min(maximum, Math.max(minimum, Number(now) + (2 * random() - 1) * step)))
    }
    case 'sine':
    case 'ramp': {
      const { minimum, maximum, periodMs = defaultPeriodMs } = vary
      const round = rounding(vary, type)
      let count = 0
      return () => {
        const phase = ((++count * everyMsOf(vary)) % periodMs) / periodMs
        const part = vary.shape === 'ramp' ? phase : (1 - Math.cos(2 * Math.PI * phase)) / 2
        return round(minimum + (maximum - minimum) * part)
      }
    }
    case 'follow': {
      const step = fractionOf(decimalOf(vary.step))
      return (now, stateOf) => {
        const target = stateOf(vary.target)
        const left = Number(target) - Number(now)
        if (Math.abs(left) <= vary.step) return target
        // Exactly, so that no step gets decimals that a template would refuse.
        return valueOf(plus(fractionOf(decimalOf(Number(now))), left > 0 ? step : negated(step)))
      }
    }
    case 'cycle': {
      let count = 0
      return () => vary.values[++count % vary.values.length] ?? ''
    }
  }
}

function rounding(
  { decimals }: { readonly decimals?: number },
  type: 'number' | 'integer' | 'text',
) {
  const places = type === 'integer' ? 0 : (decimals ?? 2)
  return (value: number) => Number(value.toFixed(places)) + 0
}

/** Numbers in [0, 1) that depend on the seed alone: a linear congruence whose high bits are taken. */
function randomFrom(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}
