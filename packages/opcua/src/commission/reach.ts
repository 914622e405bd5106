import { silentLogger, type ConnectContext, type Logger } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { loadLibrary, type Library } from '../library.ts'
import { connectLink } from '../link/connect-link.ts'
import type { OpcuaLink } from '../link/link.ts'

/** A session of its own, and the library that it came with. */
export interface Reached {
  readonly link: OpcuaLink
  readonly library: Library
}

/** What a connection outside of a mapper gets to connect with: it remembers nothing and keeps no folder. */
export const loneContext = (
  signal: AbortSignal,
  logger: Logger = silentLogger,
): ConnectContext => ({
  ...{ signal, logger, memory: new Map<string, unknown>(), lines: createLines() },
  folder: undefined,
})

/** A session with the server of a checked protocol config. Rejects as the driver's `connect` does. */
export async function reach(
  protocol: OpcuaProtocol,
  signal: AbortSignal,
  logger?: Logger,
): Promise<Reached> {
  const library = await loadLibrary()
  return { library, link: await connectLink(protocol, loneContext(signal, logger), library) }
}
