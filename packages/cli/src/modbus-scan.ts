import { MapperError, type RawConfig, type RawValue } from '@mapper-sdk/core'
import type { Identification, ModbusProtocol, Table } from '@mapper-sdk/modbus'
import {
  identityTexts,
  likelyLines,
  lineText,
  openTo,
  searchDefaults,
  scanRegisters,
  scanUnits,
  type AddressRange,
  type LineChoice,
  type LineSettings,
} from '@mapper-sdk/modbus/commission'
import { createProgress, type CommandIo, type Progress } from './command-io.ts'
import { printable } from './printable.ts'

export interface UnitSearch {
  /** How to reach the line or the gateway. Its unit and line settings are not known. */
  readonly protocol: ModbusProtocol
  /** The words of the protocol configuration that were given, in our own spelling. */
  readonly words: RawConfig
  readonly units: readonly number[]
  /** On a serial line: what is known of its settings. */
  readonly choice: LineChoice
  readonly timeoutMs: number
  /** Whether each unit is asked who it is. */
  readonly identify: boolean
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
  const { protocol, words, units, choice, timeoutMs, identify, json } = search
  const { framing } = searchDefaults(protocol)
  const isSerial = framing !== undefined
  const lines = isSerial
    ? likelyLines(choice, framing).map((settings) => ({ ...protocol, ...settings }))
    : [protocol]
  const most = Math.ceil((lines.length * units.length * timeoutMs) / 60_000)
  const progress = createProgress(err)
  const start = `up to ${lines.length * units.length} questions, ${most} min at most; Ctrl-C stops`
  progress.show(start)
  let found = 0
  let noise: string | undefined
  const ended = scanUnits({
    ...{ lines, units, timeoutMs, identify, signal, open: openTo },
    onProbe: ({ line, unit }) => progress.show(isSerial ? lineText(line) : start, `unit ${unit}`),
    onFound({ line, unit, exception, identity }) {
      found++
      progress.clear()
      const where = whereText(words, unit, isSerial ? line : undefined)
      const said = exception === undefined ? 'answers' : `answers, with exception ${exception}`
      const { baudRate, dataBits, parity, stopBits } = line
      const object = {
        ...{ where, unit },
        ...(isSerial && { baudRate, dataBits, parity, stopBits }),
        ...(exception !== undefined && { exception }),
        ...(identity && { identity }),
      }
      const who = identity === undefined ? '' : `: ${printable(shortIdentity(identity))}`
      out.write(json ? `${JSON.stringify(object)}\n` : `${where}  ${said}${who}\n`)
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

/** The texts in one line. */
function shortIdentity({ serverIdHex: _, ...identity }: Identification): string {
  const texts = [...identityTexts(identity)].map(([name, text]) => `${name} ${text}`)
  return texts.length === 0 ? 'does not say who it is' : texts.join(', ')
}

const nothingOnLine =
  'nothing answered: look at power, at the two wires (A and B may be swapped), and whether another program asks on this line'

/** Names a unit on a command line, with all that was given and the line settings that were found. */
export function whereText(words: RawConfig, unit: number, line?: LineSettings): string {
  const { transport, host, port, path, ...others } = words
  const name = shown(host).includes(':') ? `[${shown(host)}]` : shown(host)
  const place = port === undefined ? name : `${name}:${shown(port)}`
  const isUsual = transport === (path === undefined ? 'tcp' : 'rtu')
  const settings = line && settingsOf(line, transport === 'rtu')
  const pairs = Object.entries({ ...others, ...settings, unit })
  const text = pairs.map(([key, value]) => `${key}=${shown(value)}`).join(',')
  const scheme = isUsual ? '' : `${shown(transport)}://`
  return `${scheme}${path === undefined ? place : shown(path)},${text}`
}

/** RTU knows only characters of 8 bits, so it needs no word for them. */
const settingsOf = ({ baudRate, dataBits, parity, stopBits }: LineSettings, isRtu: boolean) => ({
  ...{ baudRate, ...(isRtu ? {} : { dataBits }), parity, stopBits },
})

const shown = (value: RawValue | undefined) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)

export interface RangeOptions extends AddressRange {
  readonly protocol: ModbusProtocol
  readonly tables: readonly Table[]
  readonly step: number
  /** Registers of the values of a device that answers whole values only. */
  readonly width: number
  readonly timeoutMs: number
  readonly json: boolean
}

/** Looks for what can be read of one unit and prints each range. Resolves with how many were found. */
export async function scanForRanges(
  search: RangeOptions,
  { out, err, signal }: CommandIo,
): Promise<number> {
  const { protocol, tables, from, to, step, width, timeoutMs, json } = search
  const progress = createProgress(err)
  let found = 0
  const ended = scanRegisters({
    ...{ where: protocol, open: openTo, unit: protocol.unit, tables, from, to, step, width },
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
  if (found === 0 && !signal.aborted) {
    const hint = width === 1 ? ' (some devices answer whole values only: try --width 2)' : ''
    err.write(`no address that was tried can be read${hint}\n`)
  }
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
