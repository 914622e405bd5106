/** How much of `sequence` stands in `bytes[at … to)`: all, none, or only a part because the bytes end. */
export function matchAt(
  bytes: Uint8Array,
  at: number,
  to: number,
  sequence: Uint8Array,
): 'all' | 'part' | 'none' {
  const length = Math.min(sequence.length, to - at)
  for (let index = 0; index < length; index++) {
    if (bytes[at + index] !== sequence[index]) return 'none'
  }
  return length === sequence.length ? 'all' : 'part'
}

/** The first place of `sequence` in `bytes[from … to)`, else the first where it may still begin. */
export function seekSequence(
  bytes: Uint8Array,
  from: number,
  to: number,
  sequence: Uint8Array,
): { readonly found: boolean; readonly at: number } {
  const [first = 0] = sequence
  for (let at = from; at < to; at++) {
    at = bytes.indexOf(first, at)
    if (at === -1 || at >= to) break
    const match = matchAt(bytes, at, to, sequence)
    if (match !== 'none') return { found: match === 'all', at }
  }
  return { found: false, at: to }
}
