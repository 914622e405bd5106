import { canceled, MapperError } from '@mapper-sdk/core'
import { exceptionError, isAbsence } from '../link/exceptions.ts'
import type { Answer, Table } from '../link/link.ts'
import { findRanges, type AddressRange } from './find-ranges.ts'
import { keepLink, type OpenLink } from './keep-link.ts'

export interface RegisterScan<L> extends AddressRange {
  readonly where: L
  readonly open: OpenLink<L>
  readonly unit: number
  readonly tables: readonly Table[]
  /** No range of at least so many addresses is missed. */
  readonly step: number
  /**
   * Registers of the values of a device that answers whole values only, counted from `from` on; 1 if left
   * out. Bits are always asked for one by one.
   */
  readonly width?: number
  /** The most that one request may ask for. */
  readonly mostRegisters: number
  readonly mostBits: number
  /** How long one request may stay without an answer, in ms. Silence counts as a refusal. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onAddress?: (table: Table, address: number) => void
  /** Told once per range, in any order within its table. */
  readonly onRange: (table: Table, range: AddressRange, complete: boolean) => void
  /** The device does not know the function that reads this table. */
  readonly onMissing?: (table: Table) => void
}

/** So much silence in a row, and the device is asked again for what it once answered. */
const mostSilences = 8
/** The same for one that never answered: it may well have nothing where the search begins. */
const mostSilencesAtFirst = 20
/** What may be wrong once without meaning anything: a busy device, a disturbance on the line. */
const mostTries = 3
const illegalFunction = 1
const busy: ReadonlySet<number> = new Set([5, 6])

/**
 * Finds what can be read of one unit. Rejects when it never answers or stops answering, when a link
 * cannot be opened, or with `canceled`; what was found until then was told.
 */
export async function scanRegisters<L>(scan: RegisterScan<L>): Promise<void> {
  const { where, open, unit, tables, timeoutMs, signal, onRange, onAddress, onMissing } = scan
  const { from, to, step, mostRegisters, mostBits, width = 1 } = scan
  const links = keepLink(open)
  /** What the unit answered once. */
  let proof: readonly [Table, address: number, count: number] | undefined
  let silences = 0

  /** Undefined is silence. Reading is tried again where a failure may mean nothing. */
  async function ask(table: Table, address: number, count: number): Promise<Answer | undefined> {
    for (let tries = 1; ; tries++) {
      if (signal.aborted) throw canceled(signal)
      const link = await links.to(where, signal)
      const what = `unit ${unit}: ${table} ${address}, ${count} of them`
      try {
        const answer = await link.read(unit, table, address, count, { timeoutMs, signal })
        if (answer.ok) return answer
        if (isAbsence(answer.exception)) throw exceptionError(what, answer.exception)
        if (!busy.has(answer.exception)) return answer
        if (tries === mostTries) throw exceptionError(what, answer.exception)
      } catch (thrown) {
        if (signal.aborted) throw canceled(signal)
        const error = MapperError.from(thrown)
        if (error.code === 'timeout' && link.failed === undefined) return undefined
        const passes = ['timeout', 'unreachable', 'bad_data'].includes(error.code)
        if (!passes || tries === mostTries) throw error
      }
    }
  }

  async function isReadable(table: Table, address: number, count: number): Promise<boolean> {
    const answer = await ask(table, address, count)
    if (answer === undefined) {
      if (++silences < (proof ? mostSilences : mostSilencesAtFirst)) return false
      const again = proof && (await ask(...proof))
      if (again === undefined) {
        const detail = `unit ${unit} left ${silences} requests in a row unanswered`
        throw new MapperError('timeout', detail)
      }
      silences = 0
      return false
    }
    silences = 0
    proof ??= [table, address, count]
    if (!answer.ok && answer.exception === illegalFunction) throw noTable
    return answer.ok
  }

  try {
    for (const table of tables) {
      try {
        const isBits = table === 'coil' || table === 'discrete'
        // The search goes in steps of a value; each is where it would be in the table.
        const each = isBits ? 1 : width
        const at = (value: number) => (from % each) + value * each
        const first = Math.floor(from / each)
        await findRanges({
          ...{ from: first, to: first + Math.floor((to - from + 1) / each) - 1 },
          step: Math.max(1, Math.floor(step / each)),
          most: Math.floor((isBits ? mostBits : mostRegisters) / each),
          readable: (value, count) => isReadable(table, at(value), count * each),
          onRange: (range, complete) =>
            onRange(table, { from: at(range.from), to: at(range.to + 1) - 1 }, complete),
          ...(onAddress && { onAddress: (value) => onAddress(table, at(value)) }),
        })
      } catch (thrown) {
        if (thrown !== noTable) throw thrown
        onMissing?.(table)
      }
    }
  } finally {
    await links.close()
  }
}

/** Ends the search in one table. */
const noTable = new MapperError('unsupported', 'the device does not know this function')
