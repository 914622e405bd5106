import type { Table } from '../link/link.ts'
import { mostWritten } from '../link/pdu.ts'
import type { Bank, BankWrite, BitTable, RegisterTable } from './bank.ts'
import { identification, serverId } from './reply-identity.ts'

const illegalFunction = 1
const illegalAddress = 2
const illegalValue = 3

const bitTables: Readonly<Record<number, BitTable>> = { 1: 'coil', 2: 'discrete' }
const registerTables: Readonly<Record<number, RegisterTable>> = { 3: 'holding', 4: 'input' }

export const exceptionPdu = (functionCode: number, code: number) =>
  Buffer.of(functionCode | 0x80, code)

/** What a device with this bank answers to a PDU. Writes are done. */
export function reply(bank: Bank, unit: number, pdu: Buffer): Buffer {
  const functionCode = pdu[0] ?? 0
  const knows = bank.knows(functionCode, unit)
  const answer = knows ? answerTo(bank, unit, functionCode, pdu) : illegalFunction
  return typeof answer === 'number' ? exceptionPdu(functionCode, answer) : answer
}

/** The answer, or an exception code. */
function answerTo(bank: Bank, unit: number, functionCode: number, pdu: Buffer): Buffer | number {
  switch (functionCode) {
    case 17:
      return serverId(bank.identityOf(unit))
    case 43:
      return identification(bank.identityOf(unit), pdu)
    case 22:
      return mask(bank, unit, pdu)
    case 23:
      return exchange(bank, unit, pdu)
  }
  const bits = bitTables[functionCode]
  const registers = registerTables[functionCode]
  if (bits !== undefined) return pdu.length === 5 ? readBits(bank, unit, bits, pdu) : illegalValue
  if (registers !== undefined) {
    return pdu.length === 5 ? readRegisters(bank, unit, registers, pdu) : illegalValue
  }
  if (![5, 6, 15, 16].includes(functionCode)) return illegalFunction
  const write = writeOf(functionCode, pdu)
  if (write === undefined) return illegalValue
  return carryOut(bank, { unit, ...write }) ?? Buffer.from(pdu.subarray(0, 5))
}

const isOut = (bank: Bank, unit: number, table: Table, address: number, count: number) =>
  address + count > 0x10000 || bank.isHole(table, address, count, unit)

/** Does it, or says why not. */
function carryOut(bank: Bank, write: BankWrite): number | undefined {
  const { unit, table, address, values } = write
  if (isOut(bank, unit, table, address, values.length)) return illegalAddress
  if (bank.isProtected(table, address, values.length, unit)) return illegalAddress
  bank.write(write)
  return undefined
}

function readBits(bank: Bank, unit: number, table: BitTable, pdu: Buffer): Buffer | number {
  const [address, count] = [pdu.readUInt16BE(1), pdu.readUInt16BE(3)]
  if (count < 1 || count > 2000) return illegalValue
  if (isOut(bank, unit, table, address, count)) return illegalAddress
  const answer = Buffer.alloc(2 + Math.ceil(count / 8))
  answer[0] = pdu[0] ?? 0
  answer[1] = answer.length - 2
  bank.view(table, address, count, unit).forEach((bit, at) => {
    if (bit === 1) answer[2 + (at >> 3)] = (answer[2 + (at >> 3)] ?? 0) | (1 << (at & 7))
  })
  return answer
}

function readRegisters(
  bank: Bank,
  unit: number,
  table: RegisterTable,
  pdu: Buffer,
): Buffer | number {
  const [address, count] = [pdu.readUInt16BE(1), pdu.readUInt16BE(3)]
  if (count < 1 || count > 125) return illegalValue
  if (isOut(bank, unit, table, address, count)) return illegalAddress
  const answer = Buffer.allocUnsafe(2 + 2 * count)
  answer[0] = pdu[0] ?? 0
  answer[1] = 2 * count
  const words = bank.view(table, address, count, unit)
  for (let at = 0; at < count; at++) answer.writeUInt16BE(words[at] ?? 0, 2 + 2 * at)
  return answer
}

/** What functions 5, 6, 15 and 16 ask for; undefined if the PDU is wrong in itself. */
function writeOf(functionCode: number, pdu: Buffer): Omit<BankWrite, 'unit'> | undefined {
  if (pdu.length < 5) return undefined
  const [address, word] = [pdu.readUInt16BE(1), pdu.readUInt16BE(3)]
  switch (functionCode) {
    case 5:
      if (pdu.length !== 5 || (word !== 0 && word !== 0xff00)) return undefined
      return { table: 'coil', address, values: [Number(word === 0xff00)] }
    case 6:
      return pdu.length === 5 ? { table: 'holding', address, values: [word] } : undefined
    case 15:
      if (word < 1 || word > mostWritten.coils || pdu[5] !== Math.ceil(word / 8)) return undefined
      if (pdu.length !== 6 + Math.ceil(word / 8)) return undefined
      return { table: 'coil', address, values: bitsIn(pdu, 6, word) }
    default:
      if (word < 1 || word > mostWritten.registers || pdu[5] !== 2 * word) return undefined
      if (pdu.length !== 6 + 2 * word) return undefined
      return { table: 'holding', address, values: wordsIn(pdu, 6, word) }
  }
}

function mask(bank: Bank, unit: number, pdu: Buffer): Buffer | number {
  if (pdu.length !== 7) return illegalValue
  const [address, and, or] = [1, 3, 5].map((at) => pdu.readUInt16BE(at)) as [number, number, number]
  const old = bank.view('holding', address, 1, unit)[0] ?? 0
  const values = [(old & and) | (or & ~and & 0xffff)]
  return carryOut(bank, { unit, table: 'holding', address, values }) ?? Buffer.from(pdu)
}

function exchange(bank: Bank, unit: number, pdu: Buffer): Buffer | number {
  if (pdu.length < 12) return illegalValue
  const [address, count] = [pdu.readUInt16BE(5), pdu.readUInt16BE(7)]
  if (count < 1 || count > mostWritten.whileReading) return illegalValue
  if (pdu[9] !== 2 * count || pdu.length !== 10 + 2 * count) return illegalValue
  const readCount = pdu.readUInt16BE(3)
  if (readCount < 1 || readCount > 125) return illegalValue
  if (isOut(bank, unit, 'holding', pdu.readUInt16BE(1), readCount)) return illegalAddress
  const values = wordsIn(pdu, 10, count)
  const refused = carryOut(bank, { unit, table: 'holding', address, values })
  return refused ?? readRegisters(bank, unit, 'holding', pdu)
}

const wordsIn = (pdu: Buffer, from: number, count: number) =>
  Array.from({ length: count }, (_, at) => pdu.readUInt16BE(from + 2 * at))

const bitsIn = (pdu: Buffer, from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ((pdu[from + (at >> 3)] ?? 0) >> (at & 7)) & 1)
