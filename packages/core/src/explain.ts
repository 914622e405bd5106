import type { DeviceState, Id } from './device.ts'
import type { MapperError } from './errors.ts'
import type { TwinExplanation } from './outbox-twin.ts'

/** Why the cloud shows of a property what it shows. */
export interface Explanation {
  readonly device: Id
  readonly property: string
  /** The cause, in one sentence, and what to do about it where something can be done. */
  readonly why: string
  readonly state: DeviceState
  /** What is wrong with the configuration of the device or the property. */
  readonly issues: readonly string[]
  /** The last good value, its age, and the error of the newest reading if that failed. */
  readonly reading?: {
    readonly text: string | undefined
    /** Since the value was true; of a watched property, since it became so: it stands until it changes. */
    readonly ageMs: number
    /** The device tells of changes by itself; false: it is read. */
    readonly watched: boolean
    readonly error?: string
  }
  /** Where the latest text stands on its way to the cloud; undefined if it has none. */
  readonly twin?: TwinExplanation
  readonly link: 'down' | 'up' | 'registered'
}

/** All that bears on the answer. */
export interface ExplainFacts {
  readonly device: Id
  readonly property: string
  readonly state: DeviceState
  readonly waitsForModel: boolean
  /** The custom resource lists the property. */
  readonly isListed: boolean
  /** Of the device as a whole. */
  readonly deviceIssues: readonly string[]
  readonly propertyIssues: readonly string[]
  /** The property as it runs; undefined if it does not. */
  readonly running: { readonly reportToCloud: boolean; readonly collectMs: number } | undefined
  /** Why the last call for the whole device failed, if it did. */
  readonly linkError: MapperError | undefined
  /** Whether the device tells of changes of the property, instead of being read. */
  readonly watched: boolean
  readonly reading:
    | {
        readonly text: string | undefined
        readonly at: number
        readonly error: MapperError | undefined
      }
    | undefined
  /** Why the value cannot be told to EdgeCore at all, if so. */
  readonly untold: string | undefined
  readonly twin: TwinExplanation | undefined
  readonly link: 'down' | 'up' | 'registered'
  readonly callsPerSecond: number
  readonly throttled: boolean
}

export function explain(facts: ExplainFacts, wallMs: number): Explanation {
  const { device, property, state, reading, twin, link } = facts
  return {
    device,
    property,
    why: reasonOf(facts),
    state,
    issues: [...facts.deviceIssues, ...facts.propertyIssues],
    link,
    ...(reading && {
      reading: {
        text: reading.text,
        ageMs: Math.max(0, wallMs - reading.at),
        watched: facts.watched,
        ...(reading.error && { error: reading.error.message }),
      },
    }),
    ...(twin && { twin }),
  }
}

/** The first thing on the way from the device to the cloud that stands in it. */
function reasonOf(facts: ExplainFacts): string {
  const { reading, running, twin, link } = facts
  if (facts.waitsForModel)
    return 'The device waits for its device model: create it, or correct deviceModelRef.'
  if (!facts.isListed) return 'The device has no property of this name.'
  const [issue] = [...facts.propertyIssues, ...facts.deviceIssues]
  if (running === undefined) {
    return issue === undefined
      ? 'The property does not run yet.'
      : `The property does not run, because its configuration is wrong: ${issue}`
  }
  const kept =
    reading?.text === undefined ? 'there is no value yet' : 'the cloud keeps the last good value'
  if (facts.linkError !== undefined) {
    return `The device cannot be reached, so ${kept}: ${facts.linkError.message}`
  }
  if (reading === undefined) {
    return facts.watched
      ? 'The device tells of its changes, and has told no value yet.'
      : `It has not been read yet; it is read every ${running.collectMs} ms.`
  }
  if (reading.error !== undefined) {
    return `The newest reading failed, so ${kept}: ${reading.error.message}`
  }
  if (!running.reportToCloud)
    return 'Its value is known but not reported: reportToCloud is false in the custom resource.'
  if (facts.untold !== undefined)
    return `EdgeCore would drop the value, so it is not sent: ${facts.untold}`
  if (twin?.status === 'refused') return `EdgeCore refused the value: ${twin.refusal}`
  if (link === 'down') return 'EdgeCore is away; the latest value is kept and told when it is back.'
  if (link === 'up') return 'The mapper is connected to EdgeCore and not registered yet.'
  if (twin === undefined) return 'Nothing has been reported yet.'
  if (twin.status === 'waiting') return waitingReason(facts, twin)
  if (twin.status === 'filtered')
    return 'The change is within the deadband, so it is not reported before the next refresh.'
  return 'EdgeCore took this very value; if the cloud shows another, the next refresh repairs it.'
}

function waitingReason({ callsPerSecond, throttled }: ExplainFacts, twin: TwinExplanation): string {
  if (twin.dueInMs > 0) return `It waits ${Math.ceil(twin.dueInMs)} ms for its reportCycle.`
  const rate = Number.isFinite(callsPerSecond)
    ? `${callsPerSecond.toFixed(2)} calls a second`
    : 'no limit'
  const slowed = throttled ? ', slowed down because EdgeCore refused calls' : ''
  return `It waits for the report budget (${rate}${slowed}); ${twin.ahead} twins go before it.`
}
