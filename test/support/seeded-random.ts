/** 0 ≤ x < 1, the same row for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // An LCG with the constants of Numerical Recipes; its high bits are good enough for delays.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
