import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { MapperError } from '@mapper-sdk/core'
import { addCheckCommands } from './check-commands.ts'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver, knownDrivers } from './find-driver.ts'
import { addDeviceCommands } from './device-commands.ts'
import { collect } from './flags.ts'
import { addModbusCommands } from './modbus-commands.ts'
import { addOpcuaCommands } from './opcua-commands.ts'
import { useRecipesOf } from './recipe-folders.ts'
import { addSerialCommands } from './serial-commands.ts'
import { untilSignal } from './until-signal.ts'

/** Exit codes: 0 fine, 1 something was found or did not work, 2 wrong usage, 70 a bug. */
export async function runCli(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv)
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode === 0 ? 0 : 2
      return
    }
    const error = MapperError.from(thrown)
    const bug = !(thrown instanceof MapperError)
    process.stderr.write(`mapper: ${bug ? (error.stack ?? error.message) : error.detail}\n`)
    process.exitCode = bug ? 70 : error.code === 'invalid_config' ? 2 : 1
  }
}

// What a command needs is loaded when it runs: each of them would otherwise wait for all the others.
function program(): Command {
  const all = new Command('mapper')
    .description('Mappers for KubeEdge: run them, try them, check their devices')
    .version(version())
    .enablePositionalOptions()
    .exitOverride()

  all
    .command('run')
    .description('run a driver as a mapper process')
    .argument('[driver]', `${knownDrivers.join(', ')}, or a package, or the path of a module`)
    .argument('[flags...]', 'flags of the process: see mapper run DRIVER --help')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action((driver: string | undefined, flags: readonly string[]) => run(driver, flags))

  all
    .command('dev')
    .description('run a folder of Device and DeviceModel files without a cluster')
    .argument('<folder>')
    .option('--version <version>', 'the version of EdgeCore to stand in for, as in 1.23')
    .option('--driver <protocol=driver>', 'the driver for a protocolName', collect, [])
    .option('--log-file <file>', 'write the lines of all processes to a file, too')
    .action(async (folder: string, { version, driver, logFile }: DevFlags) => {
      const { dev } = await import('./dev.ts')
      useRecipesOf(folder)
      await dev({
        folder,
        drivers: createDriverChoice(driver),
        ...(version === undefined ? {} : { edgeVersion: version }),
        ...(logFile === undefined ? {} : { logFile }),
        out: process.stdout,
        signal: untilSignal(),
      })
    })

  all
    .command('demo')
    .description('run the playground with its simulated Modbus devices')
    .option('--once', 'make the round trip once, verify it, and end')
    .action(async ({ once }: { once?: true }) => {
      const { demo, demoOnce } = await import('./demo.ts')
      const options = { out: process.stdout, signal: untilSignal() }
      await (once === true ? demoOnce(options) : demo(options))
    })
  addCheckCommands(all)
  addDeviceCommands(all)
  addModbusCommands(all)
  addOpcuaCommands(all)
  addSerialCommands(all)
  return all
}

interface DevFlags {
  readonly version?: string
  readonly driver: readonly string[]
  readonly logFile?: string
}

async function run(driver: string | undefined, flags: readonly string[]): Promise<void> {
  if (driver === undefined || driver.startsWith('-')) {
    throw new MapperError(
      'invalid_config',
      `run what? mapper run DRIVER [flags]; DRIVER is ${knownDrivers.join(', ')}, a package or the path of a module`,
    )
  }
  const { main } = await import('@mapper-sdk/core/main')
  await main(await findDriver(driver), flags)
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
