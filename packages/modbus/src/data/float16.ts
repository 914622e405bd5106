/** A half-precision float (IEEE 754 binary16): 10 bits of fraction, exponents -14 to 15. */
const fractionBits = 10
const lowestExponent = -14

/** The number that 16 bits mean; also NaN and the infinities. */
export function float16Of(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> fractionBits) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** (lowestExponent - fractionBits)
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - 15)
}

/** The bits of the nearest float16, ties to even; those of an infinity if the number is too large. */
export function bitsOfFloat16(number: number): number {
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0
  const size = Math.abs(number)
  if (size >= 65_520) return sign | 0x7c00
  const exponent = Math.max(exponentOf(size), lowestExponent)
  // Dividing by a power of two is exact, so this is the only rounding.
  const steps = roundHalfEven(size / 2 ** (exponent - fractionBits))
  // A carry out of the fraction, or into the normal numbers, adds up to the right bits by itself.
  return sign | ((exponent - lowestExponent) * 2 ** fractionBits + steps)
}

/**
 * The double that stands for the shortest decimal of a float16: 0.1 and not 0.0999755859375. Whole
 * numbers stay as they are. Writing it again gives the same bits.
 */
export function shortestFloat16(float: number): number {
  if (!Number.isFinite(float) || Number.isInteger(float)) return float
  const bits = bitsOfFloat16(float)
  for (let digits = 1; digits < 5; digits++) {
    const short = Number(float.toPrecision(digits))
    if (bitsOfFloat16(short) === bits) return short
  }
  return Number(float.toPrecision(5))
}

const scratch = new DataView(new ArrayBuffer(8))

/** Of the highest bit of a double; far too low for the smallest ones, where it is of no account. */
function exponentOf(size: number): number {
  scratch.setFloat64(0, size)
  return (scratch.getUint16(0) >> 4) - 1023
}

function roundHalfEven(size: number): number {
  const floor = Math.floor(size)
  const rest = size - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
