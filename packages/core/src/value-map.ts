import { formatValue, parseValue } from './convert.ts'
import { integerOf, integerValue, parseDecimal, toNumber, toText } from './decimal.ts'
import type { PropertyType } from './device.ts'
import type { Value } from './driver.ts'
import { MapperError } from './errors.ts'

/** Device value as text → twin text. */
export type ValueMap = ReadonlyMap<string, string>

/** Reads `0=off,1=on`, or an object of the same. Throws `invalid_config` if it makes no sense. */
export function parseMap(map: string | Readonly<Record<string, string>>): ValueMap {
  const pairs = typeof map === 'string' ? map.split(',').map(parsePair) : Object.entries(map)
  const labels = new Map<string, string>()
  for (const [key, text] of pairs) {
    const number = parseDecimal(key.trim())
    const raw = number === undefined ? key.trim() : toText(number)
    if (labels.has(raw)) throw config(`lists ${JSON.stringify(raw)} twice`)
    labels.set(raw, text.trim())
  }
  return labels
}

/** Throws `invalid_config` if the map has a text that the property's type does not know. */
export function checkMap(map: ValueMap, type: PropertyType): void {
  for (const text of map.values()) {
    if (read(text, type) !== undefined) continue
    throw config(
      `has the text ${JSON.stringify(text)}, but the property is ${type} in its model; make it STRING there`,
    )
  }
}

/** The text of a device value. One that is not listed stays as it is: it says more than an error does. */
export function label(value: Value, map: ValueMap): Value {
  const raw = formatValue(value, 'STRING')
  const text = map.get(raw) ?? (typeof value === 'boolean' ? map.get(value ? '1' : '0') : undefined)
  if (text !== undefined) return text
  for (const other of map.values()) {
    if (other === raw) throw bad(`${raw} is not in the map, where another value is called so`)
  }
  return value
}

/** The device value of a text; the first one if several have it. Throws `bad_data` if none has. */
export function unlabel(value: Value, map: ValueMap): Value {
  const wanted = formatValue(value, 'STRING')
  for (const [raw, text] of map) if (text === wanted) return valueOf(raw)
  for (const [raw, text] of map) {
    if (typeof value === 'boolean' && read(text, 'BOOLEAN') === value) return valueOf(raw)
  }
  const known = [...new Set(map.values())].slice(0, 20).join(', ')
  throw bad(`${JSON.stringify(wanted.slice(0, 60))} is not in the map; it has ${known}`)
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf('=')
  const key = pair.slice(0, Math.max(0, equals))
  if (key.trim() !== '') return [key, pair.slice(equals + 1)]
  const got = JSON.stringify(pair.slice(0, 60))
  throw config(`has ${got} where "value=text" belongs; write it like "0=off,1=on"`)
}

function read(text: string, type: PropertyType): Value | undefined {
  try {
    return parseValue(text, type)
  } catch {
    return undefined
  }
}

function valueOf(raw: string): Value {
  const number = parseDecimal(raw)
  if (number === undefined) return raw === 'true' || raw === 'false' ? raw === 'true' : raw
  const integer = integerOf(number)
  return integer === undefined ? toNumber(number) : integerValue(integer)
}

const bad = (detail: string) => new MapperError('bad_data', detail)
const config = (detail: string) => new MapperError('invalid_config', detail)
