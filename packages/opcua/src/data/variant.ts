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

/** The same of a part of JSON, such as one argument of several; its bytes are base64. */
export function variantOfJson(
  json: Json,
  target: WriteTarget,
  context: WriteContext,
): WrittenVariant | MapperError {
  const shape = target.shape === 'any' ? shapeOfJson(json) : target.shape
  try {
    return shape === 'array' || shape === 'matrix'
      ? many(shape, listIn(json, target.dataType), target, context)
      : single(json, true, target, context)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}

function variant(value: Value, target: WriteTarget, context: WriteContext): WrittenVariant {
  const { dataType } = target
  const type = builtIn[dataType]
  const shape = target.shape === 'any' ? shapeOf(value) : target.shape
  switch (shape) {
    case 'scalar':
      return single(value, false, target, context)
    case 'element': {
      const only = isArrayText(value) ? arrayIn(value, dataType) : undefined
      if (only !== undefined && only.length !== 1) throw refuse(value, 'a single element is wanted')
      const element = only === undefined ? value : (only[0] ?? null)
      const made = single(element, only !== undefined, target, context).value
      return { dataType: type, arrayType: 1, value: packed(dataType, [made]) }
    }
    case 'array':
      if (value instanceof Uint8Array && dataType === 'Byte') {
        return { dataType: type, arrayType: 1, value: Uint8Array.from(value) }
      }
      return many(shape, arrayIn(value, dataType), target, context)
    case 'matrix':
      return many(shape, arrayIn(value, dataType), target, context)
  }
}

function single(
  given: Value | Json,
  isJson: boolean,
  { dataType, enumNames }: WriteTarget,
  context: WriteContext,
): WrittenVariant {
  const rules: ElementRules = { enumNames, isJson }
  const value = elementOf(dataType, given, rules, context)
  return { dataType: builtIn[dataType], arrayType: 0, value }
}

function many(
  shape: 'array' | 'matrix',
  given: readonly Json[],
  target: WriteTarget,
  context: WriteContext,
): WrittenVariant {
  const { dataType } = target
  const list = (elements: readonly Json[]) =>
    packed(
      dataType,
      elements.map((one) => single(one, true, target, context).value),
    )
  const type = builtIn[dataType]
  if (shape === 'array') return { dataType: type, arrayType: 1, value: list(given) }
  const { elements, dimensions } = flattened(given)
  return { dataType: type, arrayType: 2, value: list(elements), dimensions }
}

const isArrayText = (value: Value): value is string =>
  typeof value === 'string' && value.trimStart().startsWith('[')

/** For a node that takes any: what the text says by its form. */
function shapeOf(value: Value): 'scalar' | 'array' | 'matrix' {
  if (!isArrayText(value)) return 'scalar'
  try {
    return shapeOfJson(parseJson(value))
  } catch {
    return 'scalar'
  }
}

function shapeOfJson(json: Json): 'scalar' | 'array' | 'matrix' {
  if (!isList(json)) return 'scalar'
  return isList(json[0]) ? 'matrix' : 'array'
}

function arrayIn(value: Value, dataType: DataTypeName): readonly Json[] {
  return listIn(typeof value === 'string' ? parseJson(value) : value, dataType)
}

function listIn(json: unknown, dataType: DataTypeName): readonly Json[] {
  if (isList(json)) return json
  throw new MapperError(
    'bad_data',
    `an array of ${dataType} is wanted; write a JSON array such as [1,2]`,
  )
}

const unequal = 'the rows of a matrix have the same length'

/** A matrix in one row, as it is sent. Every row of a dimension has to have the same length. */
function flattened(rows: readonly Json[]) {
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
        throw new MapperError('bad_data', unequal)
      }
      next.push(...row)
    }
    level = next
  }
  // Of an empty row nothing tells how long it would be.
  if (level.some(isList)) throw new MapperError('bad_data', unequal)
  if (dimensions.length === 1) {
    if (size > 0)
      throw new MapperError('bad_data', 'a matrix is a JSON array of arrays, such as [[1,2],[3,4]]')
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
