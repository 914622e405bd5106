import { alphabetText, isLegalName, isLegalValue } from '../../alphabet.ts'
import type { Id } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Receipt, Refusal, TwinReport, TwinUpdate } from '../edge.ts'
import type { Answer } from './exchange.ts'

export type Heard = Exclude<Answer, { tag: 'silent' }>

/** Sends twins of one device in one message. Silence is thrown. */
export type Send = (
  device: Id,
  twins: readonly TwinUpdate[],
  withoutExpected: (property: string) => boolean,
  signal: AbortSignal,
) => Promise<Heard>

/**
 * EdgeCore does not even answer to a message with a text outside its alphabet, at least not to us:
 * such twins stay here.
 */
export function sortTwins({ twins }: TwinReport): {
  readonly legal: readonly TwinUpdate[]
  readonly refused: readonly Refusal[]
} {
  const legal: TwinUpdate[] = []
  const refused: Refusal[] = []
  for (const twin of twins) {
    const { property, reported, observedDesired } = twin
    if (isLegalName(property) && isLegalValue(reported) && isLegalValue(observedDesired)) {
      legal.push(twin)
    } else refused.push({ property, reason: `EdgeCore takes no text but of ${alphabetText}` })
  }
  return { legal, refused }
}

/** Reports twins over MQTT, message by message; remembers which twins cannot do with an empty desired value. */
export function createTwinReporter(
  send: Send,
): (report: TwinReport, signal: AbortSignal) => Promise<Receipt> {
  /**
   * Twins that somebody else gave a number type: for them an empty `expected` is no value. They are
   * few; forgotten ones only cost some messages more.
   */
  const typed = new Set<string>()
  const typedAtMost = 10_000

  /** One bad twin makes EdgeCore refuse a whole message without naming it: halves tell which. */
  const tell = async (
    device: Id,
    twins: readonly TwinUpdate[],
    signal: AbortSignal,
  ): Promise<readonly Refusal[]> => {
    const [only] = twins
    if (only === undefined) return []
    const keyOf = (property: string) => `${device}/${property}`
    const answer = await send(device, twins, (property) => typed.has(keyOf(property)), signal)
    if (answer.tag === 'accepted') return []
    if (answer.code === 404) {
      throw new MapperError('rejected', `EdgeCore does not know the device ${device}`)
    }
    if (answer.code !== 400) {
      const { code, reason } = answer
      throw new MapperError('rejected', `EdgeCore refused twins of ${device}: ${code} ${reason}`)
    }
    if (twins.length > 1) {
      const middle = Math.ceil(twins.length / 2)
      const first = await tell(device, twins.slice(0, middle), signal)
      return [...first, ...(await tell(device, twins.slice(middle), signal))]
    }
    const { property, observedDesired } = only
    const key = keyOf(property)
    if (observedDesired === '' && !typed.has(key)) {
      const again = await send(device, twins, () => true, signal)
      if (again.tag === 'accepted') {
        if (typed.size >= typedAtMost) typed.clear()
        typed.add(key)
        return []
      }
    }
    return [{ property, reason: answer.reason === '' ? 'refused by EdgeCore' : answer.reason }]
  }

  return async (report, signal) => {
    const { legal, refused } = sortTwins(report)
    const once = await tell(report.device, legal, signal)
    // The cloud loses the first report of a twin: what it has not seen yet follows a second time.
    const bad = new Set(once.map(({ property }) => property))
    const firsts = legal.filter(({ first, property }) => first && !bad.has(property))
    const twice = await tell(report.device, firsts, signal)
    const all = [...refused, ...once, ...twice]
    return all.length === 0 ? 'accepted' : { refused: all }
  }
}
