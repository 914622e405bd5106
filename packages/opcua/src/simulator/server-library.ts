import { createRequire } from 'node:module'
import { MapperError } from '@mapper-sdk/core'
import type * as nodeOpcua from 'node-opcua'

/** What the simulator uses of node-opcua, which only it needs: it is loaded when a server starts. */
export type ServerLibrary = typeof nodeOpcua

/** Throws `invalid_config` that says how to install it, if it is not there. */
export async function loadServerLibrary(): Promise<ServerLibrary> {
  let library: ServerLibrary
  try {
    silence()
    library = await import('node-opcua')
  } catch (cause) {
    throw new MapperError(
      'invalid_config',
      'the OPC UA simulator needs the package node-opcua, which is not installed here: npm install node-opcua@2',
      { cause },
    )
  }
  // 50 ms each, as if faster were never wanted; both are floors for the whole process.
  library.MonitoredItem.minimumSamplingInterval = 1
  library.Subscription.minimumPublishingInterval = 1
  return library
}

/**
 * It logs to stdout, where a command prints its results, and begins with that while it is loaded; so
 * the part of it that logs is loaded first. It is a package of its own that node-opcua brings.
 */
function silence(): void {
  const here = createRequire(import.meta.url)
  const there = createRequire(here.resolve('node-opcua'))
  const { setLogLevel, LogLevel } = there('node-opcua-debug') as typeof nodeOpcua
  setLogLevel(LogLevel.Emergency)
}
