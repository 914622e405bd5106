import type { ModbusProtocol } from '../config/protocol.ts'
import { isBitTable, type TableRange } from './plan.ts'

/** What is certain about the time that requests take on a serial line. */
export interface Line {
  readonly characterMs: number
  /** Silence before each frame: 3.5 characters, above 19200 bit/s always 1.75 ms. */
  readonly silenceMs: number
}

/** What a device takes to answer when nothing is known yet, in ms. */
export const turnaroundMs = 5

/** Undefined for a device that is not on a serial line. */
export function lineOf({ transport, baudRate, parity, stopBits }: LineSettings): Line | undefined {
  if (transport !== 'rtu') return undefined
  const characterMs = ((9 + (parity === 'none' ? 0 : 1) + stopBits) * 1000) / baudRate
  return { characterMs, silenceMs: baudRate > 19_200 ? 1.75 : 3.5 * characterMs }
}

type LineSettings = Pick<ModbusProtocol, 'transport' | 'baudRate' | 'parity' | 'stopBits'>

/** The request of 8 characters and 5 of its answer, with the silences around them. */
export const requestMsOf = ({ characterMs, silenceMs }: Line): number =>
  13 * characterMs + 2 * silenceMs

export const registerMsOf = ({ characterMs }: Line): number => 2 * characterMs

/** How long the line is taken by one request and its answer. */
export function transactionMs(line: Line, { table, count }: TableRange, deviceMs: number): number {
  const bytes = isBitTable(table) ? Math.ceil(count / 8) : 2 * count
  return requestMsOf(line) + bytes * line.characterMs + deviceMs
}

/** Requests that are made again and again. */
export interface PlannedCycle {
  readonly everyMs: number
  readonly requests: readonly TableRange[]
  /** What the device takes to answer. */
  readonly deviceMs: number
}

export interface LineLoad {
  /** Of the line's time; more than 1 cannot be done. */
  readonly share: number
  readonly requestsPerSecond: number
}

/** From here on a line has too little time left for writes, for what is repeated and for slow answers. */
export const mostLoad = 0.8

/** What part of the line's time the cycles need. */
export function lineLoad(line: Line, cycles: readonly PlannedCycle[]): LineLoad {
  let share = 0
  let requestsPerSecond = 0
  for (const { everyMs, requests, deviceMs } of cycles) {
    for (const request of requests) share += transactionMs(line, request, deviceMs) / everyMs
    requestsPerSecond += (1000 * requests.length) / everyMs
  }
  return { share, requestsPerSecond }
}
