import { MapperError } from '@mapper-sdk/core'
import type { ModbusProtocol, Table } from '@mapper-sdk/modbus'
import {
  likelyLines,
  lineText,
  openTo,
  scanRegisters,
  scanUnits,
  type AddressRange,
  type LineChoice,
} from '@mapper-sdk/modbus/commission'
import { createProgress, type CommandIo, type Progress } from './command-io.ts'

export interface UnitSearch {
  /** How to reach the line or the gateway; its unit and, if `choice` says so, its line settings are not known. */
  readonly protocol: ModbusProtocol
  readonly units: readonly number[]
  /** On a serial line: what is known of its settings. */
  readonly choice: LineChoice
  readonly timeoutMs: number
  readonly json: boolean
}

/**
 * Looks for units on a serial line or behind a gateway and prints each as soon as it is found, as a text
 * that names it on a command line. Ends early, with what was found, when the signal aborts.
 * Resolves with how many were found.
 */
export async function scanForUnits(
  search: UnitSearch,
  { out, err, signal }: CommandIo,
): Promise<number> {
  const { protocol, units, choice, timeoutMs, json } = search
  const isSerial = protocol.path !== undefined
  const lines = isSerial
    ? likelyLines(choice).map((settings) => ({ ...protocol, ...settings }))
    : [protocol]
  const most = Math.ceil((lines.length * units.length * timeoutMs) / 60_000)
  const progress = createProgress(err)
  const start = `up to ${lines.length * units.length} questions, ${most} min at most; Ctrl-C stops`
  progress.show(start)
  let found = 0
  let noise: string | undefined
  const ended = scanUnits({
    ...{ lines, units, timeoutMs, signal, open: openTo },
    onProbe: ({ line, unit }) => progress.show(isSerial ? lineText(line) : start, `unit ${unit}`),
    onFound({ line, unit, exception }) {
      found++
      progress.clear()
      const where = whereText(line, unit)
      const said = exception === undefined ? 'answers' : `answers, with exception ${exception}`
      const object = { where, unit, ...(exception !== undefined && { exception }) }
      out.write(json ? `${JSON.stringify(object)}\n` : `${where}  ${said}\n`)
    },
    onNoise({ line, unit }, error) {
      noise ??= `${isSerial ? `${lineText(line)}, ` : ''}unit ${unit}: ${error.detail}`
    },
  })
  await finish(ended, err, progress)
  if (found === 0 && !signal.aborted) {
    err.write(`${isSerial ? nothingOnLine : 'no unit answered'}\n`)
    if (noise !== undefined) err.write(`but something was there that is no answer: ${noise}\n`)
  } else if (!isSerial && found === units.length && found > 1) {
    err.write('every unit id was answered: the device does not look at it, so any will do\n')
  }
  return found
}

const nothingOnLine =
  'nothing answered: look at power, at the two wires (A and B may be swapped), and whether another program asks on this line'

/** Names the unit on a command line. */
export function whereText(protocol: ModbusProtocol, unit: number): string {
  const { path, host = '', port, baudRate, parity, stopBits, transport } = protocol
  if (path !== undefined) {
    const settings = `baudRate=${baudRate},parity=${parity},stopBits=${stopBits}`
    return `${transport === 'rtu' ? '' : `${transport}://`}${path},${settings},unit=${unit}`
  }
  const name = host.includes(':') ? `[${host}]` : host
  return `${transport === 'tcp' ? '' : `${transport}://`}${name}:${port},unit=${unit}`
}

export interface RangeOptions extends AddressRange {
  readonly protocol: ModbusProtocol
  readonly tables: readonly Table[]
  readonly step: number
  readonly timeoutMs: number
  readonly json: boolean
}

/** Looks for what can be read of one unit and prints each range. Resolves with how many were found. */
export async function scanForRanges(
  search: RangeOptions,
  { out, err, signal }: CommandIo,
): Promise<number> {
  const { protocol, tables, from, to, step, timeoutMs, json } = search
  const progress = createProgress(err)
  let found = 0
  const ended = scanRegisters({
    ...{ where: protocol, open: openTo, unit: protocol.unit, tables, from, to, step },
    mostRegisters: protocol.maxRegistersPerRequest,
    mostBits: protocol.maxBitsPerRequest,
    ...{ timeoutMs, signal },
    onAddress: (table, address) => progress.show(`${table} ${from} to ${to}`, `at ${address}`),
    onRange(table, range, complete) {
      found++
      progress.clear()
      const count = range.to - range.from + 1
      const more = complete ? '' : ' or more'
      const line = `${table.padEnd(8)}  ${range.from} to ${range.to}  (${count}${more})`
      out.write(`${json ? JSON.stringify({ table, ...range, complete }) : line}\n`)
    },
    onMissing(table) {
      progress.clear()
      err.write(`${table}: the device does not know this table\n`)
    },
  })
  await finish(ended, err, progress)
  if (found === 0 && !signal.aborted) err.write('no address that was tried can be read\n')
  return found
}

/** Being stopped is no failure: what was found until then counts. */
async function finish(
  ended: Promise<void>,
  err: CommandIo['err'],
  progress: Progress,
): Promise<void> {
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => MapperError.from(thrown),
  )
  progress.clear()
  if (error === undefined) return
  if (error.code !== 'canceled') throw error
  err.write('stopped before the end\n')
}
