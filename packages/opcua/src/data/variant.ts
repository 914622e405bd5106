import { MapperError, type Value } from '@mapper-sdk/core'
import type { DataTypeName } from '../config/visitor.ts'
import { builtIn } from './built-in.ts'
import { elementOf, refuse, type ElementRules } from './element.ts'
import { isList, parseJson, type Json } from './parse-json.ts'
import type { WriteContext } from './write-context.ts'

/** What a node or an argument takes. */
export interface WriteTarget {
  readonly dataType: DataTypeName
  /**
   * `scalar`: one value. `array`, `matrix`: a JSON array, nested for a matrix. `element`: one value of an
   * array that an index range names; an array of it is sent, as Part 4, 5.10.4 wants. `any`: an array if
   * the text is a JSON array.
   */
  readonly shape: 'scalar' | 'array' | 'matrix' | 'element' | 'any'
  /** Names that stand for numbers, if the type is an enumeration. */
  readonly enumNames?: ReadonlyMap<number, string> | undefined
}

/** A variant as node-opcua's requests take it (VariantOptions). */
export interface WrittenVariant {
  readonly dataType: number
  /** 0 scalar, 1 array, 2 matrix. */
  readonly arrayType: 0 | 1 | 2
  readonly value: unknown
  readonly dimensions?: number[]
}

/**
 * The variant that a value is written as. Numbers are checked against the type and never wrapped, cut
 * or rounded to a whole one. What does not fit is returned as a `bad_data` error. Never throws.
 */
export function variantOf(
  value: Value,
  target: WriteTarget,
  context: WriteContext,
): WrittenVariant | MapperError {
  try {
    return variant(value, target, context)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}

function variant(value: Value, target: WriteTarget, context: WriteContext): WrittenVariant {
  const { dataType, enumNames } = target
  const type = builtIn[dataType]
  const element = (given: Value | Json, isJson: boolean) =>
    elementOf(dataType, given, { enumNames, isJson } satisfies ElementRules, context)
  const list = (given: readonly Json[]) =>
    packed(
      dataType,
      given.map((one) => element(one, true)),
    )

  const shape = target.shape === 'any' ? shapeOf(value) : target.shape
  switch (shape) {
    case 'scalar':
      return { dataType: type, arrayType: 0, value: element(value, false) }
    case 'element': {
      const only = isArrayText(value) ? arrayIn(value, dataType) : undefined
      if (only !== undefined && only.length !== 1) throw refuse(value, 'a single element is wanted')
      const single = only === undefined ? [element(value, false)] : [element(only[0] ?? null, true)]
      return { dataType: type, arrayType: 1, value: packed(dataType, single) }
    }
    case 'array': {
      if (value instanceof Uint8Array && dataType === 'Byte') {
        return { dataType: type, arrayType: 1, value: Uint8Array.from(value) }
      }
      return { dataType: type, arrayType: 1, value: list(arrayIn(value, dataType)) }
    }
    case 'matrix': {
      const { elements, dimensions } = flattened(arrayIn(value, dataType), value)
      return { dataType: type, arrayType: 2, value: list(elements), dimensions }
    }
  }
}

const isArrayText = (value: Value): value is string =>
  typeof value === 'string' && value.trimStart().startsWith('[')

/** For a node that takes any: what the text says by its form. */
function shapeOf(value: Value): 'scalar' | 'array' | 'matrix' {
  if (!isArrayText(value)) return 'scalar'
  try {
    const json = parseJson(value)
    if (!isList(json)) return 'scalar'
    return isList(json[0]) ? 'matrix' : 'array'
  } catch {
    return 'scalar'
  }
}

function arrayIn(value: Value, dataType: DataTypeName): readonly Json[] {
  const why = `an array of ${dataType} is wanted; write a JSON array such as [1,2]`
  if (typeof value !== 'string') throw refuse(value, why)
  const json = parseJson(value)
  if (!isList(json)) throw refuse(value, why)
  return json
}

/** A matrix in one row, as it is sent. Every row of a dimension has to have the same length. */
function flattened(rows: readonly Json[], value: Value) {
  const dimensions: number[] = []
  let level: readonly Json[] = rows
  let size = rows.length
  for (;;) {
    dimensions.push(size)
    const [first] = level
    if (!isList(first)) break
    size = first.length
    const next: Json[] = []
    for (const row of level) {
      if (!isList(row) || row.length !== size) {
        throw refuse(value, 'the rows of a matrix have the same length')
      }
      next.push(...row)
    }
    level = next
  }
  // Of an empty row nothing tells how long it would be.
  if (level.some(isList)) throw refuse(value, 'the rows of a matrix have the same length')
  if (dimensions.length === 1) {
    if (size > 0) throw refuse(value, 'a matrix is a JSON array of arrays, such as [[1,2],[3,4]]')
    dimensions.push(0)
  }
  return { elements: level, dimensions }
}

const typedArrays = {
  SByte: Int8Array,
  Byte: Uint8Array,
  Int16: Int16Array,
  UInt16: Uint16Array,
  Int32: Int32Array,
  UInt32: Uint32Array,
  Float: Float32Array,
  Double: Float64Array,
} as const

/** Arrays of numbers in the form that node-opcua sends as they are. */
function packed(dataType: DataTypeName, elements: readonly unknown[]): unknown {
  if (!(dataType in typedArrays)) return elements
  return typedArrays[dataType as keyof typeof typedArrays].from(elements as number[])
}
