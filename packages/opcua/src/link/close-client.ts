import type { ClientSession, OPCUAClient } from 'node-opcua-client'
import { within } from './within.ts'

/** What the client library has for its own keep-alive, and does not show. */
interface Breakable {
  readonly _secureChannel?: {
    forceConnectionBreak(): void
    abortConnection(done: () => void): void
  } | null
}

/** Breaks the connection, so that the client library notices, connects anew and resumes the session. */
export function breakConnection(client: OPCUAClient): void {
  const { _secureChannel: channel } = client as unknown as Breakable
  channel?.forceConnectionBreak()
}

const never = new AbortController().signal

/** Closes session and client, each in at most `ms`; what does not end by then is cut. Never throws. */
export async function closeClient(
  client: OPCUAClient,
  session: ClientSession | undefined,
  ms: number,
): Promise<void> {
  if (session !== undefined && ms > 0) {
    await within(session.close(true), ms, never, 'close session').catch(() => undefined)
  }
  const { _secureChannel: channel } = client as unknown as Breakable
  const disconnected = client.disconnect()
  await within(disconnected, Math.max(ms, 100), never, 'disconnect').catch(() => {
    channel?.abortConnection(() => undefined)
    disconnected.catch(() => undefined)
  })
}
