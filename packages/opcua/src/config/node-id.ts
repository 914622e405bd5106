import { MapperError } from '@mapper-sdk/core'

/** What a node is called within its namespace, by the letter that stands before it in a text. */
export type Identifier =
  | { readonly kind: 'i'; readonly value: number }
  | { readonly kind: 's'; readonly value: string }
  /** In upper case. */
  | { readonly kind: 'g'; readonly value: string }
  | { readonly kind: 'b'; readonly value: Uint8Array }

/** A node as a text names it. The namespace is an index, or a URI whose index each server decides. */
export type ParsedNodeId = Identifier & { readonly namespace: number | string }

/** A node that may be one of another server: an index of its ServerArray; 0 is the server itself. */
export type ParsedExpandedNodeId = ParsedNodeId & { readonly server: number }

/** A node as node-opcua takes it: `coerceNodeId` makes a NodeId of it without parsing anything. */
export interface PlacedNodeId {
  readonly namespace: number
  /** 1 numeric, 2 string, 3 GUID, 4 opaque. */
  readonly identifierType: 1 | 2 | 3 | 4
  readonly value: number | string | Buffer
}

const rightForm =
  'write it like ns=2;s=Boiler.Temperature or nsu=urn:plant:line1;i=1001, with i= (number), s= (text), g= (GUID) or b= (base64) last'

const highestIndex = 0xffff
const highestNumber = 0xffff_ffff

/**
 * Reads `ns=2;s=…`, `nsu=uri;i=…` (`%3B` and `%25` in the URI stand for `;` and `%`) and, in namespace
 * 0, `i=…`. A text after `s=` is taken as it is, with `;` and `=`. A comma after the index is taken for
 * the semicolon. Throws `invalid_config` that begins with what is wrong.
 */
export function parseNodeId(text: string): ParsedNodeId {
  const { server, ...nodeId } = parseExpandedNodeId(text)
  if (server === 0) return nodeId
  throw wrong(`names a node of another server (svr=${server}); connect to that server`)
}

/** As `parseNodeId`, also with `svr=` in front. */
export function parseExpandedNodeId(text: string): ParsedExpandedNodeId {
  const [, server, afterServer] = /^\s*svr=(\d{1,10});(.*)$/s.exec(text) ?? [, '0', text]
  const { namespace, rest } = splitNamespace((afterServer ?? '').trimStart())
  const [, kind, value] = /^\s*([isgb])=(.*)$/s.exec(rest) ?? []
  if (kind === undefined || value === undefined) {
    throw wrong(`is no node id: ${show(text)}; ${rightForm}`)
  }
  if (Number(server) > highestNumber) throw wrong(`has a server index that is too large: ${server}`)
  return { ...identifierOf(kind, value), namespace, server: Number(server) }
}

function splitNamespace(text: string): { namespace: number | string; rest: string } {
  const uri = /^nsu=([^;]*);(.*)$/s.exec(text)
  if (uri !== null) {
    const [, escaped = '', rest = ''] = uri
    if (escaped.trim() === '') throw wrong(`has no namespace after nsu=; ${rightForm}`)
    return { namespace: unescapeUri(escaped.trim()), rest }
  }
  const index = /^ns=\s*(\d+)\s*[;,](.*)$/s.exec(text)
  if (index === null) return { namespace: 0, rest: text }
  const [, digits = '', rest = ''] = index
  const namespace = Number(digits)
  if (namespace <= highestIndex) return { namespace, rest }
  throw wrong(`has the namespace index ${digits}, but the highest is ${highestIndex}`)
}

function identifierOf(kind: string, text: string): Identifier {
  const trimmed = text.trim()
  switch (kind) {
    case 'i': {
      const value = /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : NaN
      if (value <= highestNumber) return { kind, value }
      throw wrong(`has ${show(trimmed)} after i=, which takes a number from 0 to ${highestNumber}`)
    }
    case 's':
      if (text !== '') return { kind, value: text }
      throw wrong(`has nothing after s=; ${rightForm}`)
    case 'g':
      if (isGuid(trimmed)) return { kind, value: trimmed.toUpperCase() }
      throw wrong(
        `has ${show(trimmed)} after g=, which takes a GUID such as 09087e75-8e5e-499b-954f-f2a9603db28a`,
      )
    default: {
      const value = bytesOfBase64(trimmed)
      if (value !== undefined && value.length > 0) return { kind: 'b', value }
      throw wrong(
        `has ${show(trimmed)} after b=, which takes base64 such as M/RbKBsRVkePCePcx24oRA==`,
      )
    }
  }
}

/** The text of a node id, without the namespace if that is 0. `parseNodeId` gives the same node again. */
export function formatNodeId(nodeId: ParsedNodeId | ParsedExpandedNodeId): string {
  const server = 'server' in nodeId && nodeId.server !== 0 ? `svr=${nodeId.server};` : ''
  return server + namespaceText(nodeId.namespace) + identifierText(nodeId)
}

const namespaceText = (namespace: number | string) => {
  if (namespace === 0) return ''
  return typeof namespace === 'number' ? `ns=${namespace};` : `nsu=${escapeUri(namespace)};`
}

const identifierText = ({ kind, value }: Identifier) =>
  `${kind}=${value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value}`

/**
 * The node within a session, whose namespaces are given in the order of the server. Throws
 * `invalid_config` naming the namespace that the server does not have, and those that it has.
 */
export function placeNodeId(nodeId: ParsedNodeId, namespaces: readonly string[]): PlacedNodeId {
  const namespace = placeNamespace(nodeId.namespace, namespaces)
  switch (nodeId.kind) {
    case 'i':
      return { namespace, identifierType: 1, value: nodeId.value }
    case 's':
      return { namespace, identifierType: 2, value: nodeId.value }
    case 'g':
      return { namespace, identifierType: 3, value: nodeId.value }
    case 'b':
      return { namespace, identifierType: 4, value: Buffer.from(nodeId.value) }
  }
}

/** The index of a namespace. An index is taken as it is: the server itself knows best. */
export function placeNamespace(namespace: number | string, namespaces: readonly string[]): number {
  if (typeof namespace === 'number') return namespace
  const index = namespaces.indexOf(namespace)
  if (index >= 0) return index
  const there = namespaces.map((uri, at) => `${at} ${uri}`).join(', ')
  throw wrong(
    `is in the namespace ${namespace}, which the server does not have; it has ${cut(there, 1000)}`,
  )
}

/** What is needed of node-opcua's NodeId and ExpandedNodeId. */
export interface NodeIdLike {
  readonly identifierType: number
  readonly value: unknown
  readonly namespace: number
  readonly namespaceUri?: string | null
  readonly serverIndex?: number
}

/** The text of a node id of node-opcua, as `formatNodeId` writes it. */
export function nodeIdText(nodeId: NodeIdLike): string {
  const server = nodeId.serverIndex ? `svr=${nodeId.serverIndex};` : ''
  return server + namespaceText(nodeId.namespaceUri || nodeId.namespace) + likeText(nodeId)
}

function likeText({ identifierType, value }: NodeIdLike): string {
  if (identifierType === 4) {
    return `b=${value instanceof Uint8Array ? Buffer.from(value).toString('base64') : ''}`
  }
  const letter = identifierType === 1 ? 'i' : identifierType === 3 ? 'g' : 's'
  return `${letter}=${typeof value === 'number' || typeof value === 'string' ? value : ''}`
}

export const isGuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** Strictly base64, with its padding. */
export function bytesOfBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips what is no base64, so only a text that comes out again was all base64.
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Part 6, 5.1.12: only these two are escaped, so that other escapes of the URI stay its own. */
export const escapeUri = (uri: string): string => uri.replaceAll('%', '%25').replaceAll(';', '%3B')
export const unescapeUri = (text: string): string =>
  text.replaceAll(/%3b/gi, ';').replaceAll('%25', '%')

const wrong = (message: string) => new MapperError('invalid_config', message)
const cut = (text: string, length = 100) =>
  text.length > length ? `${text.slice(0, length)}…` : text
const show = (text: string) => JSON.stringify(cut(text))
