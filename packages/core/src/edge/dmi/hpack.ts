import { MapperError } from '../../errors.ts'
import { codeGroups, endOfText, staticTable, type HeaderField } from './hpack-tables.ts'

export type { HeaderField } from './hpack-tables.ts'

export interface HpackLimits {
  /** Of the dynamic table, as our side announced it (RFC 7541 §4.2). */
  readonly tableBytes: number
  /** Of all fields of one block together, each counted as name, value and 32 (RFC 9113 §6.5.2). */
  readonly listBytes: number
}

/** Where decoding stands in a block. */
interface Cursor {
  readonly block: Uint8Array
  at: number
}

const fieldOverhead = 32
const sizeOf = ({ name, value }: HeaderField) => name.length + value.length + fieldOverhead

/**
 * Decodes the header blocks of one direction of one connection, in order (RFC 7541). Throws
 * `bad_data` for a malformed or oversized block; the decoder is of no use after that.
 */
export function createHpackDecoder(limits: HpackLimits): {
  decode(block: Uint8Array): HeaderField[]
} {
  const table: HeaderField[] = []
  let tableSize = 0
  let tableLimit = limits.tableBytes

  const evict = (room: number) => {
    while (tableSize > room) tableSize -= sizeOf(table.pop() ?? fail('table out of step'))
  }

  const insert = (field: HeaderField) => {
    const size = sizeOf(field)
    // A field larger than the table empties it and is not kept (RFC 7541 §4.4).
    evict(Math.max(0, tableLimit - size))
    if (size > tableLimit) return
    table.unshift(field)
    tableSize += size
  }

  const resize = (bytes: number) => {
    if (bytes > limits.tableBytes) fail(`table size ${bytes}`)
    tableLimit = bytes
    evict(bytes)
  }

  const lookUp = (index: number): HeaderField =>
    staticTable[index - 1] ?? table[index - 1 - staticTable.length] ?? fail(`index ${index}`)

  const readLiteral = (cursor: Cursor, nameIndex: number): HeaderField => {
    const name = nameIndex === 0 ? readText(cursor, limits.listBytes) : lookUp(nameIndex).name
    return { name, value: readText(cursor, limits.listBytes) }
  }

  return {
    decode(block) {
      const cursor: Cursor = { block, at: 0 }
      const fields: HeaderField[] = []
      let listBytes = 0
      while (cursor.at < block.length) {
        const first = block[cursor.at] ?? 0
        if ((first & 0xe0) === 0x20) {
          if (fields.length > 0) fail('table size change inside a block')
          resize(readInteger(cursor, 5))
          continue
        }
        const field =
          first >= 0x80
            ? lookUp(readInteger(cursor, 7))
            : readLiteral(cursor, readInteger(cursor, first >= 0x40 ? 6 : 4))
        if (first >= 0x40 && first < 0x80) insert(field)
        listBytes += sizeOf(field)
        if (listBytes > limits.listBytes) fail('header list too large')
        fields.push(field)
      }
      return fields
    },
  }
}

/** Header fields as literals without indexing and without Huffman: stateless, any decoder reads it. */
export function encodeLiterals(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ name, value }) => [
      Buffer.of(0),
      writeInteger(name.length),
      Buffer.from(name, 'latin1'),
      writeInteger(value.length),
      Buffer.from(value, 'latin1'),
    ]),
  )
}

/** RFC 7541 §5.1 with a prefix of 7 bits whose eighth bit is 0. */
function writeInteger(value: number): Buffer {
  if (value < 0x7f) return Buffer.of(value)
  const bytes = [0x7f]
  let rest = value - 0x7f
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return Buffer.from([...bytes, rest])
}

/** RFC 7541 §5.1. Four bytes after the prefix are more than any size here needs. */
function readInteger(cursor: Cursor, prefixBits: number): number {
  const mask = 2 ** prefixBits - 1
  let value = nextByte(cursor) & mask
  if (value < mask) return value
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = nextByte(cursor)
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  return fail('integer too large')
}

function readText(cursor: Cursor, longest: number): string {
  const huffman = ((cursor.block[cursor.at] ?? 0) & 0x80) !== 0
  const length = readInteger(cursor, 7)
  const end = cursor.at + length
  if (end > cursor.block.length) fail('text beyond its block')
  const bytes = cursor.block.subarray(cursor.at, end)
  cursor.at = end
  const text = huffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString('latin1')
  return text.length > longest ? fail('text too long') : text
}

function decodeHuffman(bytes: Uint8Array): string {
  const symbols: number[] = []
  let code = 0
  let length = 0
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1)
      length++
      const group = codeGroups[length] ?? fail('no such code')
      const symbol = group.symbols[code - group.firstCode]
      if (symbol === undefined) continue
      if (symbol === endOfText) fail('end of text inside a text')
      symbols.push(symbol)
      code = 0
      length = 0
    }
  }
  // What is left over must be the first bits of end-of-text: at most seven, all ones (§5.2).
  if (length > 7 || code !== 2 ** length - 1) fail('bad padding')
  return Buffer.from(symbols).toString('latin1')
}

function nextByte(cursor: Cursor): number {
  return cursor.block[cursor.at++] ?? fail('block ends early')
}

function fail(what: string): never {
  throw new MapperError('bad_data', `malformed header block: ${what}`)
}
