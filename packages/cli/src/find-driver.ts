import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { MapperError, type Driver } from '@mapper-sdk/core'

/** The drivers of this repository: their short names, which are also their protocol names. */
const packages: Readonly<Record<string, string>> = { modbus: '@mapper-sdk/modbus' }

export const knownDrivers = Object.keys(packages)

/**
 * Finds a driver by short name (`modbus`), by the path of a module, or by the name of a package that
 * is installed here. The module exports it as `driver`, or exports only one thing that is a driver.
 * Throws `invalid_config` that says what was found instead.
 */
export async function findDriver(what: string): Promise<Driver> {
  const exported = await load(what)
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
  try {
    return await importModule(isPath ? pathToFileURL(path.resolve(what)).href : specifier)
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    if (missing && !isPath && specifier === what) {
      try {
        const here = createRequire(path.join(process.cwd(), 'package.json'))
        return await importModule(pathToFileURL(here.resolve(what)).href)
      } catch {
        // The first failure says it better.
      }
    }
    // A module that is there may itself import one that is not.
    const itself = missing && message.includes(isPath ? path.resolve(what) : what)
    const reason = itself ? notFound(what, isPath) : message
    throw new MapperError('invalid_config', `driver ${JSON.stringify(what)}: ${reason}`, {
      cause: thrown,
    })
  }
}

const importModule = async (specifier: string) =>
  (await import(specifier)) as Readonly<Record<string, unknown>>

const notFound = (what: string, isPath: boolean) =>
  isPath
    ? `no such file: ${path.resolve(what)}`
    : `neither a known driver (${knownDrivers.join(', ')}) nor a package installed here (for a file, write ./${what})`

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
