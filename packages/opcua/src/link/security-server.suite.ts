import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connectContext } from '@mapper-sdk/core/testing'
import type {
  ClientSession,
  EndpointDescription,
  OPCUAClient,
  OPCUAServerOptions,
  UserIdentityInfo,
} from 'node-opcua'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { loadLibrary, type Library } from '../library.ts'
import { openSecurity, type Security } from './security.ts'

/** A server of node-opcua that shows its certificate and looks at those of its clients. */
export interface SecurityServer {
  readonly url: string
  /** Where it keeps certificates; `trusted/certs` and `rejected` are below. */
  readonly pki: string
  readonly certificateFile: string
  /** Lets it trust a client from now on. */
  trust(certificateFile: string): Promise<void>
  close(): Promise<void>
}

export async function startSecurityServer(
  options: OPCUAServerOptions & { readonly trustClients?: boolean } = {},
): Promise<SecurityServer> {
  const { trustClients = true, ...rest } = options
  const library = await loadLibrary()
  const { OPCUAServer, OPCUACertificateManager } = await import('node-opcua')
  library.setLogLevel(0)
  const pki = await mkdtemp(path.join(tmpdir(), 'opcua-server-'))
  const manager = (name: string, accept: boolean) =>
    new OPCUACertificateManager({
      rootFolder: path.join(pki, name),
      automaticallyAcceptUnknownCertificate: accept,
      disableFileWatchers: true,
    })
  const clients = manager('app', trustClients)
  const port = await freePort()
  const server = new OPCUAServer({
    hostname: '127.0.0.1',
    host: '127.0.0.1',
    port,
    allowAnonymous: true,
    serverCertificateManager: clients,
    userCertificateManager: manager('user', true),
    userManager: {
      isValidUser: (name: string, password: string) =>
        name === 'operator' && password === 'open sesame',
    },
    ...rest,
  })
  await server.start()
  return {
    url: `opc.tcp://127.0.0.1:${port}`,
    pki: path.join(pki, 'app'),
    certificateFile: server.certificateFile,
    trust: async (file) => clients.trustCertificate(await readFile(file)),
    close: async () => {
      await server.shutdown(0)
      await rm(pki, { recursive: true, force: true })
    },
  }
}

/** The library binds no port of its own choice: it would have to know it to name it in its endpoints. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** What core fills in. */
export const defaults = {
  endpointAddress: 'written',
  securityPolicy: 'None',
  securityMode: 'auto',
  timeoutMs: 5000,
  sessionTimeoutMs: 60_000,
  subscribe: true,
  publishingIntervalMs: 0,
  timestamps: 'source',
  maxNodesPerRequest: 1000,
} as const

export interface Visit {
  readonly policy: string
  readonly mode: string
  readonly offers: EndpointDescription[]
  readonly session: ClientSession
  readonly identity: UserIdentityInfo
}

/** Connects the way a link does, hands the session over, and leaves. Rejects with a MapperError. */
export async function visit<T>(
  wishes: Partial<OpcuaProtocol> & { readonly url: string },
  folder: string,
  use: (visit: Visit) => Promise<T> | T,
  security?: Security,
): Promise<T> {
  const protocol = { ...defaults, ...wishes }
  const library = await loadLibrary()
  const { logger, memory } = connectContext()
  const own = security ?? openSecurity(protocol, { library, folder, logger, memory })
  const clients: OPCUAClient[] = []
  const client = async (options: Awaited<ReturnType<Security['discoveryOptions']>>) => {
    const made = create(library, options)
    clients.push(made)
    return made
  }
  try {
    const asking = await client(await own.discoveryOptions())
    await asking.connect(protocol.url)
    const offers = await asking.getEndpoints()
    const choice = own.choose(offers, protocol.url)
    const talking = await client(await own.connectOptions(choice))
    await talking.connect(choice.url)
    own.checkOffers(choice, await talking.getEndpoints())
    const identity = await own.identity()
    const session = await talking.createSession(identity)
    try {
      return await use({ policy: choice.policy, mode: choice.mode, offers, session, identity })
    } finally {
      await session.close()
    }
  } catch (thrown) {
    throw own.refusalOf(thrown)
  } finally {
    own.close()
    for (const each of clients) await each.disconnect()
  }
}

const create = (library: Library, options: object): OPCUAClient =>
  library.OPCUAClient.create({
    ...options,
    connectionStrategy: { maxRetry: 0, initialDelay: 10, maxDelay: 20 },
  })
