/** Each word and its aliases, all in lower case, to the word. */
export function aliases(
  words: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const pairs = Object.entries(words).flatMap(([word, others]) =>
    [word, ...others].map((alias) => [alias.toLowerCase(), word] as const),
  )
  return new Map(pairs)
}
