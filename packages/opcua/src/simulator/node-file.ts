import { createChecker, type Issue } from '@mapper-sdk/core'
import { filled, oneOf, Type } from '@mapper-sdk/core/schema'
import { LineCounter, isNode, parseDocument, type Document } from 'yaml'
import type { DeclaredNode } from './declared-nodes.ts'
import { declaredValue, isNumeric, zeroOf } from './declared-value.ts'
import { builtInTypes, type BuiltInType } from './space/variant-values.ts'
import type { Variation } from './vary.ts'

/** What is wrong in a node file: `file:line:column: what`, one line each. */
export class NodeFileError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'NodeFileError'
  }
}

const longest = 2 ** 31 - 1

type Path = Issue['path']

/** One node, without its value, whose form depends on the type. */
const checker = createChecker(
  Type.Object({
    name: Type.String({ minLength: 1, maxLength: 4096, description: 'Its identifier.' }),
    type: oneOf(builtInTypes, { description: 'A built-in type.' }),
    writable: filled(Type.Boolean({ default: true, description: 'May clients write it?' })),
    vary: Type.Optional(
      Type.Object({
        shape: oneOf(['sine', 'ramp', 'walk'], { description: 'How it moves.' }),
        min: Type.Number({ description: 'Lowest value.' }),
        max: Type.Number({ description: 'Highest value.' }),
        periodMs: Type.Optional(Type.Number({ minimum: 1, maximum: longest })),
        everyMs: Type.Optional(Type.Number({ minimum: 10, maximum: longest })),
        step: Type.Optional(Type.Number({ minimum: 0 })),
        seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
      }),
    ),
  }),
)

/**
 * Reads a node file: `nodes`, a list of variables with `name`, `type`, `value` (a list is an array; left
 * out: nothing, or zero), `writable`, and `vary` for numbers that move: `shape` (sine, ramp or walk),
 * `min`, `max`, `periodMs`, `everyMs`, `step`, `seed`. Throws a NodeFileError with all that is wrong.
 */
export function parseNodes(text: string, file: string): readonly DeclaredNode[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true })
  const faults: string[] = []
  const fault = (path: Path, message: string) => {
    const { line, col } = lines.linePos(offsetOf(document, path))
    faults.push(`${file}:${line}:${col}: ${message}`)
  }
  for (const { pos, message } of document.errors) {
    const { line, col } = lines.linePos(pos[0])
    faults.push(`${file}:${line}:${col}: ${message.split(/ at line| \n|\n/)[0]}`)
  }
  if (faults.length > 0) throw new NodeFileError(faults)

  const content: unknown = document.toJS()
  const nodes = isRecord(content) ? content['nodes'] : undefined
  if (isRecord(content)) {
    for (const key of Object.keys(content).filter((name) => name !== 'nodes')) {
      fault([key], `"${key}" is unknown; known is nodes`)
    }
  }
  if (!Array.isArray(nodes)) fault(['nodes'], 'nodes is missing; it is a list of variables')
  const names = new Set<string>()
  const found = (Array.isArray(nodes) ? nodes : []).map((raw: unknown, index) => {
    const path = ['nodes', index]
    if (!isRecord(raw)) return fault(path, 'a node is a mapping with name and type')
    const { value, ...rest } = raw
    const { value: checked, issues } = checker.check(plain(rest) as Parameters<Check>[0], path)
    for (const issue of issues) fault(issue.path, `${String(issue.path.at(-1))} ${issue.message}`)
    if (checked === undefined) return
    const { name, type, writable, vary } = checked as CheckedNode
    if (names.has(name)) fault(path, `"${name}" is there twice`)
    names.add(name)
    if (vary !== undefined)
      checkVariation(type, vary, (message) => fault([...path, 'vary'], message))
    try {
      const declared = value === undefined ? zeroOf(type) : declaredValue(type, value)
      return { name, type, value: declared, writable, ...(vary !== undefined && { vary }) }
    } catch (thrown) {
      fault([...path, 'value'], thrown instanceof Error ? thrown.message : String(thrown))
    }
  })
  if (faults.length > 0) throw new NodeFileError(faults)
  return found.filter((node) => node !== undefined)
}

function checkVariation(type: BuiltInType, vary: Variation, wrong: (message: string) => void) {
  if (!isNumeric(type)) return wrong(`vary is for numbers, not for ${type}`)
  if (vary.max < vary.min) return wrong(`max is ${vary.max}, which is less than min`)
  if (type === 'Float' || type === 'Double') return
  try {
    // Both ends fit, so everything between does.
    for (const end of [vary.min, vary.max]) declaredValue(type, BigInt(Math.round(end)))
  } catch (thrown) {
    wrong(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

type Check = (typeof checker)['check']

interface CheckedNode {
  readonly name: string
  readonly type: BuiltInType
  readonly writable: boolean
  readonly vary?: Variation
}

/** Where a path is in the text, or what is nearest to it. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whole numbers as the checker takes them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
