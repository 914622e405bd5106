import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  type ClientSession,
  type OPCUAClientOptions,
  type UserIdentityInfo,
} from 'node-opcua-client'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import { afterAll } from 'vitest'

/** Sessions of node-opcua's own client, past all of our code; closed after the tests. */
export function bareClients() {
  const open: { readonly client: OPCUAClient; readonly session: ClientSession }[] = []
  const folder = mkdtemp(path.join(tmpdir(), 'bare-client-'))
  let manager: OPCUACertificateManager | undefined
  afterAll(async () => {
    for (const { client, session } of open) {
      await session.close().catch(() => undefined)
      await client.disconnect()
    }
    await manager?.dispose()
    await rm(await folder, { recursive: true, force: true })
  })
  return async (
    url: string,
    options: OPCUAClientOptions = {},
    user?: UserIdentityInfo,
  ): Promise<ClientSession> => {
    if (manager === undefined) {
      manager = new OPCUACertificateManager({
        rootFolder: await folder,
        automaticallyAcceptUnknownCertificate: true,
        disableFileWatchers: true,
      })
      await manager.initialize()
    }
    const client = OPCUAClient.create({
      endpointMustExist: false,
      securityMode: MessageSecurityMode.None,
      securityPolicy: SecurityPolicy.None,
      connectionStrategy: { maxRetry: 0 },
      clientCertificateManager: manager,
      ...options,
    })
    try {
      await client.connect(url)
      const session = await client.createSession(user)
      open.push({ client, session })
      return session
    } catch (thrown) {
      await client.disconnect()
      throw thrown
    }
  }
}
