import { MapperError, didYouMean, type Conflict, type ModelProperty } from '@mapper-sdk/core'
import type { ReadyRecipe, ReadyValue, ReadyWrite } from '../recipe/compile-recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import type { Shelf } from '../recipe/shelf.ts'
import type { Values } from '../template/template.ts'
import { paramsOf, wireOf } from './endpoint.ts'
import { ownWords } from '../recipe/own-words.ts'
import type { SerialProtocol } from './protocol.ts'
import type { SerialVisitor } from './visitor.ts'

/** The recipe of a device. Throws a MapperError `invalid_config` that says why there is none. */
export function recipeOf({ recipe, recipeText }: SerialProtocol, shelf: Shelf): ReadyRecipe {
  if (recipeText !== undefined) return shelf.ofText(recipeText)
  if (recipe !== undefined) return shelf.named(recipe)
  throw new MapperError('invalid_config', 'is missing; name a recipe, such as mt-sics-scale')
}

/** The recipe with the settings of one device. */
export interface DeviceRecipe {
  readonly ready: ReadyRecipe
  readonly params: Values
}

/** Throws a MapperError `invalid_config`, as `checkProtocol` would say. */
export function deviceRecipe(protocol: SerialProtocol, shelf: Shelf): DeviceRecipe {
  const ready = recipeOf(protocol, shelf)
  return { ready, params: resolveParams(ready.recipe, paramsOf(protocol)) }
}

/** What the schema cannot say of a protocol config. */
export function checkProtocol(protocol: SerialProtocol, shelf: Shelf): Conflict | undefined {
  const { recipe, recipeText } = protocol
  if (recipe !== undefined && recipeText !== undefined) {
    return { field: 'recipeText', message: 'is given beside recipe; remove one of them' }
  }
  const field = recipeText === undefined ? 'recipe' : 'recipeText'
  const found = attempt(field, () => recipeOf(protocol, shelf))
  if ('conflict' in found) return found.conflict
  const { recipe: spec } = found.value
  const wrong = attempt('params', () => resolveParams(spec, paramsOf(protocol)))
  if ('conflict' in wrong) {
    const known = Object.keys(spec.params ?? {})
    for (const word of Object.keys(protocol.params ?? {})) {
      if (known.includes(word)) continue
      const meant = didYouMean(word, [...known, ...new Set(ownWords.values())])
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`
      const has = known.length === 0 ? 'has no settings' : `has ${known.join(', ')}`
      return { field: word, message: `is no setting of ${spec.name}, which ${has}${hint}` }
    }
    return wrong.conflict
  }
  const line = attempt('transport', () => wireOf(protocol, spec.line))
  return 'conflict' in line ? line.conflict : undefined
}

/** What a property is in a recipe. */
export interface Place {
  readonly value?: ReadyValue
  readonly write?: ReadyWrite
}

export function placeOf(visitor: SerialVisitor, { values, writes }: ReadyRecipe): Place {
  const value = values.get(visitor.value ?? visitor.write ?? '')
  const write = writes.get(visitor.write ?? visitor.value ?? '')
  return { ...(value && { value }), ...(write && { write }) }
}

/** What the schema cannot say of a visitor. */
export function checkVisitor(
  protocol: SerialProtocol,
  visitor: SerialVisitor,
  shelf: Shelf,
  property?: ModelProperty,
): Conflict | undefined {
  const found = attempt('recipe', () => recipeOf(protocol, shelf))
  // What is wrong with the recipe is told of the device.
  if ('conflict' in found) return undefined
  const { values, writes, recipe } = found.value
  const { value, write } = visitor
  const isWrite = write === undefined && value !== undefined && writes.has(value)
  if (value === undefined && write === undefined) {
    return { field: 'value', message: 'is missing; name a value of the recipe' }
  }
  if (value !== undefined && !values.has(value) && !isWrite) {
    return {
      field: 'value',
      message: `is ${value}, ${notIn(recipe.name, value, values, 'values')}`,
    }
  }
  if (write !== undefined && !writes.has(write)) {
    return {
      field: 'write',
      message: `is ${write}, ${notIn(recipe.name, write, writes, 'writes')}`,
    }
  }
  const place = placeOf(visitor, found.value)
  if (property?.accessMode === 'ReadOnly' && place.value === undefined) {
    return { field: 'value', message: `is ${value ?? write}, which can only be written` }
  }
  return undefined
}

function notIn(
  recipe: string,
  name: string,
  among: ReadonlyMap<string, unknown>,
  kind: string,
): string {
  const meant = didYouMean(name, [...among.keys()])
  if (meant !== undefined) return `which ${recipe} does not have; did you mean ${meant}?`
  return `which ${recipe} does not have; its ${kind} are ${[...among.keys()].join(', ') || 'none'}`
}

function attempt<T>(
  field: string,
  call: () => T,
): { readonly value: T } | { readonly conflict: Conflict } {
  try {
    return { value: call() }
  } catch (thrown) {
    return { conflict: { field, message: MapperError.from(thrown, 'invalid_config').detail } }
  }
}
