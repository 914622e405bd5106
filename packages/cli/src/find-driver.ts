import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { MapperError, type CommandLine, type Driver } from '@mapper-sdk/core'

/** The drivers of this repository: their short names, which are also their protocol names. */
const packages: Readonly<Record<string, string>> = {
  modbus: '@mapper-sdk/modbus',
  opcua: '@mapper-sdk/opcua',
  serial: '@mapper-sdk/serial',
}

export const knownDrivers = Object.keys(packages)

/** A driver, and how its devices and places are named on a command line, if its module says so. */
export interface DriverModule {
  readonly driver: Driver
  readonly commandLine?: CommandLine
}

/**
 * Finds a driver by short name (`modbus`), by the path of a module, or by the name of a package that
 * is installed here. The module exports it as `driver`, or exports only one thing that is a driver.
 * Throws `invalid_config` that says what was found instead.
 */
export const findDriver = async (what: string): Promise<Driver> => driverIn(what, await load(what))

/** The driver as above, with what its module exports as `commandLine`. */
export async function findDriverModule(what: string): Promise<DriverModule> {
  const exported = await load(what)
  const { commandLine } = exported
  const driver = driverIn(what, exported)
  return looksLikeCommandLine(commandLine) ? { driver, commandLine } : { driver }
}

/** What the subpath `/simulator` of the package of a driver exports. Throws `invalid_config` if there is none. */
export async function findSimulator(what: string): Promise<Readonly<Record<string, unknown>>> {
  await findDriver(what)
  try {
    return await load(`${packages[what] ?? what}/simulator`)
  } catch (cause) {
    throw new MapperError('invalid_config', `the driver ${what} brings no simulator`, { cause })
  }
}

function driverIn(what: string, exported: Readonly<Record<string, unknown>>): Driver {
  if (looksLikeDriver(exported['driver'])) return exported['driver']
  const found = Object.entries(exported).filter(([, value]) => looksLikeDriver(value))
  const [first] = found
  if (first !== undefined && found.length === 1) return first[1] as Driver
  const names = (entries: readonly (readonly [string, unknown])[]) =>
    entries.map(([name]) => name).join(', ')
  throw new MapperError(
    'invalid_config',
    found.length === 0
      ? `${what} exports no driver (it exports ${names(Object.entries(exported)) || 'nothing'}; ` +
          'a driver has protocolName, protocolSchema, visitorSchema, connectionKey and connect)'
      : `${what} exports several drivers: ${names(found)} (export the one to run as "driver")`,
  )
}

/** The short name of the driver for a protocolName: the name itself, or a variant such as `modbus-tcp`. */
export function driverForProtocol(protocolName: string): string | undefined {
  const plain = protocolName.toLowerCase()
  return knownDrivers.find(
    (name) => plain === name || new RegExp(`^${name}[-_]?(tcp|rtu)$`).test(plain),
  )
}

async function load(what: string): Promise<Readonly<Record<string, unknown>>> {
  const specifier = packages[what] ?? what
  const isPath = /^\.{0,2}\/|\.[cm]?[jt]s$/.test(what)
  const wrong = (reason: string, cause?: unknown) =>
    new MapperError('invalid_config', `driver ${JSON.stringify(what)}: ${reason}`, { cause })
  const file = path.resolve(what)
  if (isPath && !existsSync(file)) throw wrong(`no such file: ${file}`)
  try {
    return await importModule(isPath ? pathToFileURL(file).href : specifier)
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    // A module that is there may itself import one that is not.
    const missing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${specifier}'`)
    if (!missing || isPath) throw wrong(message, thrown)
  }
  try {
    // Packages are looked for beside this one first, then where the command was given.
    const here = createRequire(path.join(process.cwd(), 'package.json'))
    return await importModule(pathToFileURL(here.resolve(what)).href)
  } catch (thrown) {
    throw wrong(
      `neither a known driver (${knownDrivers.join(', ')}) nor a package installed here (for a file, write ./${what})`,
      thrown,
    )
  }
}

const importModule = async (specifier: string) =>
  (await import(specifier)) as Readonly<Record<string, unknown>>

function looksLikeCommandLine(value: unknown): value is CommandLine {
  if (typeof value !== 'object' || value === null) return false
  const { protocol, visitor } = value as Partial<CommandLine>
  return typeof protocol === 'function' && typeof visitor === 'function'
}

function looksLikeDriver(value: unknown): value is Driver {
  if (typeof value !== 'object' || value === null) return false
  const { protocolName, protocolSchema, visitorSchema, connectionKey, connect } =
    value as Partial<Driver>
  return (
    typeof protocolName === 'string' &&
    typeof protocolSchema === 'object' &&
    typeof visitorSchema === 'object' &&
    typeof connectionKey === 'function' &&
    typeof connect === 'function'
  )
}
