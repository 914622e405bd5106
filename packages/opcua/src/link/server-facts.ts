import type { ClientSession, DataValue } from 'node-opcua-client'

/** What a server says of itself. */
export interface ServerFacts {
  /** The namespaces by index. Their order may change with every start of the server. */
  readonly namespaces: readonly string[]
  /** When the server was started, in ms since 1970; NaN if it does not say. */
  readonly startedAt: number
  readonly limits: OperationLimits
}

/** The most that a request may hold; Infinity if the server names no limit. */
export interface OperationLimits {
  readonly read: number
  readonly write: number
  readonly call: number
  readonly browse: number
  readonly translate: number
  readonly monitor: number
}

const nodes = {
  namespaces: 'i=2255',
  startedAt: 'i=2257',
  read: 'i=11705',
  write: 'i=11707',
  call: 'i=11709',
  browse: 'i=11710',
  translate: 'i=11712',
  monitor: 'i=11714',
} as const
type Fact = keyof typeof nodes
const facts = Object.keys(nodes) as Fact[]

/** Asks in one request, or fact by fact where the server takes less than that at once. */
export async function readServerFacts(session: ClientSession): Promise<ServerFacts> {
  const items = facts.map((fact) => ({ nodeId: nodes[fact], attributeId: 13 }))
  let values: DataValue[]
  try {
    values = await session.read(items)
  } catch (thrown) {
    if (!/BadTooManyOperations/.test(String(thrown))) throw thrown
    values = []
    for (const item of items) values.push(await session.read(item))
  }
  const valueOf = (fact: Fact): unknown => {
    const dataValue = values[facts.indexOf(fact)]
    return dataValue?.statusCode.isGood() === true ? (dataValue.value.value as unknown) : undefined
  }
  const limit = (fact: Fact) => {
    const value = valueOf(fact)
    return typeof value === 'number' && value > 0 ? value : Infinity
  }
  const namespaces = valueOf('namespaces')
  const startedAt = valueOf('startedAt')
  return {
    namespaces: Array.isArray(namespaces) ? namespaces.map(String) : [],
    startedAt: startedAt instanceof Date ? startedAt.getTime() : NaN,
    limits: {
      read: limit('read'),
      write: limit('write'),
      call: limit('call'),
      browse: limit('browse'),
      translate: limit('translate'),
      monitor: limit('monitor'),
    },
  }
}

/** Whether the nodes known so far are still those of the server: the same start, the same namespaces. */
export const isSameServer = (before: ServerFacts, now: ServerFacts): boolean =>
  Object.is(before.startedAt, now.startedAt) &&
  before.namespaces.length === now.namespaces.length &&
  before.namespaces.every((uri, index) => uri === now.namespaces[index])
