import type { Command } from 'commander'
import { MapperError, type PropertyType } from '@mapper-sdk/core'
import { processIo } from './command-io.ts'
import { createDriverChoice } from './driver-choice.ts'
import { findDriverModule, findSimulator, knownDrivers } from './find-driver.ts'
import { choice, collect, milliseconds } from './flags.ts'
import { warnOfPassword } from './password-warning.ts'
import { read } from './read.ts'
import { useRecipesOf } from './recipe-folders.ts'
import { createTarget, rawProtocol, type Target } from './target.ts'
import { write } from './write.ts'

const types = ['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES'] as const
const usualTimeoutMs = 10_000

interface DeviceFlags {
  readonly device?: string
  readonly name?: string
  readonly driver?: readonly string[]
  readonly set?: readonly string[]
  readonly timeout: number
  readonly json?: true
}
interface ReadFlags extends DeviceFlags {
  readonly watch?: true | number
  readonly raw?: true
  readonly identify?: true
}
interface WriteFlags extends DeviceFlags {
  readonly type?: PropertyType
}

/** `read`, `write` and `simulate`. */
export function addDeviceCommands(all: Command): void {
  withDeviceOptions(all.command('read'))
    .description('read places of a device, without a cluster')
    .usage(
      '[options] DRIVER WHERE PLACE...\n       mapper read [options] --device FILE [PROPERTY...]',
    )
    .argument('[words...]', 'driver, device and places; or names of properties with --device')
    .option(
      '--watch [ms]',
      'read again and again until Ctrl-C, every second if not said',
      milliseconds,
    )
    .option('--raw', 'show the bytes as they are in the device, too')
    .option('--identify', 'ask the device who it is first')
    .addHelpText(
      'after',
      `${forms}\nExample: mapper read modbus 192.0.2.7:502,unit=3 holding:10,type=float32`,
    )
    .action(async (words: readonly string[], flags: ReadFlags) => {
      const target = await targetOf(words, flags, flags.identify === true ? 0 : 1)
      const { watch } = flags
      const options = {
        ...{ json: flags.json === true, raw: flags.raw === true },
        ...{ identify: flags.identify === true, timeoutMs: flags.timeout },
        ...(watch !== undefined && { watchMs: watch === true ? 1000 : watch }),
      }
      settle(await read(target, options, processIo()))
    })

  withDeviceOptions(all.command('write'))
    .description('write a value to a place of a device once, and read it back')
    .usage(
      '[options] DRIVER WHERE PLACE VALUE\n       mapper write [options] --device FILE PROPERTY VALUE',
    )
    .argument('[words...]', 'driver, device, place and value; or property and value with --device')
    .option(
      '--type <type>',
      `what the value is, if the driver cannot tell: ${types.join(', ')}`,
      typeIn,
    )
    .addHelpText(
      'after',
      `${forms}\nExample: mapper write modbus 192.0.2.7:502,unit=3 holding:10,type=int16 55`,
    )
    .action(async (words: readonly string[], { type, json, timeout, ...flags }: WriteFlags) => {
      const value = words.at(-1)
      const least = flags.device === undefined ? 4 : 2
      if (value === undefined || words.length !== least) {
        throw wrong('write what? Name one place and one value; see mapper write --help')
      }
      const target = await targetOf(words.slice(0, -1), { ...flags, timeout }, 1)
      const options = { json: json === true, timeoutMs: timeout, ...(type && { type }) }
      settle(await write(target, value, options, processIo()))
    })

  all
    .command('simulate')
    .description('simulate devices: mapper simulate modbus bank.yaml --port 5020')
    .argument('[driver]', knownDrivers.join(', '))
    .argument('[flags...]', 'of the simulator: see mapper simulate DRIVER --help')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (driver: string | undefined, flags: readonly string[]) => {
      if (driver === undefined || driver.startsWith('-')) {
        throw wrong(
          `simulate what? mapper simulate DRIVER [flags]; DRIVER is ${knownDrivers.join(', ')}`,
        )
      }
      const { simulate } = await findSimulator(driver)
      if (typeof simulate !== 'function') throw wrong(`${driver} has no simulator for this command`)
      const { out, signal } = processIo()
      const options = { argv: flags, program: `mapper simulate ${driver}`, out, signal }
      await (simulate as (given: typeof options) => Promise<void>)(options)
    })
}

const forms = `
A device and a place are written in the manner of the protocol, then key=value pairs of the driver's
configuration, all joined by commas.`

function withDeviceOptions(command: Command): Command {
  return command
    .option('--set <key=value>', 'more of the protocol configuration', collect)
    .option('--device <file>', 'take the device from a file or a folder of custom resources')
    .option('--name <device>', 'which device of the file, if there are several')
    .option('--driver <protocol=driver>', 'with --device: the driver for a protocolName', collect)
    .option('--timeout <ms>', 'how long one step may take', milliseconds, usualTimeoutMs)
    .option('--json', 'one JSON object a line')
}

async function targetOf(
  words: readonly string[],
  { device, name, driver = [], set = [] }: DeviceFlags,
  leastPlaces: number,
): Promise<Target> {
  if (device !== undefined) {
    if (set.length > 0)
      throw wrong('--set goes with a device on the command line, not with --device')
    const { deviceTarget } = await import('./device-target.ts')
    useRecipesOf(device)
    const wish = { file: device, properties: words, ...(name !== undefined && { name }) }
    return deviceTarget(wish, createDriverChoice(driver))
  }
  const [what, where, ...places] = words
  if (what === undefined || where === undefined || places.length < leastPlaces) {
    throw wrong(
      'name a driver, a device and a place, as in modbus 192.0.2.7:502 holding:10; or --device FILE',
    )
  }
  const module = await findDriverModule(what)
  const target = createTarget(module, { where, set, places })
  warnOfPassword(rawProtocol(module, where, set), process.stderr)
  return target
}

const typeIn = (text: string): PropertyType => choice(text.toUpperCase(), types)

const settle = (isGood: boolean) => void (process.exitCode = isGood ? 0 : 1)

const wrong = (detail: string) => new MapperError('invalid_config', detail)
