import type { Table } from '../link/link.ts'
import type { Bank, BitTable, RegisterTable } from './bank.ts'

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
  const refuse = (code: number) => exceptionPdu(functionCode, code)
  const bits = bitTables[functionCode]
  const registers = registerTables[functionCode]
  const known = bits ?? registers ?? ([5, 6, 15, 16].includes(functionCode) ? 'write' : undefined)
  if (known === undefined) return refuse(illegalFunction)
  if (pdu.length < 5) return refuse(illegalValue)
  const address = pdu.readUInt16BE(1)
  const word = pdu.readUInt16BE(3)
  const isOut = (table: Table, count: number) =>
    address + count > 0x10000 || bank.isHole(table, address, count, unit)

  if (bits !== undefined) {
    if (word < 1 || word > 2000 || pdu.length !== 5) return refuse(illegalValue)
    if (isOut(bits, word)) return refuse(illegalAddress)
    const answer = Buffer.alloc(2 + Math.ceil(word / 8))
    answer[0] = functionCode
    answer[1] = answer.length - 2
    bank.view(bits, address, word, unit).forEach((bit, at) => {
      if (bit === 1) answer[2 + (at >> 3)] = (answer[2 + (at >> 3)] ?? 0) | (1 << (at & 7))
    })
    return answer
  }
  if (registers !== undefined) {
    if (word < 1 || word > 125 || pdu.length !== 5) return refuse(illegalValue)
    if (isOut(registers, word)) return refuse(illegalAddress)
    const answer = Buffer.allocUnsafe(2 + 2 * word)
    answer[0] = functionCode
    answer[1] = 2 * word
    const words = bank.view(registers, address, word, unit)
    for (let at = 0; at < word; at++) answer.writeUInt16BE(words[at] ?? 0, 2 + 2 * at)
    return answer
  }
  return write(bank, unit, pdu, functionCode, address, word, isOut, refuse)
}

function write(
  bank: Bank,
  unit: number,
  pdu: Buffer,
  functionCode: number,
  address: number,
  word: number,
  isOut: (table: Table, count: number) => boolean,
  refuse: (code: number) => Buffer,
): Buffer {
  const table = functionCode === 5 || functionCode === 15 ? 'coil' : 'holding'
  const single = functionCode < 15
  const count = single ? 1 : word
  const bytes = functionCode === 15 ? Math.ceil(count / 8) : 2 * count
  const values: number[] = []
  if (single) {
    if (pdu.length !== 5) return refuse(illegalValue)
    if (functionCode === 5 && word !== 0 && word !== 0xff00) return refuse(illegalValue)
    values.push(functionCode === 5 ? Number(word === 0xff00) : word)
  } else {
    const most = functionCode === 15 ? 1968 : 123
    if (count < 1 || count > most || pdu[5] !== bytes || pdu.length !== 6 + bytes) {
      return refuse(illegalValue)
    }
    for (let at = 0; at < count; at++) {
      values.push(
        functionCode === 15
          ? ((pdu[6 + (at >> 3)] ?? 0) >> (at & 7)) & 1
          : pdu.readUInt16BE(6 + 2 * at),
      )
    }
  }
  if (isOut(table, count)) return refuse(illegalAddress)
  bank.write({ unit, table, address, values })
  return Buffer.from(pdu.subarray(0, 5))
}
