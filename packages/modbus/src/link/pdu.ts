import { MapperError } from '@mapper-sdk/core'
import { crc16 } from './crc16.ts'
import type { Exchange, IdentificationLevel, Table } from './link.ts'

/**
 * How a yes goes on behind its function code. `bits` and `registers`: the byte count that the request
 * calls for, and the data. `echo`: the request's own first bytes. `counted`: a byte count that only the
 * device knows, and the data. `objects`: a list that says itself where it ends (43/14).
 */
export type AnswerShape = 'bits' | 'registers' | 'echo' | 'counted' | 'objects'

/** A checked request. `adu` is laid out for both envelopes: MBAP header, unit, PDU, room for a CRC. */
export interface Request {
  readonly unit: number
  readonly functionCode: number
  readonly address: number
  readonly count: number
  readonly adu: Buffer
  readonly shape: AnswerShape
  /** Bytes of a yes from the function code on; the most of them if its length is the device's choice. */
  readonly answerLength: number
}

const readFunctions: Readonly<Record<Table, number>> = {
  coil: 1,
  discrete: 2,
  holding: 3,
  input: 4,
}

/** Where the unit and the PDU start in `adu`. */
export const unitAt = 6
export const pduAt = 7
const crcLength = 2
/** Units of a serial line; the rest is reserved there. */
const highestOnLine = 247

/** The longest PDU, in either direction. */
export const longestPdu = 253

/** The most that one request can write, and the most that function 23 can. */
export const mostWritten = { registers: 123, coils: 1968, whileReading: 121 } as const

/** Function 43 carries several protocols; this one reads the identification. */
export const identificationType = 14

export const isRead = (functionCode: number) => functionCode <= 4
export const isBits = (functionCode: number) => functionCode <= 2
/** Whether it may be asked twice: it changes nothing. */
export const isRepeatable = (functionCode: number) =>
  isRead(functionCode) || functionCode === 17 || functionCode === 43

/** A read. Throws `invalid_config` when no device could answer it. */
export function readRequest(
  unit: number,
  table: Table,
  address: number,
  count: number,
  highestUnit: number,
): Request {
  if (!Object.hasOwn(readFunctions, table)) throw invalid(`there is no table "${String(table)}"`)
  const functionCode = readFunctions[table]
  checkUnit(unit, 'answered', highestUnit)
  checkRange(address, count, isBits(functionCode) ? 2000 : 125)
  return readOf(unit, functionCode, address, count)
}

/** A read whose arguments are known to be right. */
export function readOf(
  unit: number,
  functionCode: number,
  address: number,
  count: number,
): Request {
  const adu = blank(unit, functionCode, 5)
  adu.writeUInt16BE(address, pduAt + 1)
  adu.writeUInt16BE(count, pduAt + 3)
  const base = { unit, functionCode, address, count, adu }
  if (!isBits(functionCode)) return { ...base, shape: 'registers', answerLength: 2 + 2 * count }
  return { ...base, shape: 'bits', answerLength: 2 + Math.ceil(count / 8) }
}

export function writeRegistersRequest(
  unit: number,
  address: number,
  data: Uint8Array,
  highestUnit: number,
  multiple = false,
): Request {
  const count = wholeRegisters(data)
  checkUnit(unit, 'any', highestUnit)
  checkRange(address, count, mostWritten.registers)
  if (count === 1 && !multiple) {
    const adu = blank(unit, 6, 5)
    adu.writeUInt16BE(address, pduAt + 1)
    adu.set(data, pduAt + 3)
    return { unit, functionCode: 6, address, count, adu, ...echoOf(5) }
  }
  const adu = blank(unit, 16, 6 + data.length)
  putBlock(adu, pduAt + 1, address, count, data)
  return { unit, functionCode: 16, address, count, adu, ...echoOf(5) }
}

export function writeCoilsRequest(
  unit: number,
  address: number,
  values: readonly boolean[],
  highestUnit: number,
  multiple = false,
): Request {
  const count = values.length
  checkUnit(unit, 'any', highestUnit)
  checkRange(address, count, mostWritten.coils)
  if (count === 1 && !multiple) {
    const adu = blank(unit, 5, 5)
    adu.writeUInt16BE(address, pduAt + 1)
    adu.writeUInt16BE(values[0] === true ? 0xff00 : 0, pduAt + 3)
    return { unit, functionCode: 5, address, count, adu, ...echoOf(5) }
  }
  const bytes = new Uint8Array(Math.ceil(count / 8))
  values.forEach((value, index) => {
    if (value) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  })
  const adu = blank(unit, 15, 6 + bytes.length)
  putBlock(adu, pduAt + 1, address, count, bytes)
  return { unit, functionCode: 15, address, count, adu, ...echoOf(5) }
}

/** Function 22. A 1 in `and` keeps the bit as it is; where it is 0, the bit becomes that of `or`. */
export function maskRegisterRequest(
  unit: number,
  address: number,
  and: number,
  or: number,
  highestUnit: number,
): Request {
  checkUnit(unit, 'any', highestUnit)
  checkRange(address, 1, 1)
  for (const mask of [and, or]) {
    if (Number.isInteger(mask) && mask >= 0 && mask <= 0xffff) continue
    throw invalid(`mask ${String(mask)} is not in 0 … 65535`)
  }
  const adu = blank(unit, 22, 7)
  adu.writeUInt16BE(address, pduAt + 1)
  adu.writeUInt16BE(and, pduAt + 3)
  adu.writeUInt16BE(or, pduAt + 5)
  return { unit, functionCode: 22, address, count: 1, adu, ...echoOf(7) }
}

/** Function 23. The device writes first. */
export function exchangeRequest(unit: number, exchange: Exchange, highestUnit: number): Request {
  const { readAddress: address, readCount: count, writeAddress, data } = exchange
  const written = wholeRegisters(data)
  checkUnit(unit, 'answered', highestUnit)
  checkRange(address, count, 125)
  checkRange(writeAddress, written, mostWritten.whileReading)
  const adu = blank(unit, 23, 10 + data.length)
  adu.writeUInt16BE(address, pduAt + 1)
  adu.writeUInt16BE(count, pduAt + 3)
  putBlock(adu, pduAt + 5, writeAddress, written, data)
  const base = { unit, functionCode: 23, address, count, adu }
  return { ...base, shape: 'registers', answerLength: 2 + 2 * count }
}

/** Function 43/14, from `object` (0 … 255) on. */
export function identificationRequest(
  unit: number,
  level: IdentificationLevel,
  object: number,
  highestUnit: number,
): Request {
  checkUnit(unit, 'answered', highestUnit)
  if (!Number.isInteger(object) || object < 0 || object > 255) {
    throw invalid(`object ${String(object)} is not in 0 … 255`)
  }
  if (![1, 2, 3].includes(level)) throw invalid(`there is no level ${String(level)}`)
  const adu = blank(unit, 43, 4)
  adu.set([identificationType, level, object], pduAt + 1)
  return { unit, functionCode: 43, ...nowhere, adu, shape: 'objects', answerLength: longestPdu }
}

/** Function 17. */
export function serverIdRequest(unit: number, highestUnit: number): Request {
  checkUnit(unit, 'answered', highestUnit)
  const adu = blank(unit, 17, 1)
  return { unit, functionCode: 17, ...nowhere, adu, shape: 'counted', answerLength: longestPdu }
}

export const pduLengthOf = ({ adu }: Request) => adu.length - pduAt - crcLength

/** The request without envelope: unit and PDU. */
export const bodyOf = ({ adu }: Request): Buffer => adu.subarray(unitAt, adu.length - crcLength)

/** The request in its Modbus TCP envelope. */
export function tcpFrame(request: Request, id: number): Buffer {
  request.adu.writeUInt16BE(id, 0)
  return request.adu.subarray(0, request.adu.length - crcLength)
}

/** The request in its Modbus RTU envelope. */
export function rtuFrame(request: Request): Buffer {
  const end = request.adu.length - crcLength
  request.adu.writeUInt16LE(crc16(request.adu, unitAt, end), end)
  return request.adu.subarray(unitAt)
}

/** An ADU of which all but the PDU behind its function code is there. */
function blank(unit: number, functionCode: number, pduLength: number): Buffer {
  const adu = Buffer.allocUnsafe(pduAt + pduLength + crcLength)
  adu.writeUInt32BE(0, 0)
  adu.writeUInt16BE(pduLength + 1, 4)
  adu[unitAt] = unit
  adu[pduAt] = functionCode
  return adu
}

function putBlock(adu: Buffer, at: number, address: number, count: number, bytes: Uint8Array) {
  adu.writeUInt16BE(address, at)
  adu.writeUInt16BE(count, at + 2)
  adu[at + 4] = bytes.length
  adu.set(bytes, at + 5)
}

const echoOf = (length: number) => ({ shape: 'echo' as const, answerLength: length })
const nowhere = { address: 0, count: 0 } as const

function wholeRegisters(data: Uint8Array): number {
  if (data.length % 2 !== 0) throw invalid(`${data.length} bytes are no whole number of registers`)
  return data.length / 2
}

/** On a serial line unit 0 is the broadcast, which nobody answers. On a network it is the device itself. */
function checkUnit(unit: number, which: 'answered' | 'any', highest: number): void {
  const lowest = which === 'answered' && highest <= highestOnLine ? 1 : 0
  if (Number.isInteger(unit) && unit >= lowest && unit <= highest) return
  const why = unit === 0 ? ' (0 is the broadcast, which nobody answers)' : ''
  throw invalid(`unit ${String(unit)} is not in ${lowest} … ${highest}${why}`)
}

function checkRange(address: number, count: number, most: number): void {
  if (!Number.isInteger(address) || address < 0 || address > 0xffff) {
    throw invalid(`address ${String(address)} is not in 0 … 65535`)
  }
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw invalid(`count ${String(count)} is not in 1 … ${most}, the most one request can carry`)
  }
  if (address + count > 0x10000) {
    throw invalid(`address ${address} with count ${count} goes beyond the last address, 65535`)
  }
}

const invalid = (detail: string) => new MapperError('invalid_config', detail)
