import type { Command } from 'commander'
import { createDriverConfig, MapperError, type RawConfig } from '@mapper-sdk/core'
import type { ModbusProtocol, Table } from '@mapper-sdk/modbus'
import type { LineSettings } from '@mapper-sdk/modbus/commission'
import { processIo } from './command-io.ts'
import { findDriverModule } from './find-driver.ts'
import { choices, collect, milliseconds, numbers, range, whole } from './flags.ts'
import { checkProtocol, createTarget, rawProtocol } from './target.ts'

const tableNames = ['coil', 'discrete', 'input', 'holding'] as const
const usualTables: readonly Table[] = ['holding', 'input', 'coil', 'discrete']
const usualAddresses = { from: 0, to: 9999 }
const parities = ['none', 'even', 'odd'] as const

interface ScanFlags {
  readonly set?: readonly string[]
  readonly units?: readonly number[]
  readonly baud?: readonly number[]
  readonly parity?: readonly LineSettings['parity'][]
  readonly stopBits?: readonly LineSettings['stopBits'][]
  readonly identify?: true
  readonly registers?: true
  readonly tables?: readonly Table[]
  readonly addresses?: { readonly from: number; readonly to: number }
  readonly step: number
  readonly width: number
  readonly timeout?: number
  readonly json?: true
}

interface GuessFlags {
  readonly expect: string
  readonly tolerance?: string
  readonly around: number
  readonly hex?: string
  readonly most: number
  readonly set?: readonly string[]
  readonly timeout: number
  readonly json?: true
}

/** `modbus scan` and `modbus guess`. */
export function addModbusCommands(all: Command): void {
  const modbus = all.command('modbus').description('find out what a register map does not say')

  modbus
    .command('scan')
    .description('find line settings and units, or with --registers what a unit has')
    .argument('<where>', 'a serial port or a host, as for mapper read')
    .option('--units <list>', 'unit ids to ask, as in 1-10,20', (text) => numbers(text, 1, 255))
    .option('--baud <list>', 'speeds to try on a serial line, in bit/s', (text) =>
      text.split(',').map((one) => whole(one, 50, 4_000_000)),
    )
    .option('--parity <list>', `to try: ${parities.join(', ')}`, (text) => choices(text, parities))
    .option('--stop-bits <list>', 'to try: 1, 2', (text) =>
      choices(text, ['1', '2']).map((bits) => (bits === '1' ? 1 : 2)),
    )
    .option('--identify', 'ask each unit who it is')
    .option('--registers', 'find what can be read of one unit')
    .option(
      '--tables <list>',
      'with --registers: holding,input,coil,discrete if not said',
      (text) => choices(text, tableNames),
    )
    .option('--addresses <range>', 'with --registers: 0-9999 if not said', (text) =>
      range(text, 0, 0xffff),
    )
    .option(
      '--step <n>',
      'with --registers: no range of so many is missed',
      (text) => whole(text, 1, 0xffff),
      10,
    )
    .option(
      '--width <n>',
      'with --registers: registers of a value, where only whole values are answered',
      (text) => whole(text, 1, 4),
      1,
    )
    .option('--timeout <ms>', 'how long one answer may take (serial 300, else 2000)', milliseconds)
    .option('--set <key=value>', 'more of the protocol configuration', collect)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples: mapper modbus scan /dev/ttyUSB0\n          mapper modbus scan 192.0.2.7:502,unit=3 --registers --tables holding',
    )
    .action(scan)

  modbus
    .command('guess')
    .description('find type, order and scale of a value from what it should be')
    .usage(
      '[options] --expect VALUE WHERE PLACE\n       mapper modbus guess [options] --expect VALUE --hex WORDS',
    )
    .argument('[where]', 'the device, as for mapper read')
    .argument('[place]', 'where the register map says that it is')
    .requiredOption('--expect <value>', 'what the device shows: a number or a text')
    .option('--tolerance <n>', 'how far a number may be off, as 0.5 or 1% (half of its last digit)')
    .option(
      '--around <n>',
      'how many addresses before and behind are tried',
      (text) => whole(text, 0, 50),
      1,
    )
    .option('--hex <words>', 'registers that were read already, as in "4367 6666"')
    .option('--most <n>', 'how many are shown', (text) => whole(text, 1, 1000), 10)
    .option('--timeout <ms>', 'how long one step may take', milliseconds, 10_000)
    .option('--set <key=value>', 'more of the protocol configuration', collect)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExample: mapper modbus guess 192.0.2.7,unit=3 holding:100 --expect 231.4',
    )
    .action(async (where: string | undefined, place: string | undefined, flags: GuessFlags) => {
      const { expectationOf, printGuesses, sampleOf, sampleOfHex } =
        await import('./modbus-guess.ts')
      const { around, hex, set, timeout: timeoutMs, most } = flags
      const io = processIo()
      const expectation = expectationOf(flags.expect, flags.tolerance)
      const read = async () => {
        if (hex !== undefined) return sampleOfHex(hex)
        if (where === undefined || place === undefined) {
          throw new MapperError('invalid_config', 'guess what? Name a device and a place, or --hex')
        }
        const module = await findDriverModule('modbus')
        const target = createTarget(module, { where, places: [place], ...(set && { set }) })
        return sampleOf(target, expectation, { around, timeoutMs }, io)
      }
      const options = { most, json: flags.json === true }
      settle(printGuesses(await read(), expectation, options, io) > 0)
    })
}

async function scan(where: string, flags: ScanFlags): Promise<void> {
  const module = await findDriverModule('modbus')
  const raw = rawProtocol(module, where, flags.set)
  const config = createDriverConfig(module.driver)
  const protocol = checkProtocol(config, raw, where) as ModbusProtocol
  const { scanForRanges, scanForUnits } = await import('./modbus-scan.ts')
  const { searchDefaults } = await import('@mapper-sdk/modbus/commission')
  const io = processIo()
  const json = flags.json === true
  if (flags.registers === true) {
    const { tables = usualTables, addresses = usualAddresses, step, width } = flags
    const timeoutMs = flags.timeout ?? protocol.timeoutMs
    const search = { protocol, tables, ...addresses, step, width, timeoutMs, json }
    return settle((await scanForRanges(search, io)) > 0)
  }
  const usual = searchDefaults(protocol)
  const timeoutMs = flags.timeout ?? usual.timeoutMs
  const words = module.driver.normalize?.(raw, 'protocol') ?? raw
  const given = givenIn(raw, words, protocol)
  const units = flags.units ?? given.units ?? numbers(`1-${usual.highestUnit}`, 1, 255)
  const choice = {
    ...given.choice,
    ...(flags.baud && { baudRates: flags.baud }),
    ...(flags.parity && { parities: flags.parity }),
    ...(flags.stopBits && { stopBits: flags.stopBits }),
  }
  const identify = flags.identify === true
  const search = { protocol, words, units, choice, timeoutMs, identify, json }
  settle((await scanForUnits(search, io)) > 0)
}

/** What the text of the device says of the line and the unit need not be searched. */
function givenIn(raw: RawConfig, words: RawConfig, protocol: ModbusProtocol) {
  const { unit, baudRate, dataBits, parity, stopBits } = protocol
  const isGiven = (word: string) => words[word] !== undefined
  return {
    units: isGiven('unit') ? [unit] : undefined,
    choice: {
      ...(isGiven('baudRate') && { baudRates: [baudRate] }),
      // With ASCII it is among the words also when nobody said so.
      ...(raw['dataBits'] !== undefined && { dataBits: [dataBits] }),
      ...(isGiven('parity') && { parities: [parity] }),
      ...(isGiven('stopBits') && { stopBits: [stopBits] }),
    },
  }
}

const settle = (isFound: boolean) => void (process.exitCode = isFound ? 0 : 1)
