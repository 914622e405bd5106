import { MapperError, type Logger, type Memory, type OwnPlaces } from '@mapper-sdk/core'
import type { EndpointDescription, OPCUAClientOptions, UserIdentityInfo } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { Library } from '../library.ts'
import { judgeServer } from '../pki/judge-server.ts'
import { ownCertificate, type OwnCertificate } from '../pki/own-certificate.ts'
import { ownFiles } from '../pki/own-files.ts'
import { passingCertificate } from '../pki/passing-certificate.ts'
import { chooseEndpoint, findDowngrade, tokenOf, type EndpointChoice } from './choose-endpoint.ts'
import { createDailyNotice } from './daily-notice.ts'
import { readIdentity } from './identity.ts'
import { certificateStore, keyPairProvider } from './library-parts.ts'
import { refusalOf } from './refusal.ts'

type Choice = EndpointChoice<EndpointDescription>

export interface SecurityContext {
  readonly library: Library
  /** The PKI folder, if the protocol configuration names none. Touched only if a policy is used. */
  readonly folder: string
  /** What no resource may name. */
  readonly own?: OwnPlaces
  readonly logger: Logger
  /** Remembers what was said today. */
  readonly memory: Memory
  /** The time in ms since 1970; that of the machine if left out. */
  readonly now?: () => number
}

/**
 * All about who is who on one connection. In this order: ask the server for its endpoints with a client of
 * `discoveryOptions`, `choose`, connect a client of `connectOptions`, `checkOffers` with the endpoints
 * that it tells on the secured channel, log in with `identity`. Everything that can be replaced on disk is read at
 * each connect. Every rejection is a MapperError.
 */
export interface Security {
  /** For a client that only asks for the endpoints. Unsecured; no folder is touched. */
  discoveryOptions(): Promise<OPCUAClientOptions>
  /** Throws what was asked for and is not offered. `url` is the one that was asked. */
  choose(endpoints: readonly EndpointDescription[], url: string): Choice
  /** For the client of the connection. Rejects if the server's certificate is not accepted. */
  connectOptions(choice: Choice): Promise<OPCUAClientOptions>
  /** Throws if somebody on the way has hidden stronger offers. Call it before logging in. */
  checkOffers(choice: Choice, protectedOffers: readonly EndpointDescription[]): void
  /** Whom to log in as. Holds secrets: for the library only. */
  identity(): Promise<UserIdentityInfo>
  /** What the library threw while connecting or logging in, in words that help. */
  refusalOf(thrown: unknown): MapperError
  /** Ends the daily look at the certificates. */
  close(): void
}

const dayMs = 86_400_000

export function openSecurity(
  protocol: OpcuaProtocol,
  {
    library,
    folder: defaultFolder,
    own: ownPlaces = {},
    logger,
    memory,
    now = Date.now,
  }: SecurityContext,
): Security {
  const { crypto_utils: crypto } = library
  const { applicationUri, certificateFile, keyFile, serverCertificateFile } = protocol
  const folder = protocol.pkiFolder ?? defaultFolder
  const say = createDailyNotice(logger, memory, now)
  let own: OwnCertificate | undefined
  let url = protocol.url
  let serverRefusal: MapperError | undefined
  let timer: NodeJS.Timeout | undefined

  const readOwn = (): Promise<OwnCertificate> =>
    certificateFile !== undefined && keyFile !== undefined
      ? ownFiles({ certificateFile, keyFile }, { applicationUri, now: now(), own: ownPlaces })
      : ownCertificate(folder, { applicationUri, now: now(), crypto })

  const judge = async (sent: Uint8Array, { endpoint, policy, url }: Choice) => {
    const context = {
      now: now(),
      policy,
      ...(endpoint.server.applicationUri && { applicationUri: endpoint.server.applicationUri }),
      ...hostOf(url),
    }
    const verdict = await judgeServer(sent, {
      ...{ folder, serverCertificateFile, context, crypto },
      own: ownPlaces,
    })
    verdict.warnings.forEach(say)
    serverRefusal = verdict.refusal?.error
    return verdict
  }

  const optionsOf = (mine: OwnCertificate): OPCUAClientOptions => ({
    applicationName: 'KubeEdge mapper',
    applicationUri: mine.applicationUri,
    endpointMustExist: false,
    certificateKeyPairProvider: keyPairProvider(mine, crypto),
  })

  async function watch(choice: Choice): Promise<void> {
    try {
      const { warnings } = await readOwn()
      warnings.forEach(say)
      const { refusal } = await judge(choice.endpoint.serverCertificate, choice)
      if (refusal !== undefined) say(`at the next connect: ${refusal.error.detail}`)
    } catch (thrown) {
      say(MapperError.from(thrown).detail)
    }
  }

  return {
    discoveryOptions: async () => ({
      ...optionsOf(await passingCertificate(crypto, applicationUri)),
      clientCertificateManager: certificateStore(library, () => Promise.resolve('Good')),
      securityMode: library.MessageSecurityMode.None,
      securityPolicy: library.SecurityPolicy.None,
    }),
    choose: (endpoints, written) => {
      url = written
      return chooseEndpoint(protocol, endpoints, written)
    },
    connectOptions: async (choice) => {
      const { endpoint, policy, mode } = choice
      const shown = endpoint.serverCertificate
      url = choice.url
      own = undefined
      clearInterval(timer)
      if (policy === 'None') {
        if (choice.token === 'UserName') {
          say(
            `the password of ${choice.url} is encrypted, but nobody proves who gets it; set securityPolicy auto`,
          )
        }
        return {
          ...optionsOf(await passingCertificate(crypto, applicationUri)),
          clientCertificateManager: certificateStore(library, () => Promise.resolve('Good')),
          securityMode: library.MessageSecurityMode.None,
          securityPolicy: library.SecurityPolicy.None,
          // Else a password would go to whatever certificate the answer to CreateSession brings.
          ...(choice.token === 'UserName' && { serverCertificate: shown }),
        }
      }
      if ((shown?.length ?? 0) === 0) {
        const detail = `${choice.url} offers ${policy}/${mode}, but shows no certificate`
        throw new MapperError('access_denied', detail)
      }
      const mine = await readOwn()
      own = mine
      mine.warnings.forEach(say)
      const verdict = await judge(shown, choice)
      if (verdict.refusal !== undefined) throw verdict.refusal.error
      timer = setInterval(() => void watch(choice), dayMs)
      timer.unref()
      return {
        ...optionsOf(mine),
        clientCertificateManager: certificateStore(library, async (sent) => {
          if (mine.chain[0].der.equals(sent)) return 'Good'
          return (await judge(sent, choice)).refusal?.status ?? 'Good'
        }),
        securityMode: library.MessageSecurityMode[mode],
        securityPolicy: library.SecurityPolicy[policy],
        serverCertificate: shown,
      }
    },
    checkOffers: (choice, protectedOffers) => {
      const downgrade = findDowngrade(protocol, choice, protectedOffers)
      if (downgrade !== undefined) throw downgrade
    },
    identity: () => readIdentity(protocol, library, now(), ownPlaces),
    refusalOf: (thrown) => {
      const judged = /server Certificate verification failed/i.test(String(thrown))
      if (judged && serverRefusal !== undefined) return serverRefusal
      return refusalOf(thrown, { url, own, user: userOf(protocol) })
    },
    close: () => clearInterval(timer),
  }
}

function hostOf(url: string): { readonly host?: string } {
  const host = /^opc\.tcp:\/\/(?:\[([^\]]+)\]|([^:/]+))/i.exec(url)
  const name = host?.[1] ?? host?.[2]
  return name === undefined ? {} : { host: name }
}

function userOf(protocol: OpcuaProtocol): string {
  const token = tokenOf(protocol)
  if (token === 'Certificate') return `the user certificate ${protocol.userCertificateFile}`
  if (token === 'Anonymous') return 'anonymous users; set userName and a password'
  const { userName, password } = protocol
  const hint = password?.startsWith('/')
    ? '; password begins with /, and without a file of that path it is the password itself'
    : '; look at userName and password'
  return `user "${userName}"${hint}`
}
