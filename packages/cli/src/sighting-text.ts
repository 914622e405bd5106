import type { Value } from '@mapper-sdk/core'
import { formatBytes, formatHex } from '@mapper-sdk/serial'
import type { Direction, NamedValue, Sighting, Taken } from '@mapper-sdk/serial/commission'
import { plain, textOf } from './item-reading.ts'
import { printable } from './printable.ts'

const arrows: Readonly<Record<Direction, string>> = { sent: '>', received: '<', unknown: '|' }

/** Bytes that are shown of a frame on a terminal. */
const mostBytes = 48

/** A frame in one line: when, which way, its bytes in hexadecimal and as a text, and what it is. */
export function sightingLine({ direction, atMs, raw, taken }: Sighting): string {
  const shown = raw.subarray(0, mostBytes)
  const more = raw.length > mostBytes ? ` … (${raw.length} bytes)` : ''
  const what = takenText(taken)
  const bytes = `${formatHex(shown)}  ${formatBytes(shown)}${more}`
  return `${clockOf(atMs)} ${arrows[direction]} ${bytes}${what === '' ? '' : `  ${what}`}`
}

/** The local time of day, with milliseconds. */
function clockOf(atMs: number): string {
  const time = new Date(atMs)
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** What a frame was taken for, in words; empty where nothing is known. */
export function takenText(taken: Taken): string {
  switch (taken.kind) {
    case 'request': {
      const settings = Object.entries(taken.settings).map(([name, text]) => ` ${name}=${text}`)
      const value = taken.value === undefined ? '' : ` = ${shownValue(taken.value)}`
      return `${taken.isWrite ? 'write' : 'request'} ${taken.of}${value}${settings.join('')}`
    }
    case 'answer': {
      const late = taken.lateMs === undefined ? '' : `, ${taken.lateMs} ms late`
      return `answer to ${taken.of}${late}${valuesText(taken.values)}`
    }
    case 'error':
      return `error of ${taken.of}: ${taken.error.message}`
    case 'stream':
      return `stream ${taken.of}${valuesText(taken.values)}`
    case 'other':
      return 'other'
    case 'frame':
      return ''
    case 'hurt':
      return `hurt: ${whyHurt[taken.reason]}`
  }
}

const whyHurt: Readonly<Record<Extract<Taken, { kind: 'hurt' }>['reason'], string>> = {
  noise: 'these bytes belong to no frame (noise)',
  'too-long': 'no end where the longest frame would end (too-long)',
  'too-short': 'no room for all parts of a frame (too-short)',
  incomplete: 'cut off before its end (incomplete)',
  checksum: 'its checksum is wrong (checksum)',
  length: 'its length is none that a frame can have (length)',
  end: 'something else where its end must be (end)',
  coding: 'escapes or digits that mean nothing (coding)',
}

const valuesText = (values: readonly NamedValue[]) =>
  values.length === 0 ? '' : `: ${values.map((one) => `${one.name} ${valueText(one)}`).join(', ')}`

/** A value with its unit, or why there is none. */
export function valueText({ outcome, unit }: NamedValue): string {
  if (!outcome.ok) return `– ${outcome.error.message}`
  const text = shownValue(outcome.value)
  return unit === undefined ? text : `${text} ${unit}`
}

const shownValue = (value: Value) => printable(textOf(value, {}))

/** A frame as one line of JSON, with all its bytes. */
export function sightingJson({ direction, atMs, raw, taken }: Sighting): string {
  const { kind } = taken
  return JSON.stringify({
    ...{ at: new Date(atMs).toISOString(), direction },
    ...{ hex: formatHex(raw), text: formatBytes(raw), kind },
    ...('of' in taken && { of: taken.of }),
    ...(taken.kind === 'request' && { isWrite: taken.isWrite, settings: taken.settings }),
    ...(taken.kind === 'request' && taken.value !== undefined && { value: plain(taken.value) }),
    ...('values' in taken && { values: valuesObject(taken.values) }),
    ...('lateMs' in taken && { lateMs: taken.lateMs }),
    ...(taken.kind === 'error' && { error: errorObject(taken.error) }),
    ...(taken.kind === 'hurt' && { reason: taken.reason }),
  })
}

/** Values by name, for JSON: with their units, or the error. */
export const valuesObject = (values: readonly NamedValue[]) =>
  Object.fromEntries(
    values.map(({ name, unit, outcome }) => [
      name,
      outcome.ok
        ? { value: plain(outcome.value), ...(unit !== undefined && { unit }) }
        : { error: errorObject(outcome.error) },
    ]),
  )

export const errorObject = ({
  code,
  detail,
}: {
  readonly code: string
  readonly detail: string
}) => ({
  ...{ code, message: detail },
})
