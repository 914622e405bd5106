import { MapperError, parseDecimal } from '@mapper-sdk/core'
import {
  floorOf,
  fractionFrom,
  fractionOf,
  isLess,
  negated,
  over,
  plus,
  times,
  type Fraction,
  type Ratio,
} from './fraction.ts'

/** A formula of numbers. It is computed exactly, in as many steps as it has parts. */
export interface Expression {
  /** The names in it, each once. */
  readonly names: readonly string[]
  /** Throws a MapperError `bad_data` for a division by zero and for what becomes too large. */
  compute(valueOf: (name: string) => Fraction): Fraction
}

/** As `Expression`, for the names in their order. */
export interface Formula {
  readonly names: readonly string[]
  compute(values: readonly Ratio[]): Ratio
}

type Compute = (values: readonly Ratio[]) => Ratio

const longest = 256
const deepest = 32

const zero: Ratio = { top: 0, bottom: 1 }
const half: Ratio = { top: 1, bottom: 2 }
const absolute = (a: Ratio) => (a.top < 0 ? negated(a) : a)
const least = (a: Ratio, b: Ratio) => (isLess(b, a) ? b : a)
const most = (a: Ratio, b: Ratio) => (isLess(a, b) ? b : a)

/** Ties go away from zero, as people round. */
const rounded = (a: Ratio) =>
  a.top < 0 ? negated(floorOf(plus(negated(a), half))) : floorOf(plus(a, half))

const ofOne: Readonly<Record<string, (a: Ratio) => Ratio>> = {
  abs: absolute,
  round: rounded,
  floor: floorOf,
  ceil: (a) => negated(floorOf(negated(a))),
}
const ofSeveral: Readonly<Record<string, (a: Ratio, b: Ratio) => Ratio>> = {
  min: least,
  max: most,
}

/** Names that no value can have in an expression. */
export const functionNames: readonly string[] = [...Object.keys(ofOne), ...Object.keys(ofSeveral)]

/**
 * Compiles `+ - * /`, brackets, numbers, names, and `min max abs round floor ceil`. Throws a MapperError
 * `invalid_config` that names the character.
 */
export function compileExpression(source: string): Expression {
  const { names, compute } = compileFormula(source)
  return { names, compute: (valueOf) => fractionFrom(compute(names.map((name) => valueOf(name)))) }
}

/** As `compileExpression`. */
export function compileFormula(source: string): Formula {
  if (source.length > longest) throw wrong(source, `is longer than ${longest} characters`)
  const tokens = tokensOf(source)
  const names: string[] = []
  let next = 0

  const fail = (what: string): never => {
    const token = tokens[next]
    const found = token === undefined ? 'ends' : `has ${token.text} at character ${token.at + 1}`
    throw wrong(source, `${found} where ${what} belongs`)
  }
  const take = (text: string): boolean => {
    if (tokens[next]?.text !== text) return false
    next++
    return true
  }
  const expect = (text: string) => {
    if (!take(text)) fail(text)
  }

  function sum(depth: number): Compute {
    if (depth > deepest) throw wrong(source, `is nested more than ${deepest} deep`)
    let left = product(depth)
    for (;;) {
      const a = left
      if (take('+')) {
        const b = product(depth)
        left = (values) => plus(a(values), b(values))
      } else if (take('-')) {
        const b = product(depth)
        left = (values) => plus(a(values), negated(b(values)))
      } else return left
    }
  }

  function product(depth: number): Compute {
    let left = signed(depth)
    for (;;) {
      const a = left
      if (take('*')) {
        const b = signed(depth)
        left = (values) => times(a(values), b(values))
      } else if (take('/')) {
        const b = signed(depth)
        left = (values) => over(a(values), b(values))
      } else return left
    }
  }

  function signed(depth: number): Compute {
    let isNegative = false
    while (tokens[next]?.text === '-' || tokens[next]?.text === '+') {
      if (tokens[next++]?.text === '-') isNegative = !isNegative
    }
    const operand = atom(depth)
    return isNegative ? (values) => negated(operand(values)) : operand
  }

  function atom(depth: number): Compute {
    const token = tokens[next]
    if (token === undefined) return fail('a number or a name')
    if (take('(')) {
      const inner = sum(depth + 1)
      expect(')')
      return inner
    }
    const decimal = parseDecimal(token.text)
    if (decimal !== undefined) {
      next++
      const constant = fractionOf(decimal)
      return () => constant
    }
    if (!/^[A-Za-z_]/.test(token.text)) return fail('a number or a name')
    next++
    const name = token.text
    if (functionNames.includes(name)) return call(name, depth)
    if (!names.includes(name)) names.push(name)
    const index = names.indexOf(name)
    return (values) => values[index] ?? zero
  }

  function call(name: string, depth: number): Compute {
    expect('(')
    const first = sum(depth + 1)
    const others: Compute[] = []
    while (take(',')) others.push(sum(depth + 1))
    expect(')')
    const one = Object.hasOwn(ofOne, name) ? ofOne[name] : undefined
    const several = Object.hasOwn(ofSeveral, name) ? ofSeveral[name] : undefined
    if (one !== undefined && others.length === 0) return (values) => one(first(values))
    if (several !== undefined && others.length > 0) {
      return (values) =>
        others.reduce((found, other) => several(found, other(values)), first(values))
    }
    throw wrong(source, `has ${name}, which takes ${one ? 'one number' : 'two numbers or more'}`)
  }

  const compute = sum(0)
  if (next < tokens.length) fail('an operator or the end')
  return { names, compute }
}

interface Token {
  readonly text: string
  readonly at: number
}

function tokensOf(source: string): readonly Token[] {
  const token = /\s*(\d+\.?\d*|\.\d+|[A-Za-z_][A-Za-z0-9_]*|[-+*/(),])/y
  const tokens: Token[] = []
  const end = source.trimEnd().length
  while (token.lastIndex < end) {
    const at = token.lastIndex
    const text = token.exec(source)?.[1]
    if (text === undefined) {
      const place = at + (/^\s*/.exec(source.slice(at))?.[0].length ?? 0)
      throw wrong(
        source,
        `has ${source[place] ?? ''} at character ${place + 1}, which means nothing`,
      )
    }
    tokens.push({ text, at: token.lastIndex - text.length })
  }
  return tokens
}

const wrong = (source: string, why: string) =>
  new MapperError('invalid_config', `expression ${JSON.stringify(source.slice(0, 60))} ${why}`)
