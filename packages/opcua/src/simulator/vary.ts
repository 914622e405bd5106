/** A number that moves by itself. */
export interface Variation {
  readonly shape: 'sine' | 'ramp' | 'walk'
  readonly min: number
  readonly max: number
  /** Time of a whole wave or ramp; default 60000. */
  readonly periodMs?: number
  /** Time between two changes; default 500. */
  readonly everyMs?: number
  /** Largest step of a walk; default a twentieth of the range. */
  readonly step?: number
  /** The same seed gives the same walk; default 1. */
  readonly seed?: number
}

/** How often it changes, in ms. */
export const paceOf = ({ everyMs = 500 }: Variation): number => everyMs

/** The number at the start and after each change. A walk begins in the middle and stays in the range. */
export function createCourse(variation: Variation): () => number {
  const { shape, min, max, periodMs = 60_000, seed = 1 } = variation
  const { step = (max - min) / 20 } = variation
  const everyMs = paceOf(variation)
  const chance = chanceFrom(seed)
  const clamp = (value: number) => Math.min(max, Math.max(min, value))
  let changes = 0
  let position = (min + max) / 2
  return () => {
    const part = ((changes++ * everyMs) % periodMs) / periodMs
    switch (shape) {
      case 'ramp':
        return clamp(min + (max - min) * part)
      case 'sine':
        return clamp(min + (max - min) * (0.5 - Math.cos(part * 2 * Math.PI) / 2))
      case 'walk': {
        const here = position
        position = clamp(position + (chance() * 2 - 1) * step)
        return here
      }
    }
  }
}

/** Numbers in [0, 1) that depend on the seed alone: a linear congruential generator. */
function chanceFrom(seed: number): () => number {
  let state = BigInt(seed)
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n)
    return Number(state >> 32n) / 2 ** 32
  }
}
