import type { DeviceState } from '../../device.ts'
import type { Refusal, TwinUpdate } from '../edge.ts'
import { numberOf, recordOf, textOf } from './json.ts'
import type { LegacyDevice, TwinType } from './profile.ts'

const root = '$hw/events/device'

export const topics = {
  twinUpdate: (name: string) => `${root}/${name}/twin/update`,
  twinGet: (name: string) => `${root}/${name}/twin/get`,
  stateUpdate: (name: string) => `${root}/${name}/state/update`,
}

const kinds = {
  'twin/update/delta': 'delta',
  'twin/update/result': 'updated',
  'twin/get/result': 'got',
} as const

/** What the mapper listens to: of all devices, because the list of devices changes. */
export const subscriptions = Object.keys(kinds).map((suffix) => `${root}/+/${suffix}`)

/** Device and kind of a message that was subscribed to. */
export function readTopic(
  topic: string,
): { readonly name: string; readonly kind: 'delta' | 'updated' | 'got' } | undefined {
  const [, name, suffix] = /^\$hw\/events\/device\/([^/]*)\/(.+)$/.exec(topic) ?? []
  if (name === undefined || !isKind(suffix)) return undefined
  return { name, kind: kinds[suffix] }
}

const isKind = (suffix: string | undefined): suffix is keyof typeof kinds =>
  suffix !== undefined && Object.hasOwn(kinds, suffix)

/**
 * The twins of a report as a message; none if there is nothing to tell. EdgeCore checks values against
 * their types and refuses the whole message for one of them, so what does not fit is left out of it. It
 * knows no observed wish: a reported value that equals the wish settles it.
 */
export function encodeTwins(
  device: LegacyDevice,
  updates: readonly TwinUpdate[],
  timestamp: number,
): { readonly message?: (eventId: string) => string; readonly refused: readonly Refusal[] } {
  const refused: Refusal[] = []
  const twins: [string, object][] = []
  for (const { property, reported } of updates) {
    const type = device.twins.get(property)
    if (type === undefined) continue
    if (!fits[type](reported)) {
      refused.push({ property, reason: `${JSON.stringify(reported)} is no ${type}` })
      continue
    }
    const actual = { value: reported, metadata: { timestamp } }
    twins.push([property, { actual, metadata: { type } }])
  }
  if (twins.length === 0) return { refused }
  // fromEntries, because `__proto__` is a legal name of a property.
  const twin = Object.fromEntries(twins)
  return { message: (event_id) => JSON.stringify({ event_id, timestamp, twin }), refused }
}

/** The properties of a report that the profile wants as plain data; undefined if there are none. */
export function encodeData(
  device: LegacyDevice,
  updates: readonly TwinUpdate[],
  timestamp: number,
): string | undefined {
  const data = updates.flatMap(({ property, reported }) => {
    const type = device.data.properties.get(property)
    if (type === undefined) return []
    return [[property, { value: reported, metadata: { timestamp: String(timestamp), type } }]]
  })
  if (data.length === 0) return undefined
  return JSON.stringify({ event_id: '', timestamp, data: Object.fromEntries(data) as object })
}

const fits: Readonly<Record<TwinType, (text: string) => boolean>> = {
  int: (text) => /^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text),
  float: (text) => text !== '' && !Number.isNaN(Number(text)),
  boolean: (text) => text === 'true' || text === 'false',
  string: () => true,
}

/** EdgeCore of these times knows online, offline, ok, unknown and disconnected. */
export const stateWords: Readonly<Record<DeviceState, string>> = {
  ok: 'ok',
  offline: 'offline',
  unhealthy: 'unknown',
  unknown: 'unknown',
}

export const encodeState = (state: DeviceState, timestamp: number) =>
  JSON.stringify({ event_id: '', timestamp, state: stateWords[state] })

export const encodeGet = (timestamp: number) => JSON.stringify({ event_id: '', timestamp })

/** EdgeCore's answer to an update: which one, and why it was refused. */
export interface Result {
  readonly eventId: string
  readonly code: number
  readonly reason: string
}

export function readResult(payload: string): Result | undefined {
  try {
    const message = recordOf(JSON.parse(payload))
    if (message === undefined) return undefined
    const eventId = textOf(message['event_id'])
    return { eventId, code: numberOf(message['code']), reason: textOf(message['reason']) }
  } catch {
    return undefined
  }
}
