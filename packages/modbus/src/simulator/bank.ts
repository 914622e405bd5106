import type { Table } from '../link/link.ts'

export type RegisterTable = 'holding' | 'input'
export type BitTable = 'coil' | 'discrete'

/** What a client wrote. */
export interface BankWrite {
  readonly unit: number
  readonly table: Table
  readonly address: number
  /** Registers 0 … 65535, or bits as 0 and 1. */
  readonly values: readonly number[]
}

/** What a simulated device says of itself. */
export interface BankIdentity {
  /** Function 43/14: texts of at most 244 bytes by object, 0 … 255. Left out: it does not know the function. */
  readonly objects?: ReadonlyMap<number, string>
  /** Function 17: a text, or a single byte. Left out: it does not know the function. */
  readonly serverId?: string | number
  /** Function 17: what the run indicator says; true if left out. */
  readonly running?: boolean
}

/**
 * The memory of simulated devices: four tables of 65536 places for every unit, all 0 at first.
 * `unit` is 1 if left out.
 */
export interface Bank {
  getRegister(table: RegisterTable, address: number, unit?: number): number
  /** One register or several from `address` on, each −32768 … 65535. */
  setRegister(
    table: RegisterTable,
    address: number,
    value: number | readonly number[],
    unit?: number,
  ): void
  getBit(table: BitTable, address: number, unit?: number): boolean
  setBit(table: BitTable, address: number, value: boolean | readonly boolean[], unit?: number): void
  /** A view of `count` places, not a copy: registers, or bits as 0 and 1. */
  view(table: Table, address: number, count: number, unit?: number): Uint16Array
  /** Makes `from … to` answer with exception 2, of one unit or, if left out, of all. */
  hole(table: Table, from: number, to: number, unit?: number): void
  isHole(table: Table, address: number, count: number, unit: number): boolean
  /** Makes writes to `from … to` answer with exception 2, of one unit or, if left out, of all. */
  protect(table: Table, from: number, to: number, unit?: number): void
  isProtected(table: Table, address: number, count: number, unit: number): boolean
  /** The functions that the unit knows; it answers all others with exception 1. At first it knows all. */
  allow(functions: readonly number[], unit?: number): void
  knows(functionCode: number, unit: number): boolean
  /** What the unit says of itself; nothing at first. */
  identify(identity: BankIdentity, unit?: number): void
  identityOf(unit: number): BankIdentity
  /** Whether the unit is there. */
  has(unit: number): boolean
  /** Calls after every write of a client; the returned function ends it. */
  onWrite(listener: (write: BankWrite) => void): () => void
  /** Does what a client asked for and tells the listeners. */
  write(write: BankWrite): void
}

export interface BankOptions {
  /** The units that answer; every unit if left out. */
  readonly units?: readonly number[]
}

interface Range {
  readonly table: Table
  readonly from: number
  readonly to: number
  readonly unit: number | undefined
}

const touches = (ranges: readonly Range[], table: Table, at: number, count: number, unit: number) =>
  ranges.some(
    (range) =>
      range.table === table &&
      (range.unit === undefined || range.unit === unit) &&
      range.from < at + count &&
      range.to >= at,
  )

const size = 0x10000
/** What a PDU of 253 bytes has room for. */
const longestObject = 244
const longestServerId = 250

export function createBank({ units }: BankOptions = {}): Bank {
  const tables = new Map<number, Map<Table, Uint16Array>>()
  const holes: Range[] = []
  const protectedRanges: Range[] = []
  const allowed = new Map<number, readonly number[]>()
  const identities = new Map<number, BankIdentity>()
  const listeners = new Set<(write: BankWrite) => void>()

  function tableOf(table: Table, unit: number): Uint16Array {
    let ofUnit = tables.get(unit)
    if (ofUnit === undefined) tables.set(unit, (ofUnit = new Map<Table, Uint16Array>()))
    let words = ofUnit.get(table)
    if (words === undefined) ofUnit.set(table, (words = new Uint16Array(size)))
    return words
  }

  function set(table: Table, address: number, values: readonly number[], unit: number): void {
    if (!Number.isInteger(address) || address < 0 || address + values.length > size) {
      throw new RangeError(`${table} ${address} … is outside 0 … 65535`)
    }
    for (const value of values) {
      if (!Number.isInteger(value) || value < -0x8000 || value > 0xffff) {
        throw new RangeError(`${table} ${address}: ${value} is outside −32768 … 65535`)
      }
    }
    tableOf(table, unit).set(values, address)
  }

  const listOf = <T>(value: T | readonly T[]): readonly T[] =>
    Array.isArray(value) ? (value as readonly T[]) : [value as T]

  return {
    getRegister: (table, address, unit = 1) => tableOf(table, unit)[address] ?? 0,
    setRegister: (table, address, value, unit = 1) => set(table, address, listOf(value), unit),
    getBit: (table, address, unit = 1) => tableOf(table, unit)[address] === 1,
    setBit: (table, address, value, unit = 1) =>
      set(
        table,
        address,
        listOf(value).map((bit) => (bit ? 1 : 0)),
        unit,
      ),
    view: (table, address, count, unit = 1) =>
      tableOf(table, unit).subarray(address, address + count),
    hole: (table, from, to, unit) => void holes.push({ table, from, to, unit }),
    isHole: (table, address, count, unit) => touches(holes, table, address, count, unit),
    protect: (table, from, to, unit) => void protectedRanges.push({ table, from, to, unit }),
    isProtected: (table, address, count, unit) =>
      touches(protectedRanges, table, address, count, unit),
    allow: (functions, unit = 1) => void allowed.set(unit, functions),
    knows: (functionCode, unit) => allowed.get(unit)?.includes(functionCode) ?? true,
    identify(identity, unit = 1) {
      for (const [object, text] of identity.objects ?? []) {
        if (!Number.isInteger(object) || object < 0 || object > 255) {
          throw new RangeError(`object ${object} is outside 0 … 255`)
        }
        if (Buffer.byteLength(text) > longestObject) {
          throw new RangeError(`object ${object}: more than ${longestObject} bytes`)
        }
      }
      const { serverId = 0 } = identity
      const isRight =
        typeof serverId === 'string'
          ? Buffer.byteLength(serverId) <= longestServerId
          : Number.isInteger(serverId) && serverId >= 0 && serverId <= 255
      if (!isRight) {
        throw new RangeError(`a server id is a text of ${longestServerId} bytes at most or 0 … 255`)
      }
      identities.set(unit, identity)
    },
    identityOf: (unit) => identities.get(unit) ?? {},
    has: (unit) => units === undefined || units.includes(unit),
    onWrite(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    write(write) {
      set(write.table, write.address, write.values, write.unit)
      for (const listener of listeners) listener(write)
    },
  }
}
