import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Node, type Pair } from 'yaml'
import type { Table } from '../link/link.ts'
import { createBank, type Bank, type BankIdentity } from './bank.ts'
import { isRawType, rawRegisters, rawTypes, textRegisters } from './raw-registers.ts'
import type { Variation } from './vary.ts'

export interface BankFile {
  readonly bank: Bank
  readonly variations: readonly Variation[]
}

/** What is wrong in a bank file: `file:line:column: what`, one line each. */
export class BankFileError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'BankFileError'
  }
}

const tables: readonly string[] = ['coil', 'discrete', 'holding', 'input']

/** What is beside the tables of a unit. */
const extras = ['holes', 'readOnly', 'functions', 'identity']

/** Names of the objects of function 43/14 that the protocol gives a meaning. */
const objectNames: Readonly<Record<string, number>> = {
  vendor: 0,
  product: 1,
  revision: 2,
  url: 3,
  productName: 4,
  model: 5,
  application: 6,
}

const identityWords = [...Object.keys(objectNames), 'serverId', 'running']

/**
 * Reads a bank file: `units` → unit → table → address → a value or a list of values, and `vary`, a list
 * of variations. A register is a whole number, or `{ float32: 21.5 }`, `{ int64: -1 }`, `{ text: abc }`
 * and so on for values that take several. Beside its tables a unit may have:
 *
 * - `holes` → table → a list of `[from, to]`, which are not there;
 * - `readOnly` → table → a list of `[from, to]`, where writes are refused;
 * - `functions`, a list of the functions it knows, all if left out;
 * - `identity`, what it says of itself: `vendor`, `product`, `revision`, `url`, `productName`, `model`,
 *   `application` or the number of an object → a text, for function 43/14; `serverId`, a text or a
 *   byte, and `running`, for function 17. A function that has nothing to tell is not known.
 *
 * Only the units of the file answer. Throws a BankFileError with every fault that was found.
 */
export function parseBank(text: string, file: string): BankFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true })
  const faults: string[] = []
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const fault = (node: unknown, what: string) => {
    const offset = (node as Node | null | undefined)?.range?.[0] ?? 0
    faults.push(`${at(offset)}: ${what}`)
  }
  for (const error of document.errors)
    faults.push(`${at(error.pos[0])}: ${firstLine(error.message)}`)
  if (faults.length > 0) throw new BankFileError(faults)

  const pairs = (node: unknown, what: string): readonly Pair<Node, Node | null>[] => {
    if (isMap<Node, Node | null>(node)) return node.items
    fault(node, `${what} is not a map`)
    return []
  }
  const items = (node: unknown, what: string): readonly unknown[] => {
    if (isSeq(node)) return node.items
    fault(node, `${what} is not a list`)
    return []
  }
  const textOf = (node: unknown) => (isScalar(node) ? String(node.value) : '')
  /** A whole number; undefined, with a fault noted, if it is none. */
  const whole = (node: unknown, what: string, min: number, max: number): number | undefined => {
    const value = isScalar(node) && /^-?\d+$/.test(textOf(node)) ? Number(textOf(node)) : NaN
    if (value >= min && value <= max) return value
    fault(
      node,
      `${what} is ${isScalar(node) ? `"${textOf(node)}"` : 'no number'}, not ${min} … ${max}`,
    )
    return undefined
  }
  const attempt = (node: unknown, action: () => void) => {
    try {
      action()
    } catch (thrown) {
      fault(node, firstLine(thrown instanceof Error ? thrown.message : String(thrown)))
    }
  }

  function bitsOf(value: unknown): boolean[] | undefined {
    const list = isSeq(value) ? value.items : [value]
    const bits = list.map((each) => ({ true: true, 1: true, false: false, 0: false })[textOf(each)])
    if (bits.every((bit) => bit !== undefined)) return bits
    fault(value, 'a bit is true or false')
    return undefined
  }

  function registersOf(value: unknown): number[] | undefined {
    if (isSeq(value)) {
      const words = value.items.map(registersOf)
      return words.every((word) => word !== undefined) ? words.flat() : undefined
    }
    if (!isMap<Node, Node>(value)) {
      const word = whole(value, 'a register', -0x8000, 0xffff)
      return word === undefined ? undefined : [word]
    }
    const [pair] = value.items
    const type = textOf(pair?.key)
    if (value.items.length !== 1 || !(type === 'text' || isRawType(type))) {
      fault(
        value,
        `a typed value is { type: value } with ${Object.keys(rawTypes).join(', ')} or text`,
      )
      return undefined
    }
    let words: number[] | undefined
    attempt(pair?.value, () => {
      const raw = isScalar(pair?.value) ? pair.value.value : undefined
      if (type === 'text') words = textRegisters(textOf(pair?.value))
      else if (typeof raw === 'number' || typeof raw === 'bigint') words = rawRegisters(type, raw)
      else fault(pair?.value, `"${textOf(pair?.value)}" is not a number`)
    })
    return words
  }

  const root = pairs(document.contents, 'the file')
  const section = (name: string) => root.find(({ key }) => textOf(key) === name)?.value
  for (const { key } of root) {
    if (!['units', 'vary'].includes(textOf(key))) {
      fault(key, `"${textOf(key)}" is unknown; known are units and vary`)
    }
  }
  const unitPairs = pairs(section('units') ?? document.contents, 'units')
  const bank = createBank({ units: unitPairs.map(({ key }) => Number(textOf(key))) })

  for (const { key, value } of section('units') == null ? [] : unitPairs) {
    const unit = whole(key, 'a unit', 0, 255)
    if (unit !== undefined) readUnit(unit, value)
  }
  if (section('units') == null) fault(document.contents, 'units is missing')

  function readUnit(unit: number, node: unknown): void {
    for (const { key, value } of isEmpty(node) ? [] : pairs(node, `unit ${unit}`)) {
      const word = textOf(key)
      if (tables.includes(word)) readTable(unit, word as Table, value)
      else if (word === 'holes') readRanges(word, value, (...range) => bank.hole(...range, unit))
      else if (word === 'readOnly') {
        readRanges(word, value, (...range) => bank.protect(...range, unit))
      } else if (word === 'functions') readFunctions(unit, value)
      else if (word === 'identity') readIdentity(unit, value)
      else {
        const known = `tables are ${tables.join(', ')}; beside them ${extras.join(', ')}`
        fault(key, `"${word}" is no table; ${known}`)
      }
    }
  }

  function readFunctions(unit: number, node: unknown): void {
    const codes = items(node, 'functions').map((code) => whole(code, 'a function', 1, 127))
    bank.allow(
      codes.filter((code) => code !== undefined),
      unit,
    )
  }

  function readIdentity(unit: number, node: unknown): void {
    const objects = new Map<number, string>()
    const more: { serverId?: string | number; running?: boolean } = {}
    for (const { key, value } of pairs(node, 'identity')) {
      const name = textOf(key)
      if (name === 'serverId') {
        const isByte = isScalar(value) && typeof value.value === 'bigint'
        more.serverId = isByte ? (whole(value, 'a server id', 0, 255) ?? 0) : textOf(value)
      } else if (name === 'running') more.running = bitsOf(value)?.[0] ?? true
      else {
        const object = objectNames[name] ?? (/^\d+$/.test(name) ? Number(name) : NaN)
        if (object <= 255) objects.set(object, textOf(value))
        else fault(key, `"${name}" is no object; known are ${identityWords.join(', ')}, 0 … 255`)
      }
    }
    const identity: BankIdentity = { ...more, ...(objects.size > 0 && { objects }) }
    attempt(node, () => bank.identify(identity, unit))
  }

  function readTable(unit: number, table: Table, node: unknown): void {
    for (const { key, value } of pairs(node, table)) {
      const address = whole(key, 'an address', 0, 0xffff)
      if (address === undefined) continue
      attempt(key, () => {
        if (table === 'coil' || table === 'discrete') {
          const bits = bitsOf(value)
          if (bits !== undefined) bank.setBit(table, address, bits, unit)
        } else {
          const words = registersOf(value)
          if (words !== undefined) bank.setRegister(table, address, words, unit)
        }
      })
    }
  }

  function readRanges(
    what: string,
    node: unknown,
    set: (table: Table, from: number, to: number) => void,
  ): void {
    for (const { key, value } of pairs(node, what)) {
      if (!tables.includes(textOf(key))) fault(key, `"${textOf(key)}" is no table`)
      for (const range of items(value, `${what} of a table`)) {
        const [first, last] = items(range, 'a range, written [from, to],')
        const from = whole(first, 'the start of a range', 0, 0xffff)
        const to = whole(last, 'the end of a range', from ?? 0, 0xffff)
        if (from !== undefined && to !== undefined) set(textOf(key) as Table, from, to)
      }
    }
  }

  function readVariation(node: unknown): Variation | undefined {
    const fields = new Map(pairs(node, 'a variation').map((pair) => [textOf(pair.key), pair]))
    const number = (name: string, min: number, max: number, otherwise?: number) => {
      const value = fields.get(name)?.value
      if (value == null && otherwise !== undefined) return otherwise
      const given = isScalar(value) ? Number(value.value) : NaN
      if (given >= min && given <= max) return given
      const range = max === anyNumber ? `${min} or more` : `${min} … ${max}`
      fault(
        value ?? node,
        `${name} is ${value == null ? 'missing' : `"${textOf(value)}"`}, not ${range}`,
      )
      return NaN
    }
    const choice = (name: string, known: readonly string[], otherwise?: string) => {
      const value = fields.get(name)?.value
      const given = value == null ? otherwise : textOf(value)
      if (given !== undefined && known.includes(given)) return given
      fault(
        value ?? node,
        `${name} is ${given === undefined ? 'missing' : `"${given}"`}, not one of ${known.join(', ')}`,
      )
      return known[0] ?? ''
    }
    const before = faults.length
    const min = number('min', -anyNumber, anyNumber)
    const max = number('max', min, anyNumber)
    const variation = {
      unit: number('unit', 0, 255, 1),
      table: choice('table', ['holding', 'input'], 'holding') as Variation['table'],
      address: number('address', 0, 0xffff),
      type: choice('type', Object.keys(rawTypes), 'uint16') as Variation['type'],
      shape: choice('shape', ['sine', 'ramp', 'walk']) as Variation['shape'],
      min,
      max,
      periodMs: number('periodMs', 1, 2 ** 31 - 1, 60_000),
      everyMs: number('everyMs', 10, 2 ** 31 - 1, 500),
      step: number('step', 0, anyNumber, (max - min) / 20),
      seed: number('seed', 0, 2 ** 32 - 1, 1),
    }
    for (const [name, { key }] of fields) {
      if (!Object.hasOwn(variation, name)) {
        fault(key, `"${name}" is unknown; known are ${Object.keys(variation).join(', ')}`)
      }
    }
    // Both ends fit, so everything between does.
    if (faults.length === before) {
      attempt(node, () => {
        for (const end of [min, max]) {
          bank.setRegister(
            variation.table,
            variation.address,
            rawRegisters(variation.type, end),
            variation.unit,
          )
        }
      })
    }
    return faults.length === before ? variation : undefined
  }

  const varied = section('vary')
  const variations = (isEmpty(varied) ? [] : items(varied, 'vary')).map(readVariation)
  if (faults.length > 0) throw new BankFileError(faults)
  return { bank, variations: variations.filter((each) => each !== undefined) }
}

const anyNumber = Number.MAX_VALUE

const isEmpty = (node: unknown) => node == null || (isScalar(node) && node.value === null)

const firstLine = (text: string) =>
  (text.split('\n')[0] ?? text).replace(/ at line \d+, column \d+:$/, '')
