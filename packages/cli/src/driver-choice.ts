import { MapperError } from '@mapper-sdk/core'
import { driverForProtocol, knownDrivers } from './find-driver.ts'

/** The name, path or package of the driver for a protocolName. Throws `invalid_config` if there is none. */
export type DriverChoice = (protocolName: string) => string

/** Takes what the user chose as `PROTOCOL=DRIVER`, else a known driver by its name. */
export function createDriverChoice(chosen: readonly string[]): DriverChoice {
  const byProtocol = new Map<string, string>()
  for (const each of chosen) {
    const equals = each.indexOf('=')
    if (equals < 1 || equals === each.length - 1) {
      throw new MapperError(
        'invalid_config',
        `--driver ${each}: write it as PROTOCOL=DRIVER, for example --driver coffee=./coffee.js`,
      )
    }
    byProtocol.set(each.slice(0, equals), each.slice(equals + 1))
  }
  return (protocolName) => {
    const driver = byProtocol.get(protocolName) ?? driverForProtocol(protocolName)
    if (driver !== undefined) return driver
    throw new MapperError(
      'invalid_config',
      `no driver for the protocol ${JSON.stringify(protocolName)} ` +
        `(known: ${knownDrivers.join(', ')}; name another with --driver ${protocolName}=PATH)`,
    )
  }
}
