import {
  applyOptions,
  formatValue,
  MapperError,
  type Connection,
  type Outcome,
  type Value,
} from '@mapper-sdk/core'
import { printable } from './printable.ts'
import type { Item, Target } from './target.ts'

/** What became of one item. */
export interface ItemReading {
  readonly item: Item
  /** ms since 1970. */
  readonly at: number
  readonly outcome: Outcome<ItemValue>
  /** The bytes as they are in the device; left out if they were not asked for, or there are none. */
  readonly raw?: Uint8Array
}

export interface ItemValue {
  readonly value: Value
  /** As a twin would show it. */
  readonly text: string
}

/**
 * Reads all items of the target at once. The same function keeps the plans of the driver from one call
 * to the next. Rejects as the driver does when the link is unusable.
 */
export function createReader(
  { items, protocol, commandLine }: Target,
  { withRaw }: { readonly withRaw: boolean },
): (connection: Connection, signal: AbortSignal) => Promise<readonly ItemReading[]> {
  const raws = items.flatMap(({ visitor }, index) => {
    const raw = withRaw ? commandLine?.raw?.(visitor, protocol) : undefined
    return raw === undefined ? [] : [{ index, visitor: raw }]
  })
  // One batch, so that the driver takes value and bytes out of the same answer where it can.
  const visitors = [...items.map(({ visitor }) => visitor), ...raws.map(({ visitor }) => visitor)]
  return async (connection, signal) => {
    const outcomes = await connection.read(protocol, visitors, signal)
    const at = Date.now()
    return items.map((item, index): ItemReading => {
      const place = raws.findIndex((raw) => raw.index === index)
      const bytes = place === -1 ? undefined : outcomes[items.length + place]
      const raw = bytes?.ok === true && bytes.value instanceof Uint8Array ? bytes.value : undefined
      return { item, at, outcome: valueOf(item, outcomes[index]), ...(raw && { raw }) }
    })
  }
}

function valueOf(item: Item, outcome: Outcome<Value> | undefined): Outcome<ItemValue> {
  if (outcome === undefined) {
    return { ok: false, error: new MapperError('internal', 'the driver gave too few outcomes') }
  }
  if (!outcome.ok) return outcome
  try {
    const value = applyOptions(outcome.value, item.options)
    return { ok: true, value: { value, text: textOf(value, item) } }
  } catch (thrown) {
    return { ok: false, error: MapperError.from(thrown, 'bad_data') }
  }
}

/** As a twin would show the value; without a model each kind of value in its own form. */
export const textOf = (value: Value, { type = 'STRING' }: Pick<Item, 'type'>): string =>
  formatValue(value, type)

/** A table of readings, one line each. */
export function readingLines(readings: readonly ItemReading[]): readonly string[] {
  const width = Math.max(...readings.map(({ item }) => item.label.length))
  const texts = readings.map(({ item, outcome }) => {
    if (!outcome.ok) return printable(`– ${outcome.error.message}`, Infinity)
    const { text } = outcome.value
    return printable(item.unit === undefined ? text : `${text} ${item.unit}`, Infinity)
  })
  const column = Math.max(...texts.map((text, index) => (readings[index]?.raw ? text.length : 0)))
  return readings.map(({ item, raw }, index) => {
    const text = texts[index] ?? ''
    const bytes = raw === undefined ? '' : `  ${wordsOf(raw).join(' ')}`
    const shown = raw === undefined ? text : text.padEnd(column)
    return `${item.label.padEnd(width)}  ${shown}${bytes}`
  })
}

/** One reading as one line of JSON. */
export function readingJson({ item, at, outcome, raw }: ItemReading): string {
  const { label: place, unit } = item
  const what = outcome.ok
    ? { value: plain(outcome.value.value) }
    : { error: { code: outcome.error.code, message: outcome.error.detail } }
  return JSON.stringify({
    ...{ place, at: new Date(at).toISOString(), ...what },
    ...(unit !== undefined && { unit }),
    ...(raw && { raw: wordsOf(raw) }),
  })
}

/** A value as JSON can carry it: integers beyond 2^53 as texts, bytes as hex. */
export function plain(value: Value): boolean | number | string {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? hex(value) : value
}

/** Registers of two bytes. */
const wordsOf = (bytes: Uint8Array): readonly string[] =>
  (hex(bytes).match(/.{1,4}/g) ?? []).map((digits) => `0x${digits}`)

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
