import { isLegalTwinName, isLegalTwinValue } from './rules.ts'
import { isObject } from './shape.ts'

/** One half of a twin on the broker. The timestamp is EdgeCore's, in ms. */
export interface WireValue {
  readonly value: string
  readonly metadata: { readonly timestamp: number }
}

/** A twin as EdgeCore keeps it in its database and shows it on the broker. */
export interface WireTwin {
  readonly expected?: WireValue
  readonly actual?: WireValue
  readonly optional: boolean
  readonly metadata: { readonly type: string }
}

/** What a message wants of a twin. A value of null is a half without a value, which is deadly. */
export interface TwinChange {
  readonly expected?: string | null
  readonly actual?: string | null
  readonly optional?: boolean
  readonly type?: string
}

export type TwinRefusal =
  'malformed' | 'illegal-name' | 'illegal-value' | 'wrong-type' | 'unknown-device'

export interface Refused {
  readonly tag: 'refused'
  readonly reason: TwinRefusal
  /** EdgeCore's own words. */
  readonly text: string
}

/** `null` as a change deletes the twin. */
export type TwinChanges = ReadonlyMap<string, TwinChange | null>

export interface TwinUpdate {
  readonly tag: 'ok'
  readonly eventId: string
  readonly twins: TwinChanges
}

const letters =
  'must only include upper or lowercase letters, number, english, and special letter - _ . , : / @ #'
const refused = (reason: TwinRefusal, text: string): Refused => ({ tag: 'refused', reason, text })
const malformed = refused(
  'malformed',
  'Unmarshal update request body failed, please check the request',
)

/** Reads the payload of a twin/update as strictly as Go's JSON does. */
export function readTwinUpdate(payload: string): TwinUpdate | Refused {
  const eventId = readEventId(payload)
  const body = parsed(payload)
  if (eventId === undefined || !isObject(body)) return malformed
  const { twin } = body
  if (twin === undefined || twin === null) {
    return refused('malformed', 'Update twin error, key:twin does not exist')
  }
  if (!isObject(twin)) return malformed
  const twins = new Map<string, TwinChange | null>()
  for (const [name, raw] of Object.entries(twin)) {
    const change = changeOf(raw)
    if (change === undefined) return malformed
    twins.set(name, change)
  }
  for (const [name, change] of twins) {
    if (!isLegalTwinName(name)) return refused('illegal-name', `The key of twin ${letters}`)
    if (![change?.expected, change?.actual].every((value) => isLegalTwinValue(value ?? ''))) {
      return refused('illegal-value', `The value of twin ${letters}`)
    }
  }
  return { tag: 'ok', eventId, twins }
}

/** The event_id of any message to EdgeCore; undefined if it cannot be read. */
export function readEventId(payload: string): string | undefined {
  const body = parsed(payload)
  if (!isObject(body)) return undefined
  const { event_id: eventId, timestamp } = body
  if (timestamp != null && !Number.isSafeInteger(timestamp)) return undefined
  if (eventId == null) return ''
  return typeof eventId === 'string' ? eventId : undefined
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}

function changeOf(raw: unknown): TwinChange | null | undefined {
  if (raw === null) return null
  if (!isObject(raw)) return undefined
  const { optional, metadata } = raw
  const halves = { expected: valueOf(raw['expected']), actual: valueOf(raw['actual']) }
  if (halves.expected === 'bad' || halves.actual === 'bad') return undefined
  if (optional != null && typeof optional !== 'boolean') return undefined
  if (metadata != null && !isObject(metadata)) return undefined
  const type = metadata?.['type']
  if (type != null && typeof type !== 'string') return undefined
  return {
    ...(halves.expected && { expected: halves.expected.value }),
    ...(halves.actual && { actual: halves.actual.value }),
    ...(optional != null && { optional }),
    ...(metadata != null && { type: type ?? '' }),
  }
}

function valueOf(raw: unknown): { readonly value: string | null } | 'bad' | undefined {
  if (raw == null) return undefined
  if (!isObject(raw)) return 'bad'
  const value = raw['value'] ?? null
  return value === null || typeof value === 'string' ? { value } : 'bad'
}

export interface TwinDocument {
  readonly last: WireTwin | null
  readonly current: WireTwin | null
}

/** What an accepted message changes. */
export interface TwinResult {
  readonly tag: 'ok'
  /** The parts that the message set, as the result shows them; null for a twin that was deleted. */
  readonly result: ReadonlyMap<string, WireTwin | null>
  readonly documents: ReadonlyMap<string, TwinDocument>
}

/** EdgeCore dies of it. */
export interface Deadly {
  readonly tag: 'deadly'
  readonly why: string
}

/**
 * What becomes of a device's twins. All changes of a message are taken, or none. A twin keeps the
 * type of the message that made it, and values are checked against that type.
 */
export function applyTwins(
  known: ReadonlyMap<string, WireTwin>,
  changes: TwinChanges,
  nowMs: number,
): TwinResult | Refused | Deadly {
  const result = new Map<string, WireTwin | null>()
  const documents = new Map<string, TwinDocument>()
  for (const [name, change] of changes) {
    const last = known.get(name)
    if (change === null) {
      if (last?.optional !== true) continue
      result.set(name, null)
      documents.set(name, { last, current: null })
      continue
    }
    const type = last?.metadata.type ?? change.type ?? 'string'
    const set: { expected?: WireValue; actual?: WireValue } = {}
    for (const half of ['expected', 'actual'] as const) {
      const value = change[half]
      if (value === undefined) continue
      if (value === null) return { tag: 'deadly', why: `${half} of twin ${name} has no value` }
      // EdgeCore looks at the type only where there was a value before, or no twin at all.
      const text = last && !last[half] ? undefined : typeFault(type, value)
      if (text !== undefined) return refused('wrong-type', text)
      // A twin begins with the halves that have some text.
      if (last || value !== '') set[half] = { value, metadata: { timestamp: nowMs } }
    }
    const optional = last?.optional === false ? false : (change.optional ?? true)
    const current = { ...last, ...set, optional, metadata: { type } }
    result.set(name, { ...set, optional, metadata: { type } })
    documents.set(name, { last: last ?? null, current })
  }
  return { tag: 'ok', result, documents }
}

/** What is wrong with a value, in EdgeCore's words. */
function typeFault(type: string, value: string): string | undefined {
  switch (type) {
    case '':
    case 'string':
    case 'deleted':
      return undefined
    case 'int':
    case 'integer': {
      const whole = /^-?\d+$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value)
      return whole ? undefined : 'the value is not int or integer'
    }
    case 'float': {
      const decimal = /^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i
      const real = (decimal.test(value) && Number.isFinite(Number(value))) || notFinite.test(value)
      return real ? undefined : 'the value is not float'
    }
    case 'boolean':
      return value === 'true' || value === 'false'
        ? undefined
        : 'the bool value must be true or false'
    default:
      return 'the value type is not allowed'
  }
}

/** Go reads these as numbers too. */
const notFinite = /^-?(inf|infinity|nan)$/i

/** What is desired and not yet so; undefined if there is nothing of the kind. */
export function deltaOf(twins: ReadonlyMap<string, WireTwin>) {
  const desired = [...twins].filter(([, { expected }]) => (expected?.value ?? '') !== '')
  const delta = desired.flatMap(([name, { expected, actual }]) =>
    expected === undefined || expected.value === actual?.value ? [] : [[name, expected.value]],
  )
  if (delta.length === 0) return undefined
  return {
    twin: Object.fromEntries(desired),
    delta: Object.fromEntries(delta) as Readonly<Record<string, string>>,
  }
}
