import { isMap, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import type { RawConfig } from '../device.ts'
import type { JSONSchema } from '../schema.ts'

/** A place in a text, both counted from 1. */
export interface Located {
  readonly line: number
  readonly column: number
}

export interface YamlProblem extends Located {
  readonly message: string
}

export interface YamlReading {
  /** As plain JSON. */
  readonly value: RawConfig
  /** What is wrong with the YAML itself. */
  readonly problems: readonly YamlProblem[]
  /** Where a value or a key stands; of what is not there, where its parent does. */
  locate(path: Path, what: 'key' | 'value'): Located
}

type Path = readonly (string | number)[]

/** The few keywords that guide the reading. */
interface Shape {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
}

/**
 * Reads a block of keys in YAML. Two things are as in Go: a scalar is a text as it is written where
 * the schema wants a text (`version: 1.10` is "1.10"), and an empty one counts as left out. Pure.
 */
export function readYaml(source: string, schema: JSONSchema): YamlReading {
  const lines = new LineCounter()
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source
  const at = (offset: number): Located => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: YamlProblem[] = []
  const document = parse(text, lines, (offset, message) =>
    problems.push({ ...at(offset), message }),
  )
  if (document === undefined) {
    return { value: {}, problems, locate: () => ({ line: 1, column: 1 }) }
  }
  keepTexts(document, schema, [])
  const value = withoutEmpty(document.toJS({ maxAliasCount: mostAliases })) as RawConfig
  return { value, problems, locate: (path, what) => at(offsetOf(document, path, what)) }
}

const mostAliases = 100

function parse(
  text: string,
  lines: LineCounter,
  fail: (offset: number, message: string) => void,
): Document | undefined {
  if (text.trim() === '') {
    fail(0, 'the file is empty (start with the block common:)')
    return undefined
  }
  let firstAlias = 0
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      logLevel: 'error',
    })
    // The first few: what follows a broken place is mostly noise.
    for (const { pos, message, code } of document.errors.slice(0, 5)) {
      fail(pos[0], fixes[code] ?? message)
      if (code === 'RESOURCE_EXHAUSTION') break
    }
    if (document.errors.length > 0) return undefined
    if (!isMap(document.contents)) {
      const offset = document.contents?.range[0] ?? 0
      fail(offset, 'must be a block of keys (start with the block common:)')
      return undefined
    }
    visit(document, {
      Alias: (_, node) => {
        firstAlias = node.range?.[0] ?? 0
        return visit.BREAK
      },
    })
    // Aliases may be broken, or multiply without end.
    document.toJS({ maxAliasCount: mostAliases })
    return document
  } catch (thrown) {
    if (thrown instanceof RangeError) fail(0, 'nested too deeply (is it the right file?)')
    else fail(firstAlias, `${(thrown as Error).message} (write the values out)`)
    return undefined
  }
}

const fixes: Readonly<Partial<Record<string, string>>> = {
  TAB_AS_INDENT: 'a tab in the indentation (use spaces)',
  DUPLICATE_KEY: 'the key stands twice in its block (remove one)',
  MULTIPLE_DOCS: 'more than one document in the file (remove the second ---)',
  RESOURCE_EXHAUSTION: 'nested too deeply (is it the right file?)',
}

function keepTexts(document: Document, shape: Shape, path: Path): void {
  for (const [key, inner] of Object.entries(shape.properties ?? {})) {
    const node = document.getIn([...path, key], true)
    if (isMap(node)) keepTexts(document, inner, [...path, key])
    else if (inner.type === 'string' && isScalar(node) && node.value !== null) {
      node.value = node.source ?? node.value
    }
  }
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== null && inner !== '')
  return Object.fromEntries(kept)
}

function offsetOf(document: Document, path: Path, what: 'key' | 'value'): number {
  const [last] = path.slice(-1)
  if (last === undefined) return document.contents?.range?.[0] ?? 0
  const parent = path.slice(0, -1)
  const map = parent.length === 0 ? document.contents : document.getIn(parent, true)
  if (isMap(map)) {
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === last)
    const node = (what === 'value' ? (pair?.value ?? pair?.key) : pair?.key) as
      { range?: readonly number[] } | undefined
    const offset = node?.range?.[0]
    if (offset !== undefined) return offset
  }
  return offsetOf(document, parent, 'key')
}
