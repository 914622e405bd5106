import { MapperError, parseDecimal, type Value } from '@mapper-sdk/core'
import type { Groups } from '../match/match.ts'
import { latin1 } from '../text/latin1.ts'
import { compileSafePattern } from '../text/safe-pattern.ts'
import { compileFormula, functionNames } from './expression.ts'
import type { ExtractSpec } from './extract-spec.ts'
import {
  fractionOf,
  isWhole,
  plus,
  ratioOf,
  shortRatio,
  times,
  valueOf,
  type Ratio,
} from './fraction.ts'
import { compileSource, shown, utf8, type Raw, type Source } from './source.ts'

/**
 * Takes a value out of the payload of a frame; `groups` are those that the match of the exchange or
 * stream found. Throws a MapperError `bad_data` that says what was found instead.
 */
export type Extract = (payload: Uint8Array, groups?: Groups) => Value

/**
 * `groups` are the names that the match of the exchange or stream finds. Throws a MapperError
 * `invalid_config`. Whole numbers stay exact, and all is computed in fractions: 3 × 0.1 is 0.3.
 */
export function compileExtract(spec: ExtractSpec, groups: Iterable<string> = []): Extract {
  const { type = 'number', encoding = 'latin1' } = spec
  const own =
    spec.pattern === undefined ? undefined : compileSafePattern(spec.pattern, { dotAll: true })
  const names = [...new Set([...groups, ...(own?.groups ?? [])])]
  const source = compileSource(spec, names)
  const isNumeric = type === 'number' || type === 'integer'
  const sums = (['factor', 'scale', 'offset', 'expression', 'with'] as const).filter(
    (key) => spec[key] !== undefined,
  )
  if (!isNumeric && sums.length > 0) {
    throw new MapperError('invalid_config', `${sums[0]} is for numbers, but type is ${type}`)
  }
  if (spec.digits === 'hex' && (!isNumeric || spec.lookup !== undefined)) {
    const other = isNumeric ? 'lookup lists texts' : `type is ${type}`
    throw new MapperError('invalid_config', `digits: hex is for numbers, but ${other}; remove it`)
  }
  const factor = spec.factor === undefined ? undefined : compileSource(spec.factor, names)
  const formula = formulaOf(spec, names)
  const scale = spec.scale === undefined ? undefined : ratioOf(spec.scale)
  const offset = spec.offset === undefined ? undefined : ratioOf(spec.offset)

  function number(payload: Uint8Array, found: Groups): Value {
    const raw = readFrom(source, payload, found)
    // A double that nothing is done to stays the same double.
    if (sums.length === 0 && typeof raw === 'number' && type === 'number') {
      if (Number.isFinite(raw)) return raw + 0
    }
    let result = numberIn(raw, source)
    if (factor !== undefined) result = times(result, numberAt(factor, payload, found))
    if (scale !== undefined) result = times(result, scale)
    if (offset !== undefined) result = plus(result, offset)
    if (formula !== undefined) result = formula(result, payload, found)
    if (type === 'integer' && !isWhole(result)) {
      throw new MapperError('bad_data', `${source.label} is ${shown(raw)}, which makes no integer`)
    }
    return valueOf(result)
  }

  return (payload, given = {}) => {
    const found = own === undefined ? given : { ...given, ...groupsOf(own, payload) }
    if (isNumeric) return number(payload, found)
    const raw = readFrom(source, payload, found)
    if (type === 'boolean') return booleanIn(raw, source)
    if (type === 'bytes') return bytesIn(raw)
    if (raw instanceof Uint8Array) return textOf(raw, encoding)
    return encoding === 'utf8' && typeof raw === 'string' && spec.json === undefined
      ? utf8In(bytesIn(raw), source)
      : String(raw)
  }
}

type Compute = (raw: Ratio, payload: Uint8Array, groups: Groups) => Ratio

/** The expression with the places of all its names. */
function formulaOf(spec: ExtractSpec, groups: readonly string[]): Compute | undefined {
  const others = Object.entries(spec.with ?? {})
  if (spec.expression === undefined) {
    if (others.length === 0) return undefined
    throw new MapperError('invalid_config', 'with is for expression; add expression or remove it')
  }
  const expression = compileFormula(spec.expression)
  const sources = new Map<string, Source>()
  for (const [name, place] of others) {
    if (name === 'raw' || functionNames.includes(name) || !/^[A-Za-z_]\w*$/.test(name)) {
      throw new MapperError('invalid_config', `with has ${name}, which cannot be a name; rename it`)
    }
    if (!expression.names.includes(name)) {
      throw new MapperError('invalid_config', `with has ${name}, which expression does not use`)
    }
    sources.set(name, compileSource(place, groups))
  }
  for (const name of expression.names) {
    if (name === 'raw' || sources.has(name)) continue
    if (!groups.includes(name)) {
      const known = ['raw', ...sources.keys(), ...groups].join(', ')
      throw new MapperError('invalid_config', `expression has ${name}; known are ${known}`)
    }
    sources.set(name, compileSource({ group: name }, groups))
  }
  const places = [...sources].map(
    ([name, source]) => [expression.names.indexOf(name), source] as const,
  )
  return (raw, payload, found) => {
    const values = expression.names.map(() => raw)
    for (const [index, source] of places) values[index] = numberAt(source, payload, found)
    try {
      return expression.compute(values)
    } catch (thrown) {
      const { code, detail } = MapperError.from(thrown)
      throw new MapperError(code, `expression ${spec.expression} ${detail}`, { cause: thrown })
    }
  }
}

function groupsOf(pattern: ReturnType<typeof compileSafePattern>, payload: Uint8Array): Groups {
  const text = latin1(payload)
  const found = pattern.match(text)
  if (found !== undefined) return found.groups
  throw new MapperError('bad_data', `${shown(text)} does not have the pattern of the value`)
}

function labelled({ label }: Source, thrown: unknown): MapperError {
  const { code, detail } = MapperError.from(thrown)
  return new MapperError(code, `${label} ${detail}`, { cause: thrown })
}

function readFrom(source: Source, payload: Uint8Array, groups: Groups): Raw {
  try {
    return source.read(payload, groups)
  } catch (thrown) {
    throw labelled(source, thrown)
  }
}

function utf8In(bytes: Uint8Array, source: Source): string {
  try {
    return utf8(bytes)
  } catch (thrown) {
    throw labelled(source, thrown)
  }
}

const numberAt = (source: Source, payload: Uint8Array, groups: Groups): Ratio =>
  numberIn(readFrom(source, payload, groups), source)

function finite(number: number): number {
  if (Number.isFinite(number)) return number
  throw new MapperError('bad_data', `is ${number}, which is no finite number`)
}

function numberIn(raw: Raw, source: Source): Ratio {
  const short = typeof raw === 'string' ? shortRatio(raw) : undefined
  if (short !== undefined) return short
  try {
    if (typeof raw === 'bigint') return ratioOf(raw)
    return typeof raw === 'number' ? ratioOf(finite(raw)) : longNumberIn(raw)
  } catch (thrown) {
    throw labelled(source, thrown)
  }
}

function longNumberIn(raw: Raw): Ratio {
  const [, mantissa = '', exponent = '0'] =
    (typeof raw === 'string' ? /^([^eE]+)(?:[eE]([+-]?\d{1,3}))?$/.exec(raw) : undefined) ?? []
  const decimal = parseDecimal(mantissa)
  if (decimal === undefined) {
    throw new MapperError('bad_data', `is ${raw === '' ? 'empty' : shown(raw)}, which is no number`)
  }
  return fractionOf({ digits: decimal.digits, exponent: decimal.exponent + Number(exponent) })
}

function booleanIn(raw: Raw, { label }: Source): boolean {
  const text = raw instanceof Uint8Array ? '' : String(raw)
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new MapperError(
    'bad_data',
    `${label} is ${shown(raw)}, which is neither true nor false; lookup can say what it means`,
  )
}

const bytesIn = (raw: Raw): Uint8Array =>
  raw instanceof Uint8Array
    ? raw.slice()
    : Uint8Array.from(String(raw), (character) => character.charCodeAt(0))

const textOf = (bytes: Uint8Array, encoding: 'latin1' | 'utf8') =>
  encoding === 'utf8' ? utf8(bytes) : latin1(bytes)
