/** A text of a stranger on one line: without characters that a terminal would obey, and not too long. */
export function printable(text: string, longest = 200): string {
  const line = text
    .slice(0, longest + 1)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '?')
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}
