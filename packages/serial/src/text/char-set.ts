/** Characters, as ranges of code points that are in order and do not touch. */
export type CharSet = readonly (readonly [from: number, to: number])[]

const last = 0x10ffff

export const anything: CharSet = [[0, last]]

export function charSet(ranges: Iterable<readonly [number, number]>): CharSet {
  const set: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = set.at(-1)
    if (before !== undefined && from <= before[1] + 1) before[1] = Math.max(before[1], to)
    else set.push([from, to])
  }
  return set
}

export const union = (...sets: readonly CharSet[]): CharSet => charSet(sets.flat())

export function complement(set: CharSet): CharSet {
  const rest: [number, number][] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) rest.push([next, from - 1])
    next = to + 1
  }
  if (next <= last) rest.push([next, last])
  return rest
}

export const overlaps = (a: CharSet, b: CharSet): boolean =>
  a.some(([from, to]) => b.some(([start, end]) => from <= end && start <= to))

export const sameSet = (a: CharSet, b: CharSet): boolean =>
  a.length === b.length && a.every(([from, to], at) => from === b[at]?.[0] && to === b[at][1])

/** Letters that a Unicode table holds to be small and capital of each other across ASCII and the rest. */
const strangers: ReadonlyMap<number, number> = new Map([
  [0x6b, 0x212a],
  [0x73, 0x17f],
])

/** With the other case of each letter; undefined if there are letters beyond ASCII, which have many cases. */
export function withBothCases(set: CharSet): CharSet | undefined {
  if (set.some(([, to]) => to > 0x7f)) return undefined
  const more: [number, number][] = []
  for (let small = 0x61; small <= 0x7a; small++) {
    const capital = small - 0x20
    if (!overlaps(set, [[small, small]]) && !overlaps(set, [[capital, capital]])) continue
    const stranger = strangers.get(small) ?? small
    more.push([small, small], [capital, capital], [stranger, stranger])
  }
  return charSet([...set, ...more])
}
