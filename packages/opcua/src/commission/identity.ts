import type { DataValue } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { valueOf } from '../data/value.ts'
import { severityOf } from '../data/status.ts'
import { reach } from './reach.ts'

/** What of ServerStatus and beside it tells who a server is (Part 5, 12.10 and 6.3.1). */
const questions = [
  ['manufacturer', 'i=2263'],
  ['product', 'i=2261'],
  ['version', 'i=2264'],
  ['build', 'i=2265'],
  ['built', 'i=2266'],
  ['productUri', 'i=2262'],
  ['applicationUri', 'i=2254'],
  ['started', 'i=2257'],
] as const

/** Asks a server who it is, in a session of its own: what it says, by name; what it does not say is left out. */
export async function identify(
  protocol: OpcuaProtocol,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { link } = await reach(protocol, signal)
  try {
    const items = questions.map(([, nodeId]) => ({ nodeId, attributeId: 13 }))
    const answers: DataValue[] = []
    // One by one where the server takes no more at once.
    const most = link.facts.limits.read
    for (let at = 0; at < items.length; at += Math.min(most, items.length)) {
      const part = items.slice(at, at + most)
      answers.push(...(await link.ask('read', (session) => session.read(part), signal)))
    }
    return new Map(
      questions.flatMap(([name], index) => {
        const text = textOf(answers[index])
        return text === '' ? [] : [[name, text] as const]
      }),
    )
  } finally {
    await link.close()
  }
}

function textOf(answer: DataValue | undefined): string {
  if (answer === undefined || severityOf(answer.statusCode.value) !== 'good') return ''
  // ServerArray: the first one is the server itself.
  const { value: raw } = answer.value as { value?: unknown }
  if (Array.isArray(raw)) return typeof raw[0] === 'string' ? raw[0] : ''
  try {
    return String(valueOf(answer.value, { timeAs: 'text' }))
  } catch {
    return ''
  }
}
