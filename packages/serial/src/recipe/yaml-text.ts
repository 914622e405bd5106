import { MapperError, type RawConfig } from '@mapper-sdk/core'
import { LineCounter, isMap, isScalar, isNode, parseDocument, visit, type Document } from 'yaml'

type Path = readonly (string | number)[]

/** A YAML file whose scalars are texts as they are written, with the places of all it has. */
export interface YamlText {
  readonly value: RawConfig
  /** `file:line:column` of what is there, or of what is nearest. */
  place(path: Path): string
}

const longest = 262_144
const mostAliases = 100

/**
 * Reads one YAML document, for a schema to say what the scalars are: `prefix: 01` is a text where a text
 * is wanted. `numbers` are the keys of numbers, which may be written as 0x1d. Throws a MapperError
 * `invalid_config` with file, line and column.
 */
export function readYamlText(text: string, file: string, numbers: ReadonlySet<string>): YamlText {
  const lines = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const refuse = (offset: number, message: string) =>
    new MapperError('invalid_config', `${at(offset)}: ${message}`)
  if (text.length > longest) throw refuse(0, `the file is longer than ${longest} characters`)
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'failsafe',
      prettyErrors: false,
      logLevel: 'error',
    })
    const [error] = document.errors
    if (error !== undefined) throw refuse(error.pos[0], error.message.split('\n')[0] ?? '')
    if (!isMap(document.contents))
      throw refuse(0, 'the file must be a block of keys, such as name: …')
    visit(document, {
      Pair(_, { key, value }) {
        const isNumber = isScalar(key) && numbers.has(String(key.value))
        if (!isNumber || !isScalar(value) || value.type !== 'PLAIN') return
        if (/^0x[0-9a-fA-F]{1,8}$/.test(String(value.value)))
          value.value = String(Number(value.value))
      },
    })
    const value = document.toJS({ maxAliasCount: mostAliases }) as RawConfig
    return { value, place: (path) => at(offsetOf(document, path)) }
  } catch (thrown) {
    if (thrown instanceof MapperError) throw thrown
    const isDeep = thrown instanceof RangeError
    throw refuse(0, isDeep ? 'is nested too deeply' : `${(thrown as Error).message}; write it out`)
  }
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
      : undefined
    const node = pair === undefined ? document.getIn(path.slice(0, length), true) : pair.key
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

/** The keys of a schema whose values are numbers, wherever they are. */
export function numericKeys(schema: object, found = new Set<string>()): ReadonlySet<string> {
  for (const [word, inner] of Object.entries(schema) as [string, unknown][]) {
    if (typeof inner !== 'object' || inner === null) continue
    for (const [key, one] of word === 'properties' ? Object.entries(inner) : []) {
      const { type } = one as { readonly type?: unknown }
      if (type === 'integer' || type === 'number') found.add(key)
    }
    numericKeys(inner, found)
  }
  return found
}
