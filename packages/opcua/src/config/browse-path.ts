import { MapperError } from '@mapper-sdk/core'
import {
  escapeUri,
  formatNodeId,
  parseNodeId,
  placeNamespace,
  placeNodeId,
  unescapeUri,
  type ParsedNodeId,
  type PlacedNodeId,
} from './node-id.ts'

/** A name that a namespace qualifies: by its index, or by its URI. */
export interface ParsedName {
  readonly namespace: number | string
  readonly name: string
}

/** One step from a node to a next one. */
export interface BrowseStep {
  readonly referenceType: ParsedNodeId
  /** Against the direction of the reference. */
  readonly isInverse: boolean
  readonly includeSubtypes: boolean
  readonly target: ParsedName
}

/** A step as TranslateBrowsePathsToNodeIds takes it. */
export interface PlacedStep {
  readonly referenceTypeId: PlacedNodeId
  readonly isInverse: boolean
  readonly includeSubtypes: boolean
  readonly targetName: { readonly namespaceIndex: number; readonly name: string }
}

/** Reference types of the standard (Part 6, A.3), by the names that stand between `<` and `>`. */
const referenceTypes: ReadonlyMap<string, number> = new Map([
  ['References', 31],
  ['NonHierarchicalReferences', 32],
  ['HierarchicalReferences', 33],
  ['HasChild', 34],
  ['Organizes', 35],
  ['HasEventSource', 36],
  ['HasModellingRule', 37],
  ['HasEncoding', 38],
  ['HasDescription', 39],
  ['HasTypeDefinition', 40],
  ['GeneratesEvent', 41],
  ['Aggregates', 44],
  ['HasSubtype', 45],
  ['HasProperty', 46],
  ['HasComponent', 47],
  ['HasNotifier', 48],
  ['HasOrderedComponent', 49],
])
const [hierarchical, aggregates] = [33, 44]

const longest = 64
const rightForm = 'write it like /2:Line1/2:Boiler or /nsu=urn:plant;Line1/nsu=urn:plant;Boiler'

/**
 * Reads a way from one node to another, as text of Part 4, A.2: `/` follows any hierarchical reference,
 * `.` a component or property, `<HasComponent>` that type of reference (`#` in front: no subtypes of it,
 * `!`: backwards). Then comes a name: `2:Name`, `nsu=uri;Name` or `{uri}Name`; without a namespace it is
 * in namespace 0. `&` takes its meaning from the next character. The first `/` may be missing.
 * Throws `invalid_config` that begins with what is wrong.
 */
export function parseBrowsePath(text: string): readonly BrowseStep[] {
  const trimmed = text.trim()
  const path = /^[/.<]/.test(trimmed) ? trimmed : `/${trimmed}`
  const steps: BrowseStep[] = []
  let at = 0
  while (at < path.length) {
    const reference = readReference(path, at)
    const target = readName(path, reference.end, nameEnd)
    const { type: referenceType, isInverse, includeSubtypes } = reference
    if (target.name === '') {
      throw wrong(`has no name at ${show(path.slice(at))}; ${rightForm}; a / within a name is &/`)
    }
    const { namespace, name } = target
    steps.push({ referenceType, isInverse, includeSubtypes, target: { namespace, name } })
    at = target.end
  }
  if (steps.length > longest) throw wrong(`has more than ${longest} steps`)
  return steps
}

function readReference(path: string, at: number) {
  const short = path[at]
  const type = (value: number): ParsedNodeId => ({ kind: 'i', value, namespace: 0 })
  if (short === '/' || short === '.') {
    const value = short === '/' ? hierarchical : aggregates
    return { type: type(value), isInverse: false, includeSubtypes: true, end: at + 1 }
  }
  let end = at + 1
  while (end < path.length && path[end] !== '>') end += path[end] === '&' ? 2 : 1
  if (end >= path.length) throw wrong(`has a < without its >: ${show(path.slice(at))}`)
  const [, flags = '', escaped = ''] = /^([#!]*)(.*)$/s.exec(path.slice(at + 1, end)) ?? []
  const name = unescapeName(escaped)
  const known = referenceTypes.get(name.replace(/^0:/, ''))
  return {
    type: known === undefined ? referenceNode(name) : type(known),
    isInverse: flags.includes('!'),
    includeSubtypes: !flags.includes('#'),
    end: end + 1,
  }
}

function referenceNode(name: string): ParsedNodeId {
  try {
    return parseNodeId(name)
  } catch {
    throw wrong(
      `has the reference type ${show(name)}, which is none of the standard's; write its node id, such as <ns=2;i=4001>`,
    )
  }
}

const nameEnd = /[/.<]/

/** A name with its namespace, from `at` to before an unescaped character that ends it. */
function readName(path: string, at: number, ends: RegExp): ParsedName & { end: number } {
  const rest = path.slice(at)
  const uri = /^(?:nsu=([^;]+);|\{([^}]+)\})/.exec(rest)
  const index = uri === null ? /^(\d{1,6}):/.exec(rest) : null
  const prefix = uri?.[0] ?? index?.[0] ?? ''
  let end = at + prefix.length
  while (end < path.length && !ends.test(path.charAt(end))) end += path[end] === '&' ? 2 : 1
  const name = unescapeName(path.slice(at + prefix.length, end))
  const number = Number(index?.[1] ?? 0)
  if (number > 0xffff) throw wrong(`has the namespace index ${number}, but the highest is 65535`)
  const escaped = uri?.[1]
  const namespace = escaped === undefined ? (uri?.[2] ?? number) : unescapeUri(escaped)
  return { namespace, name, end: Math.min(end, path.length) }
}

const unescapeName = (text: string) => text.replaceAll(/&(.)/gs, '$1')
const escapeName = (name: string) => name.replaceAll(/[&/.<>:#!{]/g, '&$&')

/** The text of a path; `parseBrowsePath` gives the same steps again. */
export function formatBrowsePath(steps: readonly BrowseStep[]): string {
  return steps.map((step) => referenceText(step) + nameText(step.target)).join('')
}

function referenceText({ referenceType, isInverse, includeSubtypes }: BrowseStep): string {
  const { kind, namespace, value } = referenceType
  const number = kind === 'i' && namespace === 0 ? value : undefined
  if (!isInverse && includeSubtypes) {
    if (number === hierarchical) return '/'
    if (number === aggregates) return '.'
  }
  const known = [...referenceTypes].find(([, id]) => id === number)?.[0]
  const name = known ?? formatNodeId(referenceType)
  const flags = (includeSubtypes ? '' : '#') + (isInverse ? '!' : '')
  return `<${flags}${name.replaceAll(/[&>]/g, '&$&')}>`
}

function nameText({ namespace, name }: ParsedName): string {
  if (typeof namespace === 'string') return `nsu=${escapeUri(namespace)};${escapeName(name)}`
  // A name that itself begins like one with a namespace must not be taken for it.
  const isPlain = namespace === 0 && !/^(\d|nsu=|\{)/.test(name)
  return isPlain ? escapeName(name) : `${namespace}:${escapeName(name)}`
}

/** The steps within a session. Throws `invalid_config` for a namespace that the server does not have. */
export function placeBrowsePath(
  steps: readonly BrowseStep[],
  namespaces: readonly string[],
): readonly PlacedStep[] {
  return steps.map(({ referenceType, isInverse, includeSubtypes, target }) => ({
    referenceTypeId: placeNodeId(referenceType, namespaces),
    isInverse,
    includeSubtypes,
    targetName: {
      namespaceIndex: placeNamespace(target.namespace, namespaces),
      name: target.name,
    },
  }))
}

const noEnd = /(?!)/

/** A single name: `2:Name`, `nsu=uri;Name`, `{uri}Name` or, in namespace 0, `Name`; `&` escapes. */
export function parseName(text: string): ParsedName {
  const { namespace, name } = readName(text.trim(), 0, noEnd)
  if (name === '') throw wrong(`has no name: ${show(text)}; write it like 2:Boiler`)
  return { namespace, name }
}

const wrong = (message: string) => new MapperError('invalid_config', message)
const show = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
