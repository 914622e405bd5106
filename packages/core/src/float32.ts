/** The smallest float32 with all its bits of precision; below, fewer decimal digits are certain. */
const smallestNormal = 1.1754943508222875e-38

/** Powers of ten that a double holds exactly and that nine digits of these magnitudes need. */
const powers = Array.from({ length: 15 }, (_, exponent) => 10 ** exponent)

/**
 * The double that stands for the shortest decimal of a float32: a device's 0.1 is read as 0.1 and not
 * as 0.10000000149011612. Writing it again gives the same bits.
 */
export function shortestFloat32(float: number): number {
  if (!Number.isFinite(float) || (Number.isInteger(float) && Math.abs(float) <= 2 ** 24))
    return float
  // Of common magnitudes whole numbers and exact powers do, which is ten times as fast as texts.
  const size = Math.abs(float)
  if (size >= 1e-5 && size < 2 ** 24) {
    const magnitude = Math.floor(Math.log10(size))
    for (let digits = 6; digits <= 9; digits++) {
      const power = powers[digits - 1 - magnitude]
      if (power === undefined) continue
      const short = Math.round(size * power) / power
      if (Math.fround(short) === size) return float < 0 ? -short : short
    }
  }
  return fromText(float)
}

function fromText(float: number): number {
  // A float32 keeps every decimal of six digits, so six find all the shorter ones at once; nine are enough for all.
  for (let digits = Math.abs(float) < smallestNormal ? 1 : 6; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits))
    if (Math.fround(short) === float) return short
  }
  return Number(float.toPrecision(9))
}
