import type { Command } from 'commander'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import type { OpcuaProtocol, OpcuaVisitor } from '@mapper-sdk/opcua'
import { processIo } from './command-io.ts'
import { findDriverModule, type DriverModule } from './find-driver.ts'
import { collect, milliseconds, whole } from './flags.ts'
import { spokenPassword, warnOfPassword } from './password-warning.ts'
import { createTarget, rawProtocol } from './target.ts'

interface ServerFlags {
  readonly set?: readonly string[]
  readonly pki?: string
  readonly timeout?: number
  readonly json?: true
}
interface BrowseFlags extends ServerFlags {
  readonly filter?: string
  readonly variables?: true
  readonly properties?: true
  readonly values: boolean
  readonly depth: number
  readonly max: number
  readonly ns?: true
  readonly output?: string
  readonly name?: string
  readonly node: string
  readonly methods?: true
  readonly force?: true
}
interface PkiFlags {
  readonly pki?: string
  readonly config?: string
}

/** `opcua discover`, `browse`, `trust`, `untrust` and `certificates`. */
export function addOpcuaCommands(all: Command): void {
  const opcua = all.command('opcua').description('find out what a server has, and whom to trust')

  withServerOptions(opcua.command('discover'))
    .description('ask a server how it can be connected to; needs no login')
    .argument('<server>', 'opc.tcp://HOST:PORT, or a host')
    .addHelpText('after', '\nExample: mapper opcua discover 192.0.2.10')
    .action(async (where: string, flags: ServerFlags) => {
      const { protocol } = await serverOf(where, undefined, flags)
      const { printEndpoints } = await import('./opcua-discover.ts')
      settle(await printEndpoints(protocol, { json: flags.json === true }, processIo()))
    })

  withServerOptions(opcua.command('browse'))
    .description('show the nodes of a server, or write them down as a device')
    .argument('<server>', 'the server, as for mapper read')
    .argument('[start]', 'a node id or a browse path; the Objects folder if left out')
    .option('--filter <text>', 'only nodes with it in their name or id; a pattern with * or ?')
    .option('--variables', 'only variables, with the whole way to each')
    .option('--properties', 'properties of nodes, too')
    .option('--no-values', 'do not read values')
    .option('--depth <n>', 'levels below the start', (text) => whole(text, 0, 100), 100)
    .option('--max <n>', 'nodes to find at most', (text) => whole(text, 1, 10_000_000), 10_000)
    .option('--ns', 'node ids with the index of their namespace, which may change')
    .option('--output <folder>', 'write a DeviceModel and a Device with the variables')
    .option('--name <name>', 'with --output: of the device; that of the start if left out')
    .option('--node <name>', 'with --output: the node of the cluster', 'edge-1')
    .option('--methods', 'with --output: methods, too')
    .option('--force', 'with --output: replace files that exist')
    .addHelpText(
      'after',
      '\nExamples: mapper opcua browse 192.0.2.10 --filter "*temp*"\n' +
        '          mapper opcua browse 192.0.2.10,securityPolicy=auto /2:Line1 --output devices',
    )
    .action(browse)

  withPkiOptions(opcua.command('certificates'))
    .description('list own, trusted, rejected and issuer certificates of a mapper')
    .option('--json', 'one JSON object a line')
    .action(async ({ json, ...flags }: PkiFlags & { readonly json?: true }) => {
      const { pkiFolderOf, printCertificates } = await import('./opcua-certificates.ts')
      const options = { json: json === true }
      settle(await printCertificates(await pkiFolderOf(flags), options, processIo()))
    })

  withPkiOptions(opcua.command('trust'))
    .description('trust the certificate of a server')
    .argument('<certificate>', 'thumbprint of a rejected one (its beginning is enough), or a file')
    .action(async (which: string, flags: PkiFlags) => {
      const { pkiFolderOf, trustCertificate } = await import('./opcua-certificates.ts')
      await trustCertificate(await pkiFolderOf(flags), which, processIo())
    })

  withPkiOptions(opcua.command('untrust'))
    .description('trust the certificate of a server no longer')
    .argument('<certificate>', 'its thumbprint, or the beginning of that')
    .action(async (which: string, flags: PkiFlags) => {
      const { pkiFolderOf, untrustCertificate } = await import('./opcua-certificates.ts')
      await untrustCertificate(await pkiFolderOf(flags), which, processIo())
    })
}

const withServerOptions = (command: Command): Command =>
  command
    .option('--set <key=value>', 'more of the protocol configuration', collect)
    .option('--pki <folder>', 'folder of certificates, for a secured connection')
    .option('--timeout <ms>', 'how long one answer may take', milliseconds)
    .option('--json', 'one JSON object a line')

const withPkiOptions = (command: Command): Command =>
  command
    .option('--pki <folder>', 'the folder of certificates')
    .option('--config <file>', 'the configuration of the mapper, which has a state_dir')

/** The checked server, where to begin, and what was typed of it. */
async function serverOf(where: string, start: string | undefined, flags: ServerFlags) {
  const module = await findDriverModule('opcua')
  const { pki, timeout } = flags
  const set = [
    ...(flags.set ?? []),
    ...(pki === undefined ? [] : [`pkiFolder=${path.resolve(pki)}`]),
    ...(timeout === undefined ? [] : [`timeoutMs=${timeout}`]),
  ]
  const target = createTarget(module, { where, set, places: start === undefined ? [] : [start] })
  const raw = rawProtocol(module, where, flags.set)
  warnOfPassword(raw, process.stderr)
  const { nodeID = 'i=85', browsePath } = (target.items[0]?.visitor ?? {}) as Partial<OpcuaVisitor>
  return {
    protocol: target.protocol as OpcuaProtocol,
    start: { nodeID, ...(browsePath !== undefined && { browsePath }) },
    words: writtenDown(module, raw),
  }
}

/** What may stand in a file that is shown around. */
function writtenDown({ driver }: DriverModule, raw: ReturnType<typeof rawProtocol>) {
  const { password, ...words } = driver.normalize?.(raw, 'protocol') ?? raw
  const isSecret = spokenPassword({ password: password ?? '' }) !== undefined
  return { words: isSecret || password === undefined ? words : { ...words, password }, isSecret }
}

async function browse(where: string, start: string | undefined, flags: BrowseFlags): Promise<void> {
  const server = await serverOf(where, start, flags)
  const { securityPolicy, pkiFolder } = server.protocol
  if (securityPolicy !== 'None' && pkiFolder === undefined) {
    throw new MapperError(
      'invalid_config',
      'a secured connection needs a folder for certificates: add --pki FOLDER; one that is missing is made',
    )
  }
  const { printTree, writeTree } = await import('./opcua-browse.ts')
  const { filter, output, name, words } = { ...flags, ...server }
  const wish = {
    ...{ protocol: server.protocol, start: server.start },
    ...(filter !== undefined && { filter }),
    ...{ onlyVariables: flags.variables === true, withProperties: flags.properties === true },
    ...{ withValues: flags.values, depth: flags.depth, most: flags.max },
    ...{ byIndex: flags.ns === true, json: flags.json === true },
  }
  const io = processIo()
  if (output === undefined) return settle((await printTree(wish, io)) > 0)
  const files = {
    ...{ folder: output, nodeName: flags.node, words: words.words },
    ...(name !== undefined && { name }),
    ...{ withMethods: flags.methods === true, force: flags.force === true },
  }
  const count = await writeTree(wish, files, io)
  if (count > 0 && words.isSecret) {
    io.err.write(
      'the password was not written; put it into a file and add passwordFile to the device\n',
    )
  }
  if (count > 0 && flags.pki !== undefined) {
    io.err.write(
      `a mapper keeps certificates in its state_dir; for mapper dev, which has none, add pkiFolder: ${pkiFolder} to the device\n`,
    )
  }
  settle(count > 0)
}

const settle = (isGood: boolean) => void (process.exitCode = isGood ? 0 : 1)
