import type { ModbusProtocol } from '../config/protocol.ts'

/** How the characters of a serial line look. */
export type LineSettings = Pick<ModbusProtocol, 'baudRate' | 'dataBits' | 'parity' | 'stopBits'>
type Format = Omit<LineSettings, 'baudRate'>

/** What may be on a line; what is left out is not known. */
export interface LineChoice {
  readonly baudRates?: readonly number[]
  readonly dataBits?: readonly LineSettings['dataBits'][]
  readonly parities?: readonly LineSettings['parity'][]
  readonly stopBits?: readonly LineSettings['stopBits'][]
}

/** What devices are shipped with, the usual first. */
const usualBaudRates: readonly number[] = [9600, 19_200, 115_200, 38_400, 57_600, 4800, 2400, 1200]
const format = (
  dataBits: Format['dataBits'],
  parity: Format['parity'],
  stopBits: Format['stopBits'],
): Format => ({ dataBits, parity, stopBits })
const usualFormats = {
  // The second is the one that Modbus itself suggests.
  rtu: [format(8, 'none', 1), format(8, 'even', 1), format(8, 'none', 2), format(8, 'odd', 1)],
  ascii: [format(7, 'even', 1), format(7, 'none', 2), format(8, 'none', 1), format(7, 'odd', 1)],
} as const

/**
 * All settings that the choice leaves open, the likeliest first: by how unusual speed and format are
 * together, so that a common speed in a rare format and a rare speed in a common one take turns. Rare
 * formats are tried only if the choice says something of the format.
 */
export function likelyLines(
  choice: LineChoice = {},
  framing: 'rtu' | 'ascii' = 'rtu',
): readonly LineSettings[] {
  const { baudRates = usualBaudRates } = choice
  const formats = formatsOf(choice, framing)
  return baudRates
    .flatMap((baudRate, speed) =>
      formats.map((each, place) => ({ line: { baudRate, ...each }, rank: speed + place })),
    )
    .sort((a, b) => a.rank - b.rank)
    .map(({ line }) => line)
}

function formatsOf(choice: LineChoice, framing: 'rtu' | 'ascii'): readonly Format[] {
  const usual = usualFormats[framing]
  const { parities, stopBits } = choice
  const isOpen = (parities ?? stopBits ?? choice.dataBits) === undefined
  if (isOpen) return usual
  const all = (choice.dataBits ?? (framing === 'rtu' ? [8] : [7, 8])).flatMap((dataBits) =>
    (parities ?? ['none', 'even', 'odd']).flatMap((parity) =>
      (stopBits ?? [1, 2]).map((bits) => format(dataBits, parity, bits)),
    ),
  )
  const place = (one: Format) => {
    const at = usual.findIndex((each) => formatText(each) === formatText(one))
    return at === -1 ? usual.length : at
  }
  return all.sort((a, b) => place(a) - place(b))
}

const formatText = ({ dataBits, parity, stopBits }: Format) =>
  `${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`

/** As people write it: `9600 8N1`. */
export const lineText = (line: LineSettings): string => `${line.baudRate} ${formatText(line)}`
