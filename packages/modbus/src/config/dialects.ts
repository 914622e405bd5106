import {
  aliases,
  inOurWords,
  numberIn,
  type ModelProperty,
  type RawConfig,
  type RawValue,
} from '@mapper-sdk/core'
import { readAddress } from './address.ts'
import { splitAddress, wayOf } from './split-address.ts'
import { tableNamed } from './table-names.ts'
import { valueTypes, type ValueType } from './visitor.ts'

/**
 * Translates the words of existing Modbus CRs (v1alpha2, mappers-go, the example mappers, address
 * strings) to ours. Pure. Words it does not know stay as they are, for the check to name them.
 */
export function normalize(
  raw: RawConfig,
  what: 'protocol' | 'visitor',
  property?: ModelProperty,
): RawConfig {
  return what === 'protocol' ? normalizeProtocol(raw) : normalizeVisitor(raw, property)
}

type Words = Record<string, RawValue>

/** Our word for each alias in lower case. Where two aliases of a word are given, our own word wins, then the first. */
const protocolWords = aliases({
  transport: ['communicateMode', 'mode'],
  host: ['ip', 'hostname'],
  port: [],
  tls: [],
  caFile: [],
  certFile: [],
  keyFile: [],
  serverName: [],
  serverFingerprint: [],
  path: ['serialPort', 'serialName'],
  baudRate: [],
  dataBits: [],
  stopBits: [],
  parity: [],
  rs485: ['rs485Enabled'],
  dtr: [],
  rts: [],
  unit: ['slaveId', 'unitId', 'slave'],
  timeoutMs: [],
  connectTimeoutMs: [],
  maxRegistersPerRequest: [],
  maxBitsPerRequest: [],
  maxGap: [],
  readProtected: [],
  maxInFlight: [],
  writeFunction: [],
  writeBits: [],
  identify: [],
  requestDelayMs: [],
  pauseAfterConnectMs: [],
  reconnectEachCycle: [],
  writeMultiple: [],
  address: [],
  serialType: [],
  timeout: [],
})

const visitorWords = aliases({
  table: ['register', 'registerType'],
  address: [],
  offset: [],
  type: ['dataType'],
  length: ['limit'],
  byteOrder: [],
  wordOrder: [],
  byte: [],
  bit: [],
  bits: [],
  mask: [],
  shift: [],
  fractionBits: [],
  scaleFactorAddress: [],
  noValue: [],
  bitNames: [],
  encoding: [],
  padding: [],
  trim: [],
  isSwap: [],
  isRegisterSwap: [],
  scale: [],
})

/** v1alpha2 nests its words in groups of these names. */
const groups = new Set(['modbus', 'common', 'com', 'tcp', 'customizedvalues'])

/** Words in visitors of the example mappers that never had an effect there. */
const idle = new Set(['max', 'min', 'value'])

function normalizeProtocol(raw: RawConfig): RawConfig {
  const { address, serialType, timeout, writeMultiple, ...words } = inOurWords(raw, {
    known: protocolWords,
    groups,
  })
  if (typeof address === 'string') Object.assign(words, { ...splitAddress(address), ...words })
  else if (address !== undefined) words['address'] = address
  if (typeof serialType === 'string') words['rs485'] ??= /^rs-?485$/i.test(serialType)
  if (timeout !== undefined && numberIn(timeout) !== 0) words['timeoutMs'] ??= toMs(timeout)
  if (typeof words['parity'] === 'string')
    words['parity'] = parities.get(words['parity'].toLowerCase()) ?? words['parity']
  if (writeMultiple !== undefined) words['writeFunction'] ??= functionFor(writeMultiple)
  for (const word of ['writeFunction', 'writeBits']) {
    const given = words[word]
    if (typeof given === 'string') words[word] = given.toLowerCase()
  }
  if (typeof words['readProtected'] === 'string')
    words['readProtected'] = words['readProtected'].toLowerCase()
  transportOf(words)
  return words
}

function normalizeVisitor(raw: RawConfig, property?: ModelProperty): RawConfig {
  const { isSwap, isRegisterSwap, ...words } = inOurWords(raw, {
    known: visitorWords,
    groups,
    idle,
  })
  // In KubeEdge's vocabulary the offset is the address. Beside an address it is core's value option.
  if (words['address'] === undefined && words['offset'] !== undefined) {
    // There, digits always count from 0, whatever they begin with.
    words['address'] = unquoted(words['offset'])
    delete words['offset']
  }
  // The Go mappers take a scale of 0 for one that was not given.
  if (words['scale'] !== undefined && numberIn(words['scale']) === 0) delete words['scale']
  if (typeof words['table'] === 'string')
    words['table'] = tableNamed(words['table']) ?? words['table']
  placeOf(words)
  for (const word of ['byte', 'encoding', 'padding', 'trim']) {
    const given = words[word]
    if (typeof given !== 'string') continue
    const lower = given.toLowerCase()
    words[word] = encodings.get(lower) ?? lower
  }
  orderOf(words, isSwap, isRegisterSwap)
  typeOf(words, property)
  return words
}

/** Which transport is meant, by whatever word; without one it follows from where the device is. */
function transportOf(words: Words): void {
  const { transport } = words
  if (transport === undefined) {
    words['transport'] = words['host'] === undefined && words['path'] !== undefined ? 'rtu' : 'tcp'
  } else if (typeof transport === 'string') Object.assign(words, wayOf(transport))
  if (words['transport'] === 'ascii') words['dataBits'] ??= 7
  if (isOn(words['tls'])) words['port'] ??= 802
}

/** What the check takes for true. */
const isOn = (raw: RawValue | undefined) =>
  typeof raw !== 'object' && /^(?:true|yes|on|1)$/i.test(String(raw))

/** Go durations are nanoseconds; nobody waits a million milliseconds. */
function toMs(timeout: RawValue): RawValue {
  const number = numberIn(timeout)
  if (number === undefined || number < 1e6) return timeout
  return Math.max(1, Math.round(number / 1e6))
}

/** An older word for one of the choices. */
const functionFor = (writeMultiple: RawValue): RawValue => {
  const word = typeof writeMultiple === 'string' ? writeMultiple.toLowerCase() : writeMultiple
  if (word === true || word === 'true') return 'multiple'
  return word === false || word === 'false' ? 'auto' : writeMultiple
}

const parities = aliases({ none: ['n'], even: ['e'], odd: ['o'] })

const encodings = aliases({
  'utf-8': ['utf8'],
  latin1: ['latin-1', 'iso-8859-1', 'iso8859-1'],
  ascii: ['us-ascii'],
})

/** Addresses that are texts. What cannot be read, or only in more than one way, stays for the check to explain. */
function placeOf(words: Words) {
  const { table, address, scaleFactorAddress: factor } = words
  const given = typeof table === 'string' ? tableNamed(table) : undefined
  if (table !== undefined && given === undefined) return
  const place = typeof address === 'string' ? readAddress(address, given) : undefined
  if (typeof place === 'object') {
    const { bit } = place
    const own = words['bit']
    const isAgreed = bit === undefined || own === undefined || bit === numberIn(own)
    if (isAgreed) Object.assign(words, place)
  }
  const owner = typeof words['table'] === 'string' ? tableNamed(words['table']) : 'holding'
  const where = typeof factor === 'string' ? readAddress(factor, owner) : undefined
  if (typeof where === 'object' && where.bit === undefined) {
    words['scaleFactorAddress'] = where.address
  }
}

function orderOf(words: Words, isSwap?: RawValue, isRegisterSwap?: RawValue) {
  if (isSwap !== undefined) words['byteOrder'] ??= littleIf(isSwap)
  if (isRegisterSwap !== undefined) words['wordOrder'] ??= littleIf(isRegisterSwap)
  for (const order of ['byteOrder', 'wordOrder']) {
    const given = words[order]
    if (typeof given !== 'string') continue
    const letters = letterOrders.get(given.toUpperCase())
    if (letters !== undefined) Object.assign(words, letters)
    else words[order] = given.toLowerCase()
  }
}

const littleIf = (swap: RawValue): RawValue => {
  const word = typeof swap === 'string' ? swap.toLowerCase() : swap
  if (word === true || word === 'true' || word === 1 || word === '1') return 'little'
  return word === false || word === 'false' || word === 0 || word === '0' ? 'big' : swap
}

/** A common way to write both orders at once: A is the highest byte. */
const letterOrders = new Map([
  ['ABCD', { byteOrder: 'big', wordOrder: 'big' }],
  ['CDAB', { byteOrder: 'big', wordOrder: 'little' }],
  ['BADC', { byteOrder: 'little', wordOrder: 'big' }],
  ['DCBA', { byteOrder: 'little', wordOrder: 'little' }],
])

/**
 * Legacy types have no width of their own: it follows from the number of registers. One register
 * cannot hold a float, so what it holds is a whole number that core scales. An int is unsigned there.
 */
const legacyTypes = new Map<string, Readonly<Record<number, ValueType>>>([
  ['int', { 1: 'uint16', 2: 'uint32', 4: 'uint64' }],
  ['float', { 1: 'uint16', 2: 'float32', 4: 'float64' }],
  ['double', { 1: 'uint16', 2: 'float32', 4: 'float64' }],
])

/** Where no number of registers is given either. */
const otherNames = new Map<string, ValueType>([
  ['int', 'uint16'],
  ['float', 'float32'],
  ['double', 'float64'],
  ['boolean', 'bool'],
])

const isOurs = (name: string): name is ValueType => (valueTypes as readonly string[]).includes(name)

function typeOf(words: Words, property?: ModelProperty) {
  // Texts that stand for numbers, or for bits of them, are numbers in the device.
  const isNumber = words['map'] !== undefined || words['bitNames'] !== undefined
  const meant = isNumber && property?.type === 'STRING' ? 'INT' : property?.type
  const given = words['type'] ?? (words['bit'] === undefined ? meant : 'bool')
  if (typeof given !== 'string') return
  const name = given.toLowerCase()
  const isBit = words['table'] === 'coil' || words['table'] === 'discrete'
  const length = words['length'] === undefined ? undefined : numberIn(words['length'])
  const sized = legacyTypes.get(name)
  if (sized !== undefined && isBit) {
    words['type'] = 'uint16'
  } else if (sized !== undefined && length !== undefined && sized[length] !== undefined) {
    words['type'] = sized[length]
    delete words['length']
  } else {
    const known = otherNames.get(name) ?? (isOurs(name) ? name : undefined)
    // STREAM has no place in registers; what nobody knows is left for the check to refuse.
    if (known !== undefined) words['type'] = known
    else if (words['type'] !== undefined) words['type'] = given
  }
}

/** A text of digits as the number that it is; anything else stays. */
const unquoted = (raw: RawValue): RawValue =>
  typeof raw === 'string' && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw
