import { splitId, type DeviceState, type Id } from '../../device.ts'
import type { TwinUpdate } from '../edge.ts'

const root = '$hw/events/device/'
const twinResult = '/twin/update/result'
const stateResult = '/state/update/result'

/** Where EdgeCore answers: for every device, and without a device if it could not even read a message. */
export const resultTopics: readonly string[] = [
  `${root}+/+${twinResult}`,
  `${root}+/+${stateResult}`,
  `${root}${twinResult}`,
]

/** Two levels, namespace and name, as since KubeEdge 1.16; undefined if they cannot be in a topic. */
function deviceTopic(device: Id, suffix: string): string | undefined {
  const { namespace, name } = splitId(device)
  if (!/^[^/+#\0]+$/.test(name) || /[/+#\0]/.test(namespace)) return undefined
  return `${root}${namespace === '' ? 'default' : namespace}/${name}${suffix}`
}
export const twinTopic = (device: Id) => deviceTopic(device, '/twin/update')
export const stateTopic = (device: Id) => deviceTopic(device, '/state/update')

/**
 * Both values of every twin, as EdgeCore itself makes them of a report over DMI: an empty `expected`
 * takes a desired value out of the cloud that is no longer observed. A value is never null: that
 * brings EdgeCore down. No type: a new twin becomes a string, and others keep the type they have.
 */
export function encodeTwins(
  eventId: string,
  timestamp: number,
  twins: readonly TwinUpdate[],
  withoutExpected: (property: string) => boolean = () => false,
): string {
  // fromEntries, because `__proto__` is a legal name of a property.
  const twin = Object.fromEntries(
    twins.map(({ property, reported, observedDesired }) => [
      property,
      {
        actual: { value: reported },
        ...(!(observedDesired === '' && withoutExpected(property)) && {
          expected: { value: observedDesired },
        }),
      },
    ]),
  )
  return JSON.stringify({ event_id: eventId, timestamp: Math.trunc(timestamp), twin })
}

export const encodeState = (eventId: string, timestamp: number, state: DeviceState): string =>
  JSON.stringify({ event_id: eventId, timestamp: Math.trunc(timestamp), state })

/** What EdgeCore says of an update. `device` is '' if it could not read the message. */
export type UpdateResult =
  | { readonly kind: 'twins'; readonly device: Id; readonly eventId: string }
  | {
      readonly kind: 'state'
      readonly device: Id
      readonly eventId: string
      readonly state: string
    }
  | {
      readonly kind: 'refused'
      readonly device: Id
      readonly eventId: string
      readonly code: number
      readonly reason: string
    }

/** More than any answer to a message of ours can be. */
export const longestResult = 2 ** 20

/** undefined: not an answer of EdgeCore. Never throws, whatever comes. */
export function decodeResult(topic: string, payload: Uint8Array): UpdateResult | undefined {
  const suffix = [twinResult, stateResult].find((end) => topic.endsWith(end))
  if (suffix === undefined || !topic.startsWith(root) || payload.length > longestResult) return
  const device = topic.slice(root.length, Math.max(root.length, topic.length - suffix.length))
  const body = objectOf(payload)
  const eventId = body?.['event_id']
  if (body === undefined || typeof eventId !== 'string') return undefined
  const code = body['code']
  if (code !== undefined) {
    if (typeof code !== 'number' || !Number.isInteger(code)) return undefined
    const reason = typeof body['reason'] === 'string' ? body['reason'].slice(0, 500) : ''
    return { kind: 'refused', device, eventId, code, reason }
  }
  if (suffix === twinResult) {
    return isObject(body['twin']) ? { kind: 'twins', device, eventId } : undefined
  }
  const state = isObject(body['device']) ? body['device']['state'] : undefined
  return typeof state === 'string' ? { kind: 'state', device, eventId, state } : undefined
}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function objectOf(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text.decode(payload))
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
