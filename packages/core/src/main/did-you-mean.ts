/** The candidate that a mistyped word most likely stands for, if one is near enough. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ .]/g, '')
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  const typed = plain(word.slice(0, 64))
  for (const candidate of candidates) {
    const meant = plain(candidate)
    const begun = typed.length >= 3 && meant.startsWith(typed)
    const edits = begun ? 1 : distance(typed, meant)
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** Edits (insert, delete, replace) from one text to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
