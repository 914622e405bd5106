import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { coerce, describeWrong } from './coerce.ts'
import { describeErrors } from './config-problem.ts'
import type { RawConfig, RawValue } from './device.ts'
import { didYouMean } from './did-you-mean.ts'
import { MapperError } from './errors.ts'
import type { JSONSchema } from './schema.ts'
import { createShape, type Shape } from './shape.ts'

/** Something wrong with a configuration. An error makes it unusable, a warning does not. */
export interface Issue {
  readonly severity: 'error' | 'warning'
  /** Where in the custom resource: `['spec', 'properties', 2, 'visitors', …]`. */
  readonly path: Path
  /** Follows the path in a sentence: "is 70000, but must be at most 65535". */
  readonly message: string
}

export type Path = readonly (string | number)[]

export const errorAt = (path: Path, message: string): Issue => ({
  severity: 'error',
  path,
  message,
})

export const warningAt = (path: Path, message: string): Issue => ({
  severity: 'warning',
  path,
  message,
})

/** Checks configurations against one schema. */
export interface Checker {
  /**
   * A typed and frozen copy with all defaults, or no value and at least one error. `raw` stays as it is.
   * Numbers, texts and booleans are taken for each other where that is safe: "502" is 502 and 1 is
   * true, but neither '' nor null is 0, and true is no number. Keys unknown to the schema are warned
   * about and left out, unless the schema says `additionalProperties`.
   */
  check(raw: RawConfig, path: Path): { value?: unknown; issues: Issue[] }
}

/** Keys that reach into the prototypes of JavaScript objects. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** Deeper than any real configuration; keeps hostile input off the end of the stack. */
const deepest = 32

/**
 * A checker for a schema of ours or of a driver, never for one that came from outside. `alsoKnown`
 * are keys that are checked elsewhere, offered for misspelt ones.
 * Throws `internal` if the schema itself is wrong: that is a bug of the driver.
 */
export function createChecker(schema: JSONSchema, alsoKnown: readonly string[] = []): Checker {
  const validate = compile(schema)
  const shape = createShape(schema)
  return {
    check(raw, path) {
      const issues: Issue[] = []
      const copy = copyOf(raw, shape, { path, issues, alsoKnown })
      if (issues.some(({ severity }) => severity === 'error')) return { issues }
      if (validate(copy)) return { value: freeze(copy), issues }
      const problem = describeErrors(validate.errors ?? [], copy)
      issues.push(errorAt([...path, ...problem.path], problem.message))
      return { issues }
    },
  }
}

/** `spec.properties[2].visitors.configData.address` */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

function compile(schema: JSONSchema): ValidateFunction {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    useDefaults: true,
    verbose: true,
    validateFormats: false,
    // Strict mode finds what is wrong with a schema; compiling the meta schema would cost more than all else.
    meta: false,
    validateSchema: false,
  })
  // All drafts that people write agree on what is used here; naming one would need its meta schema.
  const entries = Object.entries(schema).filter(([key]) => key !== '$schema')
  try {
    return ajv.compile(Object.fromEntries(entries))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MapperError('internal', `the schema of the driver cannot be used: ${why}`, { cause })
  }
}

interface Place {
  readonly path: Path
  readonly issues: Issue[]
  readonly alsoKnown: readonly string[]
  readonly depth?: number
}

/** A copy that the defaults may be written to, with scalars of the types that the schema wants. */
function copyOf(raw: RawValue, shape: Shape, place: Place): unknown {
  const { path, issues, depth = 0 } = place
  const inside = (step: string | number): Place => ({
    ...place,
    path: [...path, step],
    alsoKnown: [],
    depth: depth + 1,
  })
  if (typeof raw !== 'object' || raw === null) {
    const value = coerce(raw, shape.types)
    const message = describeWrong(value, shape.types)
    if (message !== undefined) issues.push(errorAt(path, message))
    return value
  }
  if (depth > deepest) {
    issues.push(errorAt(path, `is nested more than ${deepest} levels deep`))
    return undefined
  }
  if (isList(raw)) {
    return raw.map((item, index) => copyOf(item, shape.item(), inside(index)))
  }
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(raw)) {
    if (value === undefined) continue
    const at = inside(key)
    if (forbidden.has(key)) {
      issues.push(errorAt(at.path, 'is not allowed as a name; remove it'))
    } else if (shape.knows(key)) {
      copy[key] = copyOf(value, shape.key(key), at)
    } else {
      const known = [...shape.keys(), ...place.alsoKnown]
      issues.push(warningAt(at.path, unknown(key, known)))
    }
  }
  return copy
}

function unknown(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known)
  if (meant !== undefined) return `is not known and ignored; did you mean ${meant}?`
  if (known.length === 0) return 'is not known and ignored; nothing is expected here'
  return `is not known and ignored; known are ${known.join(', ')}`
}

const isList = (raw: RawValue): raw is readonly RawValue[] => Array.isArray(raw)

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
