import { MapperError } from '@mapper-sdk/core'
import { formatMemberPath, type MemberPath } from '../config/member-path.ts'
import { builtIn } from './built-in.ts'
import { statusError, type StatusLike } from './status.ts'
import {
  fieldsOf,
  fieldValue,
  typedOf,
  type StructureLike,
  type Typed,
  type VariantLike,
} from './typed.ts'

/**
 * One member of a value. Throws `bad_data` if there is no such one, naming the path up to it;
 * `unsupported` if it may be there, but is not set.
 */
export function memberOf(typed: Typed, path: MemberPath): Typed {
  let current = unwrapped(typed)
  for (const [at, step] of path.entries()) {
    const here = () => formatMemberPath(path.slice(0, at + 1))
    current = unwrapped(
      typeof step === 'number' ? elementOf(current, step, here) : fieldOf(current, step, here),
    )
  }
  return current
}

type Here = () => string

function elementOf({ value, isArray, dimensions, ...type }: Typed, at: number, here: Here): Typed {
  if (!isArray) throw missing(`member ${here()} is not there: the value is no array`)
  const elements = (value ?? []) as ArrayLike<unknown>
  const [size = 0, ...inner] = dimensions ?? [elements.length]
  if (at >= size) throw missing(`member ${here()} is not there: the array has ${size} elements`)
  if (inner.length === 0) return { ...type, value: elements[at], isArray: false }
  const length = elements.length / size
  const row = Array.prototype.slice.call(elements, at * length, (at + 1) * length) as unknown[]
  return { ...type, value: row, isArray: true, dimensions: inner }
}

function fieldOf({ type, value, isArray }: Typed, name: string, here: Here): Typed {
  if (isArray) throw missing(`member ${here()} is not there: an array takes an index, such as [0]`)
  if (type === builtIn.LocalizedText && (name === 'text' || name === 'locale')) {
    const text: unknown = Reflect.get(value ?? {}, name)
    return { type: builtIn.String, value: text, isArray: false }
  }
  const isStructure = type === builtIn.ExtensionObject || type === builtIn.DiagnosticInfo
  if (!isStructure || typeof value !== 'object' || value === null) {
    throw missing(`member ${here()} is not there: the value is no structure`)
  }
  const structure = value as StructureLike
  const fields = fieldsOf(structure.schema)
  const field =
    fields.find(({ originalName }) => originalName === name) ??
    fields.find((one) => one.name === name)
  if (field === undefined) {
    const names = fields.map((one) => one.originalName ?? one.name).join(', ')
    const there = names === '' ? 'the type of the structure is unknown' : `it has ${names}`
    throw missing(`member ${here()} is not there: ${there}`)
  }
  const member = fieldValue(structure, field)
  if (member !== undefined) return member
  throw new MapperError('unsupported', `member ${here()} is not set`)
}

/** What a Variant or a DataValue holds. */
function unwrapped(typed: Typed): Typed {
  let current = typed
  for (let depth = 0; depth < 32 && !current.isArray && current.value != null; depth++) {
    if (current.type === builtIn.Variant) current = typedOf(current.value as VariantLike)
    else if (current.type === builtIn.DataValue) {
      const { value, statusCode } = current.value as { value: VariantLike; statusCode: StatusLike }
      if (statusCode.value >= 0x8000_0000) throw statusError(statusCode)
      current = typedOf(value)
    } else break
  }
  return current
}

const missing = (message: string) => new MapperError('bad_data', message)
