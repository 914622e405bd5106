import { MapperError } from '@mapper-sdk/core'
import { nodeIdText, type NodeIdLike } from '../config/node-id.ts'
import { builtIn } from './built-in.ts'
import { noForm, scalarOf, type Showing } from './show.ts'
import { statusName, type StatusLike } from './status.ts'
import {
  fieldsOf,
  fieldValue,
  typedOf,
  type StructureLike,
  type Typed,
  type VariantLike,
} from './typed.ts'

/** The longest JSON text that a value becomes: no server can make a mapper hold more. */
export const longestJson = 65_536
const deepest = 32

/**
 * The JSON text of any value: arrays and matrices as arrays, structures as objects with their fields in
 * the order of their type. Integers keep all their digits, bytes become base64, NaN and infinities texts.
 * Throws `bad_data` if it gets longer than `longestJson` or is nested too deeply.
 */
export function jsonOf(typed: Typed, showing: Showing): string {
  let text = ''
  let depth = 0

  const put = (part: string) => {
    text += part
    if (text.length <= longestJson) return
    throw new MapperError(
      'bad_data',
      `the value is longer than ${longestJson} characters as JSON; name a part of it with member or indexRange`,
    )
  }

  const nested = (open: string, close: string, inside: () => void) => {
    if (++depth > deepest) {
      throw new MapperError('bad_data', `the value has more than ${deepest} levels; name a member`)
    }
    put(open)
    inside()
    put(close)
    depth--
  }

  const all = ({ type, value, dimensions, isArray, names }: Typed): void => {
    if (!isArray) return one(type, value, names)
    const elements = (value ?? []) as ArrayLike<unknown>
    const sizes = dimensions ?? [elements.length]
    if (sizes.reduce((product, size) => product * size, 1) !== elements.length) {
      throw new MapperError(
        'bad_data',
        'the server sent a matrix whose dimensions are not its size',
      )
    }
    const row = (level: number, from: number, length: number) => {
      nested('[', ']', () => {
        const size = sizes[level] ?? 0
        const each = size === 0 ? 0 : length / size
        for (let at = 0; at < size; at++) {
          if (at > 0) put(',')
          const start = from + at * each
          if (level + 1 < sizes.length) row(level + 1, start, each)
          else one(type, elements[start], names)
        }
      })
    }
    row(0, 0, elements.length)
  }

  const one = (type: number, value: unknown, names: Typed['names']): void => {
    if (value === null || value === undefined) return put('null')
    switch (type) {
      case builtIn.Variant:
        return all(typedOf(value as VariantLike))
      case builtIn.DataValue:
        return dataValue(value as DataValueLike)
      case builtIn.ExtensionObject:
      case builtIn.DiagnosticInfo:
        return structure(value as StructureLike)
      case builtIn.Int32:
        return put(plain(enumValue(value, names, showing)))
    }
    const scalar = scalarOf(type, value, showing)
    if (scalar === undefined) throw noForm(type)
    put(plain(scalar))
  }

  const structure = (value: StructureLike) => {
    const fields = fieldsOf(value.schema)
    const { nodeId, buffer } = value
    if (fields.length === 0 && buffer instanceof Uint8Array) {
      const typeId = nodeIdText(nodeId as NodeIdLike)
      const body = Buffer.from(buffer).toString('base64')
      return put(JSON.stringify({ typeId, body }))
    }
    nested('{', '}', () => {
      let isFirst = true
      for (const field of fields) {
        const member = fieldValue(value, field)
        if (member === undefined) continue
        put(`${isFirst ? '' : ','}${JSON.stringify(field.originalName ?? field.name)}:`)
        isFirst = false
        all(member)
      }
    })
  }

  /** A value with a quality of its own: what is bad has no value here either. */
  const dataValue = ({ value, statusCode }: DataValueLike) => {
    nested('{', '}', () => {
      put(`"StatusCode":${JSON.stringify(statusName(statusCode))}`)
      if (statusCode.value >= 0x8000_0000 || value == null) return
      put(',"Value":')
      all(typedOf(value))
    })
  }

  all(typed)
  return text
}

interface DataValueLike {
  readonly value?: VariantLike | null
  readonly statusCode: StatusLike
}

/** The name of a value of an enumeration if that is wanted and known, else its number. */
export function enumValue(value: unknown, names: Typed['names'], showing: Showing) {
  const number =
    typeof value === 'object' && value !== null
      ? Number(Reflect.get(value, 'value'))
      : Number(value)
  if (names !== undefined) return (showing.isEnumNamed && names.get(number)?.key) || number
  return showing.enumNames?.get(number) ?? number
}

function plain(value: boolean | number | bigint | string | Uint8Array): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? numeral(value) : `"${value}"`
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  return JSON.stringify(value)
}

/** JSON has −0, which JSON.stringify and String do not write. */
const numeral = (value: number) => (Object.is(value, -0) ? '-0' : String(value))
