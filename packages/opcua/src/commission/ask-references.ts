import { MapperError } from '@mapper-sdk/core'
import type { BrowseResult, NodeId, ReferenceDescription } from 'node-opcua-client'
import { severityOf, statusError } from '../data/status.ts'
import { askInHalves } from '../link/ask-in-halves.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'

/** The references from one node to those below it. */
export interface References {
  readonly found: readonly ReferenceDescription[]
  /** There are more than were wanted. */
  readonly isCut: boolean
}

/**
 * Asks which nodes are below others, in as few requests as the server allows; one answer each, in the
 * same order. Stops at about `most` references for all of them together. What a server keeps for the rest
 * of a long answer is taken or given back.
 */
export type AskReferences = (
  nodes: readonly NodeId[],
  most: number,
  signal: AbortSignal,
) => Promise<readonly (References | MapperError)[]>

/** BadNoContinuationPoints: the server keeps no more ends of long answers at once. */
const noPoints = 0x804b_0000
/** Answers without any reference in a row, after which a server is not believed to have more. */
const mostEmpty = 20

interface Open {
  readonly at: number
  point: Buffer
  empty: number
}

export function createAskReferences(
  link: OpcuaLink,
  options: {
    readonly mostPerCall: number
    /** The most that one answer may hold for a node. */
    readonly mostPerNode: number
  },
): AskReferences {
  const { mostPerCall, mostPerNode } = options

  const askPart = async (
    nodes: readonly NodeId[],
    most: number,
    signal: AbortSignal,
  ): Promise<(References | MapperError)[]> => {
    const found: ReferenceDescription[][] = nodes.map(() => [])
    const failed: (MapperError | undefined)[] = []
    const cut = new Set<number>()
    const again: number[] = []
    let open: Open[] = []
    let count = 0

    const take = (at: number, result: BrowseResult | MapperError, empty: number) => {
      if (result instanceof MapperError) return void (failed[at] = result)
      const { statusCode, references, continuationPoint } = result
      if (severityOf(statusCode.value) === 'bad') {
        if ((statusCode.value & 0xffff_0000) >>> 0 === noPoints && nodes.length > 1) again.push(at)
        else failed[at] = statusError(statusCode)
        return
      }
      const more = references ?? []
      found[at]?.push(...more)
      count += more.length
      if ((continuationPoint as Buffer | null)?.length) {
        open.push({ at, point: continuationPoint, empty: more.length === 0 ? empty + 1 : 0 })
      }
    }

    const results = await askInHalves(link, nodes, (part) =>
      link.ask('browse', (session) => browse(session, part, mostPerNode), signal),
    )
    results.forEach((result, at) => take(at, result, 0))
    while (open.length > 0) {
      const now = open.splice(0)
      const wanted = count >= most ? [] : now.filter(({ empty }) => empty < mostEmpty)
      for (const each of now) if (!wanted.includes(each)) cut.add(each.at)
      give(now.filter((each) => !wanted.includes(each)))
      for (const part of chunk(wanted, mostPerCall)) {
        try {
          const answers = await link.ask(
            'browse on',
            (session) =>
              session.browseNext(
                part.map(({ point }) => point),
                false,
              ),
            signal,
          )
          part.forEach(({ at, empty }, index) => {
            take(at, answers[index] ?? new MapperError('bad_data', 'an answer is missing'), empty)
          })
        } catch (thrown) {
          give([...wanted, ...open])
          open = []
          throw thrown
        }
      }
    }
    const answers = nodes.map(
      (_, at): References | MapperError =>
        failed[at] ?? { found: found[at] ?? [], isCut: cut.has(at) },
    )
    // With the others out of the way there is room for the rest of a long answer.
    for (const at of again) {
      const [answer] = await askPart(nodes.slice(at, at + 1), most - count, signal)
      if (answer !== undefined) answers[at] = answer
    }
    return answers
  }

  /** Nobody waits for it: what cannot be given back ends with the session. */
  const give = (points: readonly Open[]) => {
    const { session } = link
    if (session === undefined) return
    for (const part of chunk(points, mostPerCall)) {
      session
        .browseNext(
          part.map(({ point }) => point),
          true,
        )
        .catch(() => undefined)
    }
  }

  return async (nodes, most, signal) => {
    const answers: (References | MapperError)[] = []
    let left = most
    for (const part of chunk(nodes, mostPerCall)) {
      if (left <= 0) {
        answers.push(...part.map(() => ({ found: [], isCut: true })))
        continue
      }
      const some = await askPart(part, left, signal)
      for (const each of some) if (!(each instanceof MapperError)) left -= each.found.length
      answers.push(...some)
    }
    return answers
  }
}

type Session = NonNullable<OpcuaLink['session']>

/** Forward, of any hierarchical type, with all that is told of a target. */
async function browse(
  session: Session,
  nodes: readonly NodeId[],
  mostPerNode: number,
): Promise<BrowseResult[]> {
  session.requestedMaxReferencesPerNode = mostPerNode
  return session.browse(
    nodes.map((nodeId) => ({
      ...{ nodeId, browseDirection: 0, referenceTypeId: 'i=33', includeSubtypes: true },
      ...{ nodeClassMask: 0, resultMask: 63 },
    })),
  )
}
