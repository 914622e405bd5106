import type { ErrorObject } from 'ajv/dist/2020.js'
import { didYouMean } from './did-you-mean.ts'

/** One thing that is wrong, with the place where it is. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What ajv found, as a sentence that says what is there, what is accepted and what to do. */
export function describeErrors(errors: readonly ErrorObject[], data: unknown): Problem {
  // Of alternatives, ajv lists all failures and the alternative itself last.
  const error = errors.at(-1)
  if (error === undefined) return { path: [], message: 'is not as it should be' }
  const path = pathOf(error.instancePath, data)
  if (error.keyword === 'anyOf' || error.keyword === 'oneOf') {
    return describeAlternatives(errors.slice(0, -1), error, data)
  }
  if (error.keyword === 'if') return describeErrors(errors.slice(0, -1), data)
  const params = error.params as Readonly<Record<string, unknown>>
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') {
    const key = String(params['missingProperty'])
    return { path: [...path, key], message: describeMissing(error, key) }
  }
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    const key = String(params['additionalProperty'] ?? params['unevaluatedProperty'])
    return { path: [...path, key], message: 'is not known here; remove it' }
  }
  const schema = objectOf(error.parentSchema)
  const accepted = acceptedBy(error.keyword, params, schema)
  const sentence = `is ${show(error.data)}, but ${accepted}`
  const choices = choicesOf([error])
  return { path, message: sentence + meant(error.data, choices) + explain(schema) }
}

function describeMissing(error: ErrorObject, key: string): string {
  const own = objectOf(objectOf(objectOf(error.parentSchema)['properties'])[key])
  const example = exampleOf(own)
  const condition =
    error.keyword === 'dependentRequired' ? `, but needed with ${error.params['property']}` : ''
  return `is missing${condition}; add it${example === undefined ? '' : `, for example ${key}: ${example}`}${explain(own)}`
}

function describeAlternatives(
  errors: readonly ErrorObject[],
  outer: ErrorObject,
  data: unknown,
): Problem {
  const path = pathOf(outer.instancePath, data)
  const schema = objectOf(outer.parentSchema)
  if (errors.length === 0) {
    return { path, message: `is ${show(outer.data)}, which fits more than one form` }
  }
  const here = errors.every(
    ({ instancePath, keyword }) =>
      instancePath === outer.instancePath && ['const', 'enum', 'type'].includes(keyword),
  )
  if (here) {
    const choices = choicesOf(errors)
    const types = errors.filter(({ keyword }) => keyword === 'type')
    const forms = [...(choices.length === 0 ? [] : [oneOf(choices)]), ...types.map(typeOf)]
    const message = `is ${show(outer.data)}, but must be ${[...new Set(forms)].join(' or ')}`
    return { path, message: message + meant(outer.data, choices) + explain(schema) }
  }
  const forms = formsOf(errors, outer)
  const schemas = listOf(outer.schema)
  const likely = forms.filter((_, index) => isMeant(schemas[index], outer.data))
  const word = likely.length === 0 ? wrongWord(schemas, outer.data) : undefined
  if (word !== undefined) return { ...word, path: [...path, ...word.path] }
  const [only, ...others] = likely.length === 0 ? forms : likely
  if (only !== undefined && others.length === 0) return describeErrors(only, data)
  const needed = [only ?? [], ...others].map((form) => describeErrors(form, data))
  const missing = [...new Set(needed.map(({ path: at }) => String(at.at(-1))))]
  if (needed.every(({ message }) => message.startsWith('is missing'))) {
    const [key, another] = missing
    const words = key === undefined || another !== undefined ? [] : wordsOf(schemas, key)
    if (key === undefined || words.length === 0) {
      return { path, message: `needs one of ${missing.join(', ')}` }
    }
    return { path: [...path, key], message: `is missing; it must be ${oneOf(words)}` }
  }
  const why = needed.map(({ path: at, message }) => [at.slice(path.length).join('.'), message])
  const sentences = why.map((parts) => parts.filter((part) => part !== '').join(' '))
  return {
    path,
    message: `has none of the accepted forms: ${[...new Set(sentences)].join('; or ')}`,
  }
}

/** Whether the fixed words of a form, such as `mode: tcp`, are those of the data. */
function isMeant(form: unknown, data: unknown): boolean {
  const given = objectOf(data)
  return Object.entries(objectOf(objectOf(form)['properties'])).every(([key, schema]) => {
    const { const: fixed } = objectOf(schema)
    return fixed === undefined || !Object.hasOwn(given, key) || given[key] === fixed
  })
}

/** The fixed word of the data that belongs to no form. */
function wrongWord(forms: readonly unknown[], data: unknown): Problem | undefined {
  for (const [key, given] of Object.entries(objectOf(data))) {
    const choices = wordsOf(forms, key)
    if (choices.length === 0 || choices.some((choice) => choice === given)) continue
    const message = `is ${show(given)}, but must be ${oneOf(choices)}${meant(given, choices)}`
    return { path: [key], message }
  }
  return undefined
}

/** The fixed words that forms have for a key. */
const wordsOf = (forms: readonly unknown[], key: string): readonly unknown[] =>
  forms
    .map((form) => objectOf(objectOf(objectOf(form)['properties'])[key])['const'])
    .filter((word) => word !== undefined)

/** The failures of each alternative, in the order of the schema; each has at least one. */
function formsOf(errors: readonly ErrorObject[], outer: ErrorObject): ErrorObject[][] {
  const forms: ErrorObject[][] = []
  const prefix = `${outer.schemaPath}/`
  let last = 0
  for (const error of errors) {
    // An error behind a reference names the place that is referred to: it belongs to the form at hand.
    const inside = error.schemaPath.startsWith(prefix)
    if (inside) last = Number(error.schemaPath.slice(prefix.length).split('/')[0])
    const form = (forms[last] ??= [])
    form.push(error)
  }
  return forms.filter((form) => form !== undefined)
}

function acceptedBy(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  schema: Readonly<Record<string, unknown>>,
): string {
  const limit = String(params['limit'])
  switch (keyword) {
    case 'type':
      return `must be ${typePhrase(params['type'])}`
    case 'const':
      return `must be ${oneOf([params['allowedValue']])}`
    case 'enum':
      return `must be ${oneOf(listOf(params['allowedValues']))}`
    case 'minimum':
      return `must be at least ${limit}${range(schema, 'maximum', 'and at most')}`
    case 'maximum':
      return `must be at most ${limit}${range(schema, 'minimum', 'and at least')}`
    case 'exclusiveMinimum':
      return `must be more than ${limit}`
    case 'exclusiveMaximum':
      return `must be less than ${limit}`
    case 'multipleOf':
      return `must be a multiple of ${String(params['multipleOf'])}`
    case 'minLength':
      return `must have at least ${limit} characters`
    case 'maxLength':
      return `must have at most ${limit} characters`
    case 'minItems':
      return `must have at least ${limit} entries`
    case 'maxItems':
      return `must have at most ${limit} entries`
    case 'pattern':
      return `must match ${String(params['pattern'])}`
    case 'not': {
      const not = objectOf(schema['not'])
      return 'const' in not ? `must not be ${show(not['const'])}` : 'must be something else'
    }
    default:
      return `does not pass the check "${keyword}"`
  }
}

function range(schema: Readonly<Record<string, unknown>>, key: string, words: string): string {
  return typeof schema[key] === 'number' ? ` ${words} ${schema[key]}` : ''
}

const typeOf = (error: ErrorObject) => typePhrase(error.params['type'])

function typePhrase(type: unknown): string {
  const phrases: Readonly<Record<string, string>> = {
    integer: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    null: 'null',
  }
  const types = Array.isArray(type) ? listOf(type) : [type]
  return types.map((one) => phrases[String(one)] ?? String(one)).join(' or ')
}

function choicesOf(errors: readonly ErrorObject[]): unknown[] {
  return errors.flatMap(({ keyword, params }) => {
    if (keyword === 'const') return [params['allowedValue'] as unknown]
    return keyword === 'enum' ? listOf(params['allowedValues']) : []
  })
}

const oneOf = (choices: readonly unknown[]) =>
  choices.length === 1 ? show(choices[0]) : `one of ${choices.map(bare).join(', ')}`

function meant(data: unknown, choices: readonly unknown[]): string {
  const texts = choices.filter((choice) => typeof choice === 'string')
  const best = typeof data === 'string' ? didYouMean(data, texts) : undefined
  return best === undefined ? '' : `; did you mean ${best}?`
}

/** The first sentence of what the schema says about it. */
function explain({ description }: Readonly<Record<string, unknown>>): string {
  if (typeof description !== 'string') return ''
  return ` (${description.split(/(?<=\.)\s/)[0]?.replace(/\.$/, '')})`
}

function exampleOf(schema: Readonly<Record<string, unknown>>): string | undefined {
  const choice = [...listOf(schema['examples']), schema['const'], ...listOf(schema['enum'])]
  for (const side of listOf(schema['anyOf'])) choice.push(objectOf(side)['const'])
  const example = choice.find((one) => one !== undefined)
  return example === undefined ? undefined : bare(example)
}

/** A JSON pointer as a path: indices of lists as numbers. */
function pathOf(pointer: string, data: unknown): (string | number)[] {
  const path: (string | number)[] = []
  let current = data
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(current) ? Number(key) : key)
    current = (current as Readonly<Record<string, unknown>> | undefined)?.[key]
  }
  return path
}

function show(value: unknown): string {
  if (value === '') return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? `the text ${JSON.stringify(cut(value))}` : String(value)
}

const bare = (value: unknown) => (typeof value === 'string' ? cut(value) : show(value))
const cut = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
