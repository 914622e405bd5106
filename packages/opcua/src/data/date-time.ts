import { MapperError } from '@mapper-sdk/core'

const [earliest, latest] = [Date.UTC(1601, 0, 1), Date.UTC(9999, 11, 31, 23, 59, 59, 999)]

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})0*)?)?(Z|[+-]\d\d:?\d\d))?$/i

/**
 * A time from ISO 8601 with its zone, or a date alone (midnight UTC), or a number of ms since 1970.
 * Throws `bad_data` for anything else, and for what OPC UA has no time for: before 1601, after 9999.
 */
export function parseDateTime(given: string | number | bigint): Date {
  const ms = typeof given === 'string' ? fromText(given) : Number(given)
  if (Number.isInteger(ms) && ms >= earliest && ms <= latest) return new Date(ms)
  throw new MapperError(
    'bad_data',
    `${JSON.stringify(String(given).slice(0, 60))} is no time from 1601 to 9999; write it like 2026-05-04T03:02:01.000Z or in ms since 1970`,
  )
}

function fromText(text: string): number {
  if (/^-?\d{5,15}$/.test(text)) return Number(text)
  const match = iso.exec(text)
  if (match === null) return NaN
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part = '0') => Number(part))
  const ms = Number((match[7] ?? '').padEnd(3, '0'))
  // Date.UTC takes the 30th of February for the 2nd of March and years up to 99 for the 20th century.
  const at = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, ms))
  at.setUTCFullYear(year, month - 1, day)
  const isReal =
    at.getUTCMonth() === month - 1 &&
    at.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  return isReal ? at.getTime() - zoneMs(match[8] ?? 'Z') : NaN
}

function zoneMs(zone: string): number {
  if (/^z$/i.test(zone)) return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 23 || minutes > 59) return NaN
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
