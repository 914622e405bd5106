import { integerValue } from '@mapper-sdk/core'

/** A 64-bit integer as node-opcua carries it: the high and the low half, both unsigned. */
export type Halves = readonly [high: number, low: number]

const half = 2 ** 32

/** Exact: a number up to 2^53, a bigint beyond. */
export function integerOfHalves([high, low]: Halves, isSigned: boolean): number | bigint {
  const top = isSigned ? high | 0 : high
  // Within these, the sum is exact as a double.
  if (top >= -0x20_0000 && top < 0x20_0000) {
    const small = top * half + low
    if (Number.isSafeInteger(small)) return small
  }
  return integerValue((BigInt(top) << 32n) + BigInt(low))
}

export function halvesOf(integer: number | bigint): [number, number] {
  const bits = BigInt.asUintN(64, BigInt(integer))
  return [Number(bits >> 32n), Number(bits & 0xffff_ffffn)]
}
