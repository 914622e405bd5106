import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { startChild } from './child.ts'
import type { ForeignServer } from './foreign-server.ts'
import { freePort } from './free-port.ts'
import { startJsmodbusServer } from './jsmodbus-server.ts'
import { compileLibmodbusServer, startLibmodbusServer } from './libmodbus-server.ts'
import { startPymodbusServer, type Wire } from './pymodbus-server.ts'
import { findPython } from './python.ts'
import { requireServer } from './require-server.ts'
import { scratchFolder } from './scratch-folder.ts'
import { hasSocat, startSerialPair } from './serial-pair.ts'
import { until } from './until.ts'

/** A server of others on a transport; it ends with the test. */
export interface ServerKind {
  readonly name: string
  start(context: TestContext): Promise<ForeignServer>
}

const lacking = {
  pymodbus:
    'no python3 with pymodbus and its server (apt-get install python3-pymodbus python3-serial-asyncio)',
  libmodbus:
    'no C compiler with libmodbus (apt-get install gcc libc6-dev pkg-config libmodbus-dev)',
  socat: 'no socat (apt-get install socat)',
  openssl: 'no openssl (apt-get install openssl)',
}

async function folderOf({ onTestFinished }: TestContext): Promise<string> {
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  return folder
}

async function serialPair(context: TestContext) {
  if (!hasSocat()) requireServer(context, lacking.socat)
  const pair = await startSerialPair(await folderOf(context))
  context.onTestFinished(() => pair.stop())
  const [tty, peer] = pair.ends
  return { tty, peer }
}

async function pymodbus(context: TestContext, wire: Wire): Promise<ForeignServer> {
  const python = findPython('pymodbus.server', 'serial') ?? requireServer(context, lacking.pymodbus)
  const server = await startPymodbusServer(python, wire)
  context.onTestFinished(() => server.stop())
  return server
}

async function libmodbus(
  context: TestContext,
  line?: { readonly tty: string; readonly peer: string },
): Promise<ForeignServer> {
  const program =
    compileLibmodbusServer(await folderOf(context)) ?? requireServer(context, lacking.libmodbus)
  const server = await startLibmodbusServer(program, line)
  context.onTestFinished(() => server.stop())
  return server
}

/** A certificate of its own, and its key. */
async function selfSigned(context: TestContext) {
  const folder = await folderOf(context)
  const [cert, key] = [path.join(folder, 'plc.pem'), path.join(folder, 'plc.key')]
  const order = `req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=plc -keyout ${key} -out ${cert}`
  try {
    execFileSync('openssl', order.split(' '), { stdio: 'pipe' })
  } catch {
    requireServer(context, lacking.openssl)
  }
  const serverFingerprint = new X509Certificate(readFileSync(cert)).fingerprint256
  return { cert, key, serverFingerprint }
}

/** socat in front of a server: listens on a free port as `listen` says and passes on to `to`. */
async function behindSocat(
  context: TestContext,
  listen: (port: number) => string,
  to: string,
): Promise<number> {
  if (!hasSocat()) requireServer(context, lacking.socat)
  const port = await freePort()
  const socat = startChild('socat', ['-d', '-d', listen(port), to])
  context.onTestFinished(async () => void (await socat.stop()))
  await until(
    'socat listens',
    () => socat.lines,
    (lines) => lines.some((line) => line.includes('listening on')),
  )
  return port
}

const lines: readonly ServerKind[] = (['rtu', 'ascii'] as const).map((kind) => ({
  name: `pymodbus, ${kind}`,
  start: async (context) => pymodbus(context, { kind, ...(await serialPair(context)) }),
}))

const sockets: readonly ServerKind[] = (
  ['tcp', 'udp', 'rtu-over-tcp', 'ascii-over-tcp'] as const
).map((kind) => ({
  name: `pymodbus, ${kind}`,
  start: (context) => pymodbus(context, { kind }),
}))

export const serverKinds: readonly ServerKind[] = [
  ...sockets,
  ...lines,
  {
    name: 'pymodbus, tls',
    async start(context) {
      const { cert, key, serverFingerprint } = await selfSigned(context)
      const server = await pymodbus(context, { kind: 'tls', cert, key })
      return { ...server, protocol: { ...server.protocol, serverFingerprint } }
    },
  },
  { name: 'libmodbus, tcp', start: (context) => libmodbus(context) },
  {
    name: 'libmodbus, rtu',
    start: async (context) => libmodbus(context, await serialPair(context)),
  },
  {
    name: 'libmodbus, rtu-over-tcp through socat',
    async start(context) {
      const line = await serialPair(context)
      const server = await libmodbus(context, line)
      const port = await behindSocat(
        context,
        (free) => `TCP-LISTEN:${free},bind=127.0.0.1,reuseaddr,fork,nodelay`,
        `${line.peer},raw,echo=0`,
      )
      return {
        ...server,
        protocol: { transport: 'rtu-over-tcp', host: '127.0.0.1', port, unit: 1 },
      }
    },
  },
  {
    name: 'jsmodbus, tcp',
    async start({ onTestFinished }) {
      const server = await startJsmodbusServer()
      onTestFinished(() => server.stop())
      // It is deaf after a function that it does not know, until it is found out.
      return { ...server, protocol: { ...server.protocol, timeoutMs: 1_000 } }
    },
  },
  {
    name: 'jsmodbus, tls through socat',
    async start(context) {
      const server = await startJsmodbusServer()
      context.onTestFinished(() => server.stop())
      const { cert, key, serverFingerprint } = await selfSigned(context)
      const port = await behindSocat(
        context,
        (free) =>
          `OPENSSL-LISTEN:${free},bind=127.0.0.1,reuseaddr,fork,cert=${cert},key=${key},verify=0`,
        `TCP:127.0.0.1:${String(server.protocol['port'])},nodelay`,
      )
      const protocol = { host: '127.0.0.1', port, unit: 1, writeBits: 'rewrite', tls: 'true' }
      return { ...server, protocol: { ...protocol, serverFingerprint } }
    },
  },
]
