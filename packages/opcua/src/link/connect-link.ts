import type { ConnectContext } from '@mapper-sdk/core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { Library } from '../library.ts'
import { closeClient } from './close-client.ts'
import { failureOf } from './failure.ts'
import type { OpcuaLink } from './link.ts'
import { keepLink } from './open-link.ts'
import { readServerFacts } from './server-facts.ts'
import type { Session } from './session.ts'
import { within } from './within.ts'

export async function connectLink(protocol: OpcuaProtocol, context: ConnectContext, library: Library): Promise<OpcuaLink> {
  const { signal, logger } = context
  const { url, timeoutMs, sessionTimeoutMs } = protocol
  const folder = await mkdtemp(path.join(tmpdir(), 'opcua-'))
  const client = library.OPCUAClient.create({
    applicationName: 'mapper',
    clientCertificateManager: new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true }),
    connectionStrategy: { initialDelay: 200, maxDelay: 2_000, maxRetry: 0 },
    endpointMustExist: false,
    keepSessionAlive: false,
    requestedSessionTimeout: sessionTimeoutMs,
    transportTimeout: timeoutMs,
    defaultTransactionTimeout: timeoutMs,
  })
  try {
    await within(client.connect(url), timeoutMs, signal, 'connect')
    const session = await within(client.createSession() as Promise<Session>, timeoutMs, signal, 'create session')
    const facts = await within(readServerFacts(session), timeoutMs, signal, 'server facts')
    return keepLink({ url, client, session, facts, timeoutMs, resumeForMs: session.timeout, logger, onClose: () => rm(folder, { recursive: true, force: true }) })
  } catch (thrown) {
    await closeClient(client, undefined, 100)
    throw failureOf(thrown)
  }
}
