import type { Bank, RegisterTable } from './bank.ts'
import { rawRegisters, type RawType } from './raw-registers.ts'

/** A value in the registers that moves by itself. */
export interface Variation {
  readonly unit: number
  readonly table: RegisterTable
  readonly address: number
  /** All but floats are rounded. */
  readonly type: RawType
  readonly shape: 'sine' | 'ramp' | 'walk'
  readonly min: number
  readonly max: number
  /** Time of a whole wave or ramp. */
  readonly periodMs: number
  /** Time between two changes. */
  readonly everyMs: number
  /** Largest step of a walk. */
  readonly step: number
  /** The same seed gives the same walk. */
  readonly seed: number
}

/** The value after the start and each change. A walk starts in the middle and stops at the limits. */
export function createCourse(variation: Variation): () => number {
  const { shape, type, min, max, periodMs, everyMs, step, seed } = variation
  const random = randomFrom(seed)
  const round = (value: number) => (type.startsWith('float') ? value : Math.round(value))
  let count = 0
  let walked = (min + max) / 2
  return () => {
    const phase = ((count++ * everyMs) % periodMs) / periodMs
    if (shape === 'ramp') return round(min + (max - min) * phase)
    if (shape === 'sine') {
      return round(min + ((max - min) * (1 - Math.cos(2 * Math.PI * phase))) / 2)
    }
    const before = walked
    walked = Math.min(max, Math.max(min, walked + (2 * random() - 1) * step))
    return round(before)
  }
}

/** Moves the registers until the signal aborts. */
export function vary(bank: Bank, variations: readonly Variation[], signal: AbortSignal): void {
  for (const variation of variations) {
    const { table, address, unit, type, everyMs } = variation
    const course = createCourse(variation)
    const move = () => bank.setRegister(table, address, rawRegisters(type, course()), unit)
    move()
    const timer = setInterval(move, everyMs)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }
}

/** A small generator (mulberry32): numbers in [0, 1) that depend on the seed alone. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
