/** The smallest float32 with all its bits of precision; below, fewer decimal digits are certain. */
const smallestNormal = 1.1754943508222875e-38

/**
 * The double that stands for the shortest decimal of a float32: a register pair holding 0.1 is read
 * as 0.1 and not as 0.10000000149011612. Writing it again gives the same bits.
 */
export function shortestFloat32(float: number): number {
  if (!Number.isFinite(float) || (Number.isInteger(float) && Math.abs(float) <= 2 ** 24))
    return float
  // A float32 keeps every decimal of six digits, so six find all the shorter ones at once; nine are enough for all.
  for (let digits = Math.abs(float) < smallestNormal ? 1 : 6; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits))
    if (Math.fround(short) === float) return short
  }
  return Number(float.toPrecision(9))
}
