import { isMap, isPair, isScalar, parseAllDocuments, type Document } from 'yaml'
import type { Path } from './shape.ts'

/** A place in a file; both count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A scalar in the text of a file: the offsets where it begins and ends, and whether it has quotes. */
export interface ScalarSpan {
  readonly start: number
  readonly end: number
  readonly quoted: boolean
}

/** One document of a YAML file. */
export interface YamlPart {
  /** As plain JSON; undefined if the YAML is broken or there is nothing. */
  readonly value: unknown
  /** What is wrong with the YAML itself. */
  readonly problems: readonly (Place & { readonly message: string })[]
  /** Where a part of it stands, or its key. Of what is not there: where its parent stands. */
  locate(path: Path, what?: 'key' | 'value'): Place
  /** The key or the value that stands at exactly this path, if it is a scalar. */
  span(path: Path, what: 'key' | 'value'): ScalarSpan | undefined
}

const mostAliases = 100
const logLevel = 'error'

/** The documents of a file. Any text is taken; what is wrong with it is told as a problem of a part. */
export function yamlParts(text: string): readonly YamlPart[] {
  const at = placesIn(text)
  const broken = (offset: number, message: string): YamlPart => {
    const place = at(offset)
    return {
      value: undefined,
      problems: [{ ...place, message: `broken YAML: ${message}` }],
      locate: () => place,
      span: () => undefined,
    }
  }
  const partOf = (document: Document.Parsed): YamlPart => {
    if (document.errors.length > 0) {
      const problems = document.errors.map(({ pos, message }) => ({
        ...at(pos[0]),
        message: `broken YAML: ${message}`,
      }))
      return { ...broken(document.range[0], ''), problems }
    }
    try {
      return {
        value: document.toJS({ maxAliasCount: mostAliases }) as unknown,
        problems: [],
        locate: (path, what = 'value') => {
          const key = what === 'key' ? spanOf(document, path, 'key') : undefined
          return at(key?.start ?? offsetOf(document, path))
        },
        span: (path, what) => spanOf(document, path, what),
      }
    } catch (error) {
      return broken(document.range[0], messageOf(error))
    }
  }
  try {
    // What the library would only warn of goes to stderr of the process.
    const options = { prettyErrors: false, merge: true, logLevel } as const
    const parsed = parseAllDocuments(text, options)
    return 'empty' in parsed ? [] : parsed.map(partOf)
  } catch (error) {
    return [broken(0, messageOf(error))]
  }
}

/** Counted here: the library loses lines where the YAML is broken. */
function placesIn(text: string): (offset: number) => Place {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let line = 0
    for (let next = starts.length; next - line > 1;) {
      const middle = (line + next) >> 1
      if ((starts[middle] ?? Infinity) <= offset) line = middle
      else next = middle
    }
    return { line: line + 1, column: Math.min(offset, text.length) - (starts[line] ?? 0) + 1 }
  }
}

const messageOf = (error: unknown) =>
  error instanceof RangeError
    ? 'it is nested too deeply'
    : error instanceof Error
      ? error.message
      : String(error)

interface Step {
  readonly key?: unknown
  readonly value: unknown
}

/** What is at a step of a path, as the nodes of the text. */
function stepInto(node: unknown, part: string | number): Step | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === part)
    return isPair(pair) ? { key: pair.key, value: pair.value } : undefined
  }
  return { value: (node as { items?: readonly unknown[] } | null)?.items?.[part as number] }
}

/** Where a path stands: its value if that is on one line, else its key, else the same of its parent. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents
  let offset = document.contents?.range[0] ?? document.range[0]
  for (const part of path) {
    const step = stepInto(node, part)
    if (step === undefined) break
    node = step.value
    const place = isScalar(node) || step.key === undefined ? node : step.key
    const range = (place as { range?: readonly number[] } | null | undefined)?.range
    if (range?.[0] === undefined) break
    offset = range[0]
  }
  return offset
}

function spanOf(
  document: Document.Parsed,
  path: Path,
  what: 'key' | 'value',
): ScalarSpan | undefined {
  let step: Step | undefined = { value: document.contents }
  for (const part of path) {
    step = stepInto(step.value, part)
    if (step === undefined) return undefined
  }
  const node = what === 'key' ? step.key : step.value
  if (!isScalar(node) || !node.range) return undefined
  const [start, end] = node.range
  return { start, end, quoted: node.type !== 'PLAIN' }
}
