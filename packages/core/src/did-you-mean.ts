/** The candidate that a mistyped word most likely stands for, if one is near enough. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const typed = bare(word.slice(0, 64))
  let best: string | undefined
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = distance(typed, bare(candidate.slice(0, 64)))
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** Case and separators are what people get wrong most: slave_id, slaveId. */
const bare = (text: string) => text.toLowerCase().replace(/[-_ .]/g, '')

/** Edits (insert, delete, replace, swap neighbours) from one text to the other. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const swapped = isSwap && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Infinity
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
