import type { ModbusProtocol } from '../config/protocol.ts'
import { transports } from '../config/transports.ts'
import { isBitTable, type TableRange } from './plan.ts'

/** What is certain about the time that requests take on a serial line. */
export interface Line {
  /** Of a byte: a character, with ASCII two. */
  readonly byteMs: number
  /** Around each frame. RTU: 3.5 characters of silence, above 19200 bit/s always 1.75 ms. */
  readonly silenceMs: number
}

/** What a device takes to answer when nothing is known yet, in ms. */
export const turnaroundMs = 5

/** Undefined for a device that is not on a serial line. */
export function lineOf({
  transport,
  baudRate,
  dataBits,
  parity,
  stopBits,
}: LineSettings): Line | undefined {
  const { framing, by } = transports[transport]
  if (by !== 'serial') return undefined
  const characterMs = ((1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) * 1000) / baudRate
  // The checksum of ASCII is a byte shorter; the colon and the end of a line are three characters.
  if (framing === 'ascii') return { byteMs: 2 * characterMs, silenceMs: characterMs }
  return { byteMs: characterMs, silenceMs: baudRate > 19_200 ? 1.75 : 3.5 * characterMs }
}

type LineSettings = Pick<
  ModbusProtocol,
  'transport' | 'baudRate' | 'dataBits' | 'parity' | 'stopBits'
>

/** The request of 8 bytes and 5 of its answer, with the silences around them. */
export const requestMsOf = ({ byteMs, silenceMs }: Line): number => 13 * byteMs + 2 * silenceMs

export const registerMsOf = ({ byteMs }: Line): number => 2 * byteMs

/** How long the line is taken by one request and its answer. */
export function transactionMs(line: Line, { table, count }: TableRange, deviceMs: number): number {
  const bytes = isBitTable(table) ? Math.ceil(count / 8) : 2 * count
  return requestMsOf(line) + bytes * line.byteMs + deviceMs
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
