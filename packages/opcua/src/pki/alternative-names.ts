/** One name of a certificate besides its subject, as in `DNS:plc-7`. */
export interface AlternativeName {
  readonly kind: string
  readonly value: string
}

/**
 * Reads the names from Node's one-line form. A value that holds a comma or a quote stands there as a
 * JSON string, so that no name can pass for two.
 */
export function namesOf(line: string): readonly AlternativeName[] {
  const names: AlternativeName[] = []
  const name = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y
  for (let found = name.exec(line); found !== null; found = name.exec(line)) {
    const [, kind = '', value = ''] = found
    names.push({ kind, value: value.startsWith('"') ? unquote(value) : value })
    if (name.lastIndex >= line.length) break
  }
  return names
}

function unquote(value: string): string {
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}
