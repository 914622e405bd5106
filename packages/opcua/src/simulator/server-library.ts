import { MapperError } from '@mapper-sdk/core'
import type * as nodeOpcua from 'node-opcua'

/** What the simulator uses of node-opcua, which only it needs: it is loaded when a server starts. */
export type ServerLibrary = typeof nodeOpcua

/** Throws `invalid_config` that says how to install it, if it is not there. */
export async function loadServerLibrary(): Promise<ServerLibrary> {
  let library: ServerLibrary
  try {
    library = await import('node-opcua')
  } catch (cause) {
    throw new MapperError(
      'invalid_config',
      'the OPC UA simulator needs the package node-opcua, which is not installed here: npm install node-opcua@2',
      { cause },
    )
  }
  // Its log goes to stdout, where a command prints its results.
  library.setLogLevel(library.LogLevel.Emergency)
  // 50 ms each, as if faster were never wanted; both are floors for the whole process.
  library.MonitoredItem.minimumSamplingInterval = 1
  library.Subscription.minimumPublishingInterval = 1
  return library
}
