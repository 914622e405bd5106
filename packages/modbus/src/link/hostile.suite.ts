import { setMaxListeners } from 'node:events'
import { MapperError } from '@mapper-sdk/core'
import { expect } from 'vitest'
import type { Answer, ModbusLink, RequestOptions } from './link.ts'
import type { Bank, Fault, FaultScript, SimulatedRequest } from '../simulator/index.ts'

/*
 * A device that does everything wrong that a device can, now and then. Every register holds its own
 * unit, table and address and the generation of the bank, so that any value that is not what was
 * asked for, when it was asked for, shows.
 */

export interface HostileRun {
  /** Opens a link to the device. */
  readonly connect: () => Promise<ModbusLink>
  readonly bank: Bank
  readonly faults: (script?: FaultScript) => void
  readonly reads: number
  /** Reads that are on their way at once. */
  readonly parallel: number
  /** How many of 1000 requests something befalls. */
  readonly perMille: number
  readonly timeoutMs: number
  readonly seed: number
}

export interface HostileResult {
  readonly right: number
  readonly wrong: readonly string[]
  /** How many reads ended with which code. */
  readonly refused: Readonly<Record<string, number>>
  /** Faults that befell, by kind. */
  readonly befell: Readonly<Record<string, number>>
  readonly connects: number
  /** Reads that took longer than any of their deadlines allows. */
  readonly overdue: number
}

const units = [1, 2, 3]
const tables = ['holding', 'input', 'coil', 'discrete'] as const
type AnyTable = (typeof tables)[number]
const isBits = (table: AnyTable) => table === 'coil' || table === 'discrete'
const addresses = 512
const generations = 16

const wordOf = (unit: number, table: AnyTable, address: number, generation: number) =>
  (generation << 12) | (unit << 10) | ((table === 'input' ? 1 : 0) << 9) | address
/** Bits cannot hold all that; forty of them in a row are as good as a fingerprint. */
const bitOf = (unit: number, table: AnyTable, address: number) =>
  (Math.imul(address + 977 * unit + (table === 'coil' ? 0 : 5003), 0x9e3779b1) >>> 20) & 1

export function fillBank(bank: Bank, generation: number): void {
  const all = Array.from({ length: addresses }, (_, address) => address)
  for (const unit of units) {
    for (const table of ['holding', 'input'] as const) {
      bank.setRegister(
        table,
        0,
        all.map((address) => wordOf(unit, table, address, generation)),
        unit,
      )
    }
    for (const table of ['coil', 'discrete'] as const) {
      bank.setBit(
        table,
        0,
        all.map((address) => bitOf(unit, table, address) === 1),
        unit,
      )
    }
  }
}

/** Numbers in [0, 1) from a seed, so that a failure can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function faultFrom(random: () => number, timeoutMs: number): Fault {
  // Never as few as a cut answer lacks: an answer with a wrong end of the right length is no longer
  // garbage but a lie of the device, which no client can see.
  const noise = Uint8Array.from({ length: 16 + Math.floor(random() * 30) }, () => random() * 256)
  const all: readonly Fault[] = [
    { kind: 'silent' },
    { kind: 'late', ms: random() * 0.8 * timeoutMs },
    { kind: 'late', ms: (0.8 + random() * 3) * timeoutMs },
    { kind: 'wrong-unit' },
    { kind: 'wrong-function' },
    { kind: 'wrong-id' },
    { kind: 'wrong-protocol' },
    { kind: 'absurd-length' },
    { kind: 'short-count' },
    { kind: 'long-count' },
    { kind: 'truncated', bytes: 1 + Math.floor(random() * 6) },
    { kind: 'garbage', bytes: noise },
    { kind: 'exception', code: 4 },
    { kind: 'rst' },
    { kind: 'fin' },
    { kind: 'duplicate' },
    { kind: 'byte-by-byte' },
    { kind: 'echo' },
    { kind: 'with-next' },
  ]
  return all[Math.floor(random() * all.length)] ?? { kind: 'silent' }
}

export async function hostileRun(run: HostileRun): Promise<HostileResult> {
  const { bank, reads, parallel, perMille, timeoutMs } = run
  const random = randomFrom(run.seed)
  const befell: Record<string, number> = {}
  const refused: Record<string, number> = {}
  const wrong: string[] = []
  let right = 0
  let overdue = 0
  let connects = 0
  let generation = 0
  let started = 0
  let link: ModbusLink | undefined
  let opening: Promise<ModbusLink> | undefined

  const script = (_: SimulatedRequest): Fault | undefined => {
    if (random() * 1000 >= perMille) return undefined
    const fault = faultFrom(random, timeoutMs)
    befell[fault.kind] = (befell[fault.kind] ?? 0) + 1
    return fault
  }

  /** The link, or a new one in place of a failed one; whoever comes first makes it. */
  async function usable(): Promise<ModbusLink> {
    if (link !== undefined && link.failed === undefined) return link
    return (opening ??= open())
  }

  async function open(): Promise<ModbusLink> {
    await link?.close()
    connects++
    link = await run.connect()
    opening = undefined
    return link
  }

  async function readOnce(options: RequestOptions): Promise<void> {
    const unit = units[Math.floor(random() * units.length)] ?? 1
    const table = tables[Math.floor(random() * tables.length)] ?? 'holding'
    const most = isBits(table) ? 120 : 20
    const count = isBits(table)
      ? 40 + Math.floor(random() * (most - 40))
      : 1 + Math.floor(random() * random() * most)
    const address = Math.floor(random() * (addresses - count))
    const current = await usable()
    const before = generation
    const begun = performance.now()
    const answer: Answer | MapperError = await current
      .read(unit, table, address, count, options)
      .catch((thrown: unknown) => {
        if (thrown instanceof MapperError) return thrown
        throw thrown
      })
    // In front of it in the queue may be as many as are parallel, and RTU leaves silent units alone.
    if (performance.now() - begun > 60 * timeoutMs * parallel + 5000) overdue++
    const note = (code: string) => (refused[code] = (refused[code] ?? 0) + 1)
    if (answer instanceof MapperError) return void note(answer.code)
    const where = `unit ${unit} ${table} ${address} × ${count}`
    if (!answer.ok) {
      note(`exception ${answer.exception}`)
      if (answer.exception !== 4) wrong.push(`${where}: exception ${answer.exception}`)
      return
    }
    const data = Buffer.from(answer.data)
    for (let at = 0; at < count; at++) {
      if (isBits(table)) {
        const bit = ((data[at >> 3] ?? 0) >> (at & 7)) & 1
        if (bit !== bitOf(unit, table, address + at)) return void wrong.push(`${where}: bit ${at}`)
      } else {
        const word = data.readUInt16BE(2 * at)
        const age = (generation - (word >> 12) + generations) % generations
        const fresh = age <= generation - before
        const place = wordOf(unit, table, address + at, word >> 12) === word
        if (!place || !fresh) return void wrong.push(`${where}: ${word.toString(16)}, age ${age}`)
      }
    }
    right++
  }

  fillBank(bank, 0)
  run.faults(script)
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  const worker = async () => {
    while (started < reads) {
      // A new generation now and then; never so often that it could go round during a read.
      if (++started % 997 === 0) fillBank(bank, ++generation % generations)
      await readOnce({ timeoutMs, signal })
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  run.faults()
  await link?.close()
  return { right, wrong, refused, befell, connects, overdue }
}

/** What has to hold after any run. */
export function expectNoLies(run: HostileRun, result: HostileResult): void {
  expect(result.wrong).toEqual([])
  expect(result.overdue).toBe(0)
  const refused = Object.values(result.refused).reduce((sum, each) => sum + each, 0)
  expect(result.right + refused).toBe(run.reads)
  expect(
    Object.keys(result.refused).filter(
      (code) => !/^(bad_data|timeout|unreachable|exception 4)$/.test(code),
    ),
  ).toEqual([])
  // And it goes on working, also on a machine so busy that good answers come too late.
  expect(result.right).toBeGreaterThan(run.reads / 10)
}
