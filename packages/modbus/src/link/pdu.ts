import { MapperError } from '@mapper-sdk/core'
import { crc16 } from './crc16.ts'
import type { Table } from './link.ts'

/** A checked request. `adu` is laid out for both envelopes: MBAP header, unit, PDU, room for a CRC. */
export interface Request {
  readonly unit: number
  readonly functionCode: number
  readonly address: number
  readonly count: number
  readonly adu: Buffer
  /** Bytes of a yes from the function code on. */
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

export const isRead = (functionCode: number) => functionCode <= 4
export const isBits = (functionCode: number) => functionCode <= 2

/** A read. Throws `invalid_config` when no device could answer it. Unit 0 is the broadcast, which nobody answers. */
export function readRequest(
  unit: number,
  table: Table,
  address: number,
  count: number,
  highestUnit: number,
): Request {
  if (!Object.hasOwn(readFunctions, table)) throw invalid(`there is no table "${String(table)}"`)
  const functionCode = readFunctions[table]
  checkUnit(unit, 1, highestUnit)
  checkRange(address, count, isBits(functionCode) ? 2000 : 125)
  return readOf(unit, functionCode, address, count)
}

/** A read whose arguments are known to be right. */
export function readOf(unit: number, functionCode: number, address: number, count: number) {
  const bytes = isBits(functionCode) ? Math.ceil(count / 8) : 2 * count
  return request(unit, functionCode, address, count, count, 5, 2 + bytes)
}

export function writeRegistersRequest(
  unit: number,
  address: number,
  data: Uint8Array,
  highestUnit: number,
  multiple = false,
): Request {
  if (data.length % 2 !== 0) throw invalid(`${data.length} bytes are no whole number of registers`)
  const count = data.length / 2
  checkUnit(unit, 0, highestUnit)
  checkRange(address, count, 123)
  if (count === 1 && !multiple) {
    return request(unit, 6, address, count, ((data[0] ?? 0) << 8) | (data[1] ?? 0), 5, 5)
  }
  const made = request(unit, 16, address, count, count, 6 + data.length, 5)
  made.adu[pduAt + 5] = data.length
  made.adu.set(data, pduAt + 6)
  return made
}

export function writeCoilsRequest(
  unit: number,
  address: number,
  values: readonly boolean[],
  highestUnit: number,
  multiple = false,
): Request {
  const count = values.length
  checkUnit(unit, 0, highestUnit)
  checkRange(address, count, 1968)
  if (count === 1 && !multiple) {
    return request(unit, 5, address, count, values[0] === true ? 0xff00 : 0, 5, 5)
  }
  const bytes = Math.ceil(count / 8)
  const made = request(unit, 15, address, count, count, 6 + bytes, 5)
  made.adu[pduAt + 5] = bytes
  made.adu.fill(0, pduAt + 6, pduAt + 6 + bytes)
  values.forEach((value, index) => {
    const at = pduAt + 6 + (index >> 3)
    if (value) made.adu[at] = (made.adu[at] ?? 0) | (1 << (index & 7))
  })
  return made
}

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

function request(
  unit: number,
  functionCode: number,
  address: number,
  count: number,
  word: number,
  pduLength: number,
  answerLength: number,
): Request {
  const adu = Buffer.allocUnsafe(pduAt + pduLength + crcLength)
  adu.writeUInt32BE(0, 0)
  adu.writeUInt16BE(pduLength + 1, 4)
  adu[unitAt] = unit
  adu[pduAt] = functionCode
  adu.writeUInt16BE(address, pduAt + 1)
  adu.writeUInt16BE(word, pduAt + 3)
  return { unit, functionCode, address, count, adu, answerLength }
}

function checkUnit(unit: number, lowest: number, highest: number): void {
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
