import type { RawConfig, RawValue } from '../../device.ts'

/** A JSON object of which nothing is known yet. */
export type Unknown = Readonly<Record<string, unknown>>

export const recordOf = (value: unknown): Unknown | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Unknown)
    : undefined

/** A list; what is left out or null (as Go writes an empty one) is an empty list. */
export function listOf(
  value: unknown,
  path: string,
  say: (path: string, message: string) => void,
): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value !== undefined && value !== null) say(path, 'is no list')
  return []
}

/** A text, or what people write instead of one; '' for anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A finite number, also as a text; 0 for anything else. */
export function numberOf(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : 0
}

export const at = (list: string, index: number) => `${list}[${index}]`

/** No configuration is deeper; a deeper one would only be there to exhaust the stack. */
const deepest = 16

/** Parsed JSON as a configuration of its own, without keys that could reach a prototype. */
export function rawOf(
  value: Unknown,
  path: string,
  say: (path: string, message: string) => void,
): RawConfig {
  const copy = (from: unknown, depth: number): RawValue => {
    if (typeof from !== 'object' || from === null) return from as RawValue
    if (depth === deepest) {
      say(path, `is deeper than ${deepest} levels; what is below is left out`)
      return null
    }
    if (Array.isArray(from)) return from.map((each) => copy(each, depth + 1))
    return Object.fromEntries(
      Object.entries(from)
        .filter(([key]) => key !== '__proto__')
        .map(([key, each]) => [key, copy(each, depth + 1)]),
    )
  }
  return copy(value, 0) as RawConfig
}
