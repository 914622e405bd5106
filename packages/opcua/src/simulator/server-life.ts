import { hostname } from 'node:os'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import type { OPCUACertificateManager, OPCUAServer } from 'node-opcua'
import { securityModes } from '../config/protocol.ts'
import { buildSpace, namespacesOf, type BuiltSpace } from './build-space.ts'
import type { OpcuaSimulatorOptions, UserToken } from './options.ts'
import { gateRequests, type RequestGate } from './request-gate.ts'
import type { ServerLibrary } from './server-library.ts'
import { nodesetsOf } from './space/types-nodeset.ts'

/** One life of the server, from its start to its end. */
export interface ServerLife {
  readonly server: OPCUAServer
  readonly built: BuiltSpace
  readonly gate: RequestGate
  readonly port: number
  end(): Promise<void>
}

/** The application URI of the server, as in its certificate. */
export const serverUri = 'urn:mapper-sdk:simulator:server'

const usualUsers = { operator: 'secret', guest: 'guest' }

/** Starts a server; throws `unreachable` if the port cannot be had. */
export async function startServer(
  library: ServerLibrary,
  options: OpcuaSimulatorOptions,
  folder: string,
  calls: Record<string, number>,
): Promise<ServerLife> {
  const { host = '127.0.0.1', items = { count: 10, everyMs: 100 }, limits = {} } = options
  const { trustClients = true, trustUserCertificates = true } = options
  const managers = [
    managerOf(library, path.join(folder, 'server'), trustClients),
    managerOf(library, path.join(folder, 'users'), trustUserCertificates),
  ] as const
  const [serverCertificateManager, userCertificateManager] = managers
  const users: Readonly<Record<string, string>> = options.users ?? usualUsers
  const server = new library.OPCUAServer({
    ...endpointOf(library, options),
    host,
    port: options.port ?? 0,
    serverCertificateManager,
    userCertificateManager,
    serverInfo: { applicationUri: serverUri, applicationName: { text: 'OPC UA simulator' } },
    buildInfo: { productName: 'OPC UA simulator', manufacturerName: 'mapper-sdk' },
    nodesets: [library.nodesets.standard, ...nodesetsOf(namespacesOf(options))],
    userManager: {
      isValidUser: (name: string, password: string) =>
        Object.hasOwn(users, name) && users[name] === password,
      getUserRoles: (name: string) => rolesOf(library, name),
    },
    serverCapabilities: {
      maxSessions: options.maxSessions ?? 100,
      maxSubscriptions: options.maxSubscriptions ?? 1000,
      maxMonitoredItems: 1_000_000,
      maxMonitoredItemsPerSubscription: 1_000_000,
      maxSubscriptionsPerSession: options.maxSubscriptions ?? 1000,
      minSupportedSampleRate: 0,
      operationLimits: { ...unlimited, ...limits },
    },
    maxConnectionsPerEndpoint: 1000,
    isAuditing: false,
  })
  const reportsEveryChange =
    (items.everyChange ?? true) ? (id: string) => id.startsWith('Changing.') : () => false
  const { maxSessionTimeoutMs } = options
  const gate = gateRequests(server, { calls, reportsEveryChange, maxSessionTimeoutMs })
  let built: BuiltSpace | undefined
  const end = async () => {
    gate.close()
    built?.stop()
    await server.shutdown(1)
    for (const manager of managers) await manager.dispose()
  }
  try {
    await server.initialize()
    restrictTokens(library, server, options.tokens)
    const addressSpace = server.engine.addressSpace
    if (addressSpace === null) throw new Error('node-opcua made no address space')
    built = await buildSpace(library, addressSpace, options, items)
    await server.start().catch((thrown: unknown) => {
      throw MapperError.from(thrown, 'unreachable')
    })
  } catch (thrown) {
    await end()
    throw MapperError.from(thrown)
  }
  return { server, built, gate, port: server.endpoints[0]?.port ?? 0, end }
}

const unlimited = {
  ...{ maxNodesPerRead: 0, maxNodesPerWrite: 0, maxNodesPerBrowse: 0, maxNodesPerMethodCall: 0 },
  ...{ maxNodesPerRegisterNodes: 0, maxMonitoredItemsPerCall: 0 },
  maxNodesPerTranslateBrowsePathsToNodeIds: 0,
}

function endpointOf(library: ServerLibrary, options: OpcuaSimulatorOptions) {
  const { host = '127.0.0.1', advertisedHost = reachable(host) } = options
  const policies = options.policies ?? [
    ...(['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const),
  ]
  const modes = (options.modes ?? securityModes).filter(
    (mode) => mode !== 'None' || policies.includes('None'),
  )
  return {
    hostname: advertisedHost,
    securityPolicies: policies.map((name) => library.SecurityPolicy[name]),
    securityModes: modes.map((name) => library.MessageSecurityMode[name]),
  }
}

/** The name by which a host is reached that listens on this address. */
export const reachable = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? hostname() : host

/** node-opcua offers every kind of token at every endpoint, so those that are not wanted are taken out. */
function restrictTokens(
  { UserTokenType }: ServerLibrary,
  server: OPCUAServer,
  tokens: readonly UserToken[] = ['anonymous', 'password', 'certificate'],
): void {
  const kinds = {
    anonymous: UserTokenType.Anonymous,
    password: UserTokenType.UserName,
    certificate: UserTokenType.Certificate,
  }
  const offered = tokens.map((token) => kinds[token])
  for (const endpoint of server.endpoints) {
    for (const description of endpoint.endpointDescriptions()) {
      description.userIdentityTokens = (description.userIdentityTokens ?? []).filter(
        ({ tokenType }) => offered.includes(tokenType),
      )
    }
  }
}

const rolesOf = (library: ServerLibrary, name: string) => [
  library.resolveNodeId(library.WellKnownRoles.AuthenticatedUser),
  ...(name === 'operator' ? [library.resolveNodeId(library.WellKnownRoles.Operator)] : []),
]

function managerOf(
  library: ServerLibrary,
  rootFolder: string,
  trusting: boolean,
): OPCUACertificateManager {
  return new library.OPCUACertificateManager({
    rootFolder,
    automaticallyAcceptUnknownCertificate: trusting,
    disableFileWatchers: trusting,
    keySize: 2048,
  })
}
