import { folderOfResource, MapperError, type ConnectContext } from '@mapper-sdk/core'
import path from 'node:path'
import type { OPCUAClient } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { Library } from '../library.ts'
import { askEndpoints, closeUnusedMs, createClient } from './ask-endpoints.ts'
import { closeClient } from './close-client.ts'
import { keepLink } from './keep-link.ts'
import type { OpcuaLink } from './link.ts'
import { openSecurity } from './security.ts'
import { readServerFacts } from './server-facts.ts'
import type { Session } from './session.ts'
import { within } from './within.ts'

/** With other servers to go to, an interrupted session is not waited for as long as it may last, in ms. */
const resumeWithBackupsMs = 10_000

/** The folder for certificates of a mapper whose `state_dir` this is. */
export const pkiFolderIn = (stateDir: string): string => path.join(stateDir, 'opcua-pki')

/**
 * Opens a session with the first server that can be reached; a server that failed last time is not the
 * first again. Throws a MapperError with what to do.
 */
export async function connectLink(
  protocol: OpcuaProtocol,
  context: ConnectContext,
  library: Library,
): Promise<OpcuaLink> {
  const { memory, signal } = context
  const urls = [protocol.url, ...(protocol.backupUrls?.split(',') ?? [])].map((url) => url.trim())
  let last: MapperError | undefined
  for (let tries = 0; tries < urls.length; tries++) {
    const at = Number(memory.get('server') ?? 0) % urls.length
    try {
      const link = await connectTo(urls[at] ?? protocol.url, protocol, context, library)
      // After a loss the first server is the first to be asked again.
      memory.set('server', 0)
      return link
    } catch (thrown) {
      last = MapperError.from(thrown)
      memory.set('server', (at + 1) % urls.length)
      if (signal.aborted) break
    }
  }
  throw last ?? new MapperError('invalid_config', 'url names no server')
}

async function connectTo(
  url: string,
  protocol: OpcuaProtocol,
  context: ConnectContext,
  library: Library,
): Promise<OpcuaLink> {
  const { logger, memory, signal } = context
  const { timeoutMs } = protocol
  const folder = protocol.pkiFolder ?? (context.folder && pkiFolderIn(context.folder))
  if (folder === undefined && protocol.securityPolicy !== 'None') {
    throw new MapperError(
      'invalid_config',
      'a secured connection needs a folder for certificates: set state_dir in the mapper configuration, or pkiFolder',
    )
  }
  const { pkiFolder } = protocol
  if (pkiFolder !== undefined) await folderOfResource('pkiFolder', pkiFolder, context)
  const security = openSecurity(
    { ...protocol, url },
    { library, folder: folder ?? '', own: context, logger, memory },
  )
  const step = <T>(what: string, pending: Promise<T>) => within(pending, timeoutMs, signal, what)

  let client: OPCUAClient | undefined
  let session: Session | undefined
  try {
    const offers = await askEndpoints(url, { library, security, protocol, signal })
    const choice = security.choose(offers, url)
    client = createClient(library, protocol, await security.connectOptions(choice))
    await step('connect', client.connect(choice.url))
    if (choice.mode !== 'None') {
      security.checkOffers(choice, await step('endpoints', client.getEndpoints()))
    }
    const identity = await security.identity()
    session = (await step('create session', client.createSession(identity))) as Session
    const facts = await step('server facts', readServerFacts(session))
    const { policy, mode } = choice
    logger.debug({ server: choice.url, policy, mode, session: session.timeout }, 'session opened')
    const resumeForMs = protocol.backupUrls === undefined ? session.timeout : resumeWithBackupsMs
    return keepLink({
      ...{ url: choice.url, client, session, facts, timeoutMs, logger },
      resumeForMs: Math.min(session.timeout, resumeForMs),
      onClose: () => security.close(),
    })
  } catch (thrown) {
    security.close()
    if (client !== undefined) await closeClient(client, session, closeUnusedMs)
    throw security.refusalOf(thrown)
  }
}
