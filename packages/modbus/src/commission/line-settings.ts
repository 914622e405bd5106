import type { ModbusProtocol } from '../config/protocol.ts'

/** How the characters of a serial line look. */
export type LineSettings = Pick<ModbusProtocol, 'baudRate' | 'parity' | 'stopBits'>

/** What may be on a line; what is left out is not known. */
export interface LineChoice {
  readonly baudRates?: readonly number[]
  readonly parities?: readonly LineSettings['parity'][]
  readonly stopBits?: readonly LineSettings['stopBits'][]
}

/** What devices are shipped with, the usual first. */
const usualBaudRates: readonly number[] = [9600, 19_200, 115_200, 38_400, 57_600, 4800, 2400, 1200]
const usualFormats: readonly Omit<LineSettings, 'baudRate'>[] = [
  { parity: 'none', stopBits: 1 },
  // The one that Modbus itself suggests.
  { parity: 'even', stopBits: 1 },
  { parity: 'none', stopBits: 2 },
  { parity: 'odd', stopBits: 1 },
]

/**
 * All settings that the choice leaves open, the likeliest first: by how unusual speed and format are
 * together, so that a common speed in a rare format and a rare speed in a common one take turns.
 */
export function likelyLines(choice: LineChoice = {}): readonly LineSettings[] {
  const { baudRates = usualBaudRates, parities, stopBits } = choice
  const formats =
    parities === undefined && stopBits === undefined
      ? usualFormats
      : (parities ?? ['none', 'even', 'odd']).flatMap((parity) =>
          (stopBits ?? [1, 2]).map((bits) => ({ parity, stopBits: bits })),
        )
  return baudRates
    .flatMap((baudRate, speed) =>
      formats.map((format, place) => ({ line: { baudRate, ...format }, rank: speed + place })),
    )
    .sort((a, b) => a.rank - b.rank)
    .map(({ line }) => line)
}

/** As people write it: `9600 8N1`. */
export const lineText = ({ baudRate, parity, stopBits }: LineSettings): string =>
  `${baudRate} 8${parity.charAt(0).toUpperCase()}${stopBits}`
