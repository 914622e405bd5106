/** What a part of a CR has to look like: what the API server's schema of a CRD checks. */
export type Shape =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'texts'
  | 'free'
  | { readonly list: Shape }
  | { readonly oneOf: readonly string[] }
  | {
      readonly fields: Readonly<Record<string, Shape>>
      readonly required?: readonly string[]
      /** Further fields are nobody's business. */
      readonly open?: true
    }

export type Path = readonly (string | number)[]

/** What kind of problem it is: short names that stay, for whoever tells them apart. */
export type ProblemRule =
  | 'api-version'
  | 'config-named-data'
  | 'config-nested'
  | 'missing-field'
  | 'not-a-resource'
  | 'property-twice'
  | 'resource-name'
  | 'unknown-field'
  | 'wrong-choice'
  | 'wrong-type'

/** What is wrong where, and how to mend it. */
export interface Problem {
  readonly rule: ProblemRule
  readonly path: Path
  readonly message: string
  /** The field or the word that was meant, if there is one alone. */
  readonly meant?: string
  /** What it should be: the same scalar with quotes, or without. */
  readonly wanted?: 'text' | 'integer' | 'boolean'
}

/** A path as people write it: `spec.properties[0].name`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`,
    '',
  )

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Everything in `value` that does not fit. A null counts as left out, as in Kubernetes. */
export function checkShape(value: unknown, shape: Shape, path: Path = []): readonly Problem[] {
  if (value === null || value === undefined) return []
  const wrong = (message: string, more: Partial<Problem> = {}): readonly Problem[] => [
    { rule: 'wrong-type', path, message, ...more },
  ]
  const kind = kindOf(value)
  if (shape === 'string') {
    if (kind === 'text') return []
    const fix =
      typeof value === 'object' ? 'write one text' : `put it in quotes: "${JSON.stringify(value)}"`
    return wrong(`must be a text, but is ${kind}; ${fix}`, { wanted: 'text' })
  }
  if (shape === 'boolean') {
    return kind === 'a boolean'
      ? []
      : wrong(`must be true or false (no quotes), but is ${kind}`, { wanted: 'boolean' })
  }
  if (shape === 'integer') {
    return Number.isSafeInteger(value)
      ? []
      : wrong(
          `must be a whole number (no quotes), but is ${kind === 'a number' ? JSON.stringify(value) : kind}`,
          { wanted: 'integer' },
        )
  }
  if (shape === 'texts') {
    if (!isObject(value)) return wrong(`must be a map of texts, but is ${kind}`)
    return Object.entries(value).flatMap(([key, item]) =>
      checkShape(item, 'string', [...path, key]),
    )
  }
  if (shape === 'free') {
    return isObject(value) ? [] : wrong(`must be a map of settings, but is ${kind}`)
  }
  if ('oneOf' in shape) {
    if (typeof value === 'string' && shape.oneOf.includes(value)) return []
    const written = typeof value === 'string' ? value.toLowerCase() : undefined
    const meant = shape.oneOf.find((word) => word.toLowerCase() === written)
    return wrong(`must be one of ${shape.oneOf.join(', ')}, but is ${JSON.stringify(value)}`, {
      rule: 'wrong-choice',
      ...(meant !== undefined && { meant }),
    })
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) {
      return wrong(`must be a list, but is ${kind}; begin each item with "- "`)
    }
    return value.flatMap((item, index): readonly Problem[] =>
      isObject(shape.list) && item === null
        ? [
            {
              rule: 'wrong-type',
              path: [...path, index],
              message: 'is an empty list item; remove it or fill it in',
            },
          ]
        : checkShape(item, shape.list, [...path, index]),
    )
  }
  if (!isObject(value)) return wrong(`must be a map, but is ${kind}`)
  return [
    ...(shape.required ?? [])
      .filter((name) => value[name] === undefined || value[name] === null || value[name] === '')
      .map((name): Problem => ({
        rule: 'missing-field',
        path,
        message: `has no ${name}; add ${name}`,
      })),
    ...Object.entries(value).flatMap(([name, item]): readonly Problem[] => {
      const inner = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
      if (inner !== undefined) return checkShape(item, inner, [...path, name])
      if (shape.open) return []
      const meant = closest(name, Object.keys(shape.fields))
      const fix = meant === undefined ? 'remove it' : `did you mean ${meant.name}?`
      const message = `${name} is not a field that exists here; ${fix}`
      const isClear = meant?.clear === true && !Object.hasOwn(value, meant.name)
      return [
        {
          rule: 'unknown-field',
          path: [...path, name],
          message,
          ...(isClear && { meant: meant.name }),
        },
      ]
    }),
  ]
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number'
  if (typeof value === 'boolean') return 'a boolean'
  return Array.isArray(value) ? 'a list' : 'a map'
}

/** The known name that is one or two slips away, if there is one; `clear` if no other is as near. */
function closest(
  name: string,
  known: readonly string[],
): { readonly name: string; readonly clear: boolean } | undefined {
  const ranked = known
    .map((candidate) => ({
      candidate,
      slips: distance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.slips - b.slips)
  const [best, next] = ranked
  if (best === undefined || best.slips > 2) return undefined
  const isShort = best.slips > Math.max(1, Math.floor(name.length / 3))
  return { name: best.candidate, clear: !isShort && next?.slips !== best.slips }
}

/** Levenshtein distance, cut off for long names: a typo is short. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 64) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? Infinity
}
