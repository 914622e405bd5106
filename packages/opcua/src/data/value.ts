import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { MemberPath } from '../config/member-path.ts'
import { builtIn } from './built-in.ts'
import { enumValue, jsonOf } from './json.ts'
import { memberOf } from './member.ts'
import { scalarOf, type Showing } from './show.ts'
import { severityOf, statusError, type StatusLike } from './status.ts'
import { timeOf, type Timed, type TimeSource } from './timestamp.ts'
import { typedOf, type Typed, type VariantLike } from './typed.ts'

/** What is needed of node-opcua's DataValue. */
export interface DataValueLike extends Timed {
  readonly value?: VariantLike | null
  readonly statusCode?: StatusLike | null
}

/** How the readings of a property come out of what the server says of its node. */
export interface Reading extends Showing {
  readonly timestamps: TimeSource
  /** Only this member of the value. */
  readonly member?: MemberPath
}

/**
 * What a server says of a node as an outcome. A bad value is an error, whatever value comes with it; an
 * uncertain one is marked. No value at all is `unsupported`. Never throws.
 */
export function outcomeOf(
  dataValue: DataValueLike,
  reading: Reading,
  nowMs: number,
): Outcome<Value> {
  const { statusCode } = dataValue
  const status = statusCode?.value ?? 0
  const severity = severityOf(status)
  if (severity === 'bad') return { ok: false, error: statusError(statusCode ?? { value: status }) }
  let value: Value
  try {
    value = valueOf(dataValue.value, reading)
  } catch (thrown) {
    return { ok: false, error: MapperError.from(thrown, 'bad_data') }
  }
  const at = timeOf(dataValue, reading.timestamps, nowMs)
  if (severity === 'good') return at === undefined ? { ok: true, value } : { ok: true, value, at }
  return { ok: true, value, ...(at !== undefined && { at }), uncertain: true }
}

/** The value of a variant, such as a method's result. Throws `unsupported` if there is none, else `bad_data`. */
export function valueOf(
  variant: VariantLike | null | undefined,
  showing: Showing & { readonly member?: MemberPath },
): Value {
  if (variant == null || variant.dataType === builtIn.Null) throw noValue()
  const { value, dataType } = variant
  if (showing.member === undefined && variant.arrayType === 0 && value != null) {
    const scalar = scalarOf(dataType, value, showing)
    if (scalar !== undefined) return scalar
  }
  const typed = typedOf(variant)
  return valueOfTyped(showing.member ? memberOf(typed, showing.member) : typed, showing)
}

function valueOfTyped(typed: Typed, showing: Showing): Value {
  const { type, value, isArray, names } = typed
  if (!isArray) {
    if (value == null && (value === undefined || !nullable.has(type))) throw noValue()
    if (names !== undefined) return enumValue(value, names, showing)
    const scalar = scalarOf(type, value, showing)
    if (scalar !== undefined) return scalar
  }
  return jsonOf(typed, showing)
}

/** Types whose null means the same as empty. */
const nullable: ReadonlySet<number> = new Set([
  builtIn.String,
  builtIn.DateTime,
  builtIn.ByteString,
  builtIn.XmlElement,
  builtIn.QualifiedName,
  builtIn.LocalizedText,
])

const noValue = () => new MapperError('unsupported', 'the node has no value')
