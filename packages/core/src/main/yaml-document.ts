import {
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml'
import type { JSONSchema } from '../schema.ts'

/** A place in a text, both counted from 1. */
export interface Located {
  readonly line: number
  readonly column: number
}

export interface YamlReading {
  /** What the schema knows of, as plain JSON; scalars already in the schema's type where they can be. */
  readonly value: unknown
  readonly errors: readonly {
    readonly at: Located
    readonly path: string
    readonly message: string
  }[]
  readonly unknown: readonly {
    readonly at: Located
    readonly path: string
    readonly key: string
    readonly known: readonly string[]
  }[]
  /** Where the value of a dotted path stands, or else the nearest one around it. */
  locate(path: string): Located
}

/** The few keywords that guide the reading. */
interface Shape {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
}

/** Reads YAML along a schema. An empty value (`key:` or `key: ""`) counts as left out, as in Go. Pure. */
export function readYaml(source: string, schema: JSONSchema): YamlReading {
  const lines = new LineCounter()
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source
  const errors: YamlReading['errors'][number][] = []
  const unknown: YamlReading['unknown'][number][] = []
  const places = new Map<string, number>()
  const at = (offset: number): Located => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const locate = (path: string): Located => {
    for (let key = path; key !== ''; key = key.slice(0, Math.max(key.lastIndexOf('.'), 0))) {
      const offset = places.get(key)
      if (offset !== undefined) return at(offset)
    }
    return { line: 1, column: 1 }
  }
  const fail = (offset: number, message: string, path = '') =>
    errors.push({ at: at(offset), path, message })

  const document = parse(text, lines, fail)
  if (document === undefined || errors.length > 0) {
    return { value: undefined, errors, unknown, locate }
  }

  const take = (raw: Node | null, shape: Shape, path: string): unknown => {
    const node = isAlias(raw) ? (raw.resolve(document) ?? null) : raw
    if (node !== null && isMap(node) && shape.properties !== undefined) {
      const value: Record<string, unknown> = {}
      const known = Object.keys(shape.properties)
      for (const pair of node.items) {
        const keyNode = pair.key as Node
        const key = isScalar(keyNode) ? String(keyNode.value) : keyNode.toString()
        const inner = path === '' ? key : `${path}.${key}`
        const offset = keyNode.range?.[0] ?? 0
        if (key === '<<') {
          fail(offset, 'merge keys are not supported (write the keys out)', inner)
        } else if (!known.includes(key)) {
          unknown.push({ at: at(offset), path: inner, key, known })
        } else {
          const child = pair.value as Node | null
          places.set(inner, child?.range?.[0] ?? offset)
          const taken = take(child, shape.properties[key] ?? {}, inner)
          if (taken !== undefined) value[key] = taken
        }
      }
      return value
    }
    if (node === null) return undefined
    return isScalar(node) ? scalar(node.value, node.source, shape) : node.toJS(document)
  }
  return { value: take(document.contents, schema, '') ?? {}, errors, unknown, locate }
}

/** Go takes any scalar where it wants a text, as written: `version: 1.10` is "1.10". */
function scalar(value: unknown, written: string | undefined, shape: Shape): unknown {
  if (value === null || value === '') return undefined
  if (shape.type === 'string' && typeof value !== 'string') return written ?? value
  const numeric = shape.type === 'integer' || shape.type === 'number'
  if (numeric && typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)) return Number(value)
  return value
}

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
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    // The first few: what follows a broken place is mostly noise.
    for (const { pos, message, code } of document.errors.slice(0, 5)) {
      fail(pos[0], syntaxFix[code] ?? message)
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
    // Only to find out whether it can be unfolded: aliases may be broken, or multiply without end.
    document.toJS({ maxAliasCount: 100 })
    return document
  } catch (thrown) {
    if (thrown instanceof RangeError) fail(0, 'nested too deeply (is it the right file?)')
    else fail(firstAlias, `${(thrown as Error).message} (write the values out)`)
    return undefined
  }
}

const syntaxFix: Readonly<Partial<Record<string, string>>> = {
  TAB_AS_INDENT: 'a tab in the indentation (use spaces)',
  DUPLICATE_KEY: 'the key stands twice in its block (remove one)',
  RESOURCE_EXHAUSTION: 'nested too deeply (is it the right file?)',
  MULTIPLE_DOCS: 'more than one document in the file (remove the second ---)',
}
