import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { startChild, type Child } from './child.ts'
import { freePort } from './free-port.ts'
import { requireServer } from './require-server.ts'
import { scratchFolder } from './scratch-folder.ts'
import { until } from './until.ts'

/** Debian keeps it where only root's PATH looks. */
const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/bin']
const find = (name: string) =>
  folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file))

/** Skips the test where there is no mosquitto, or fails it where CI is set. */
export function requireMosquitto(context: { skip(note?: string): never }): void {
  if (find('mosquitto') === undefined || find('mosquitto_passwd') === undefined) {
    requireServer(context, 'no mosquitto (apt-get install mosquitto)')
  }
}

export interface MosquittoOptions {
  /** A free one if left out. */
  readonly port?: number
  /** Passwords by user name; without them anybody may come in. */
  readonly users?: Readonly<Record<string, string>>
  /** PEM files of the server, and with `clientCa` clients need a certificate of that authority. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string }
  /** The text of a configuration to start it with instead; it says `port`, and nothing of users and TLS. */
  readonly configuration?: string
}

/** A real broker on loopback that keeps nothing: a restart ends every session. */
export interface Mosquitto {
  /** `mqtt://127.0.0.1:PORT`, or `mqtts:` with TLS. */
  readonly url: string
  readonly port: number
  /** Ends it for good, in an orderly way. Any number of times. */
  stop(): Promise<void>
  /** SIGKILL: its clients see the connection break. */
  kill(): Promise<void>
  /** Ends it unless it was killed, and serves again on the same port. */
  restart(): Promise<void>
}

/** Starts mosquitto and resolves once it accepts connections. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const { port = await freePort(), users, tls, configuration } = options
  const { folder, remove } = await scratchFolder()
  const config = path.join(folder, 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'persistence false',
    `allow_anonymous ${users === undefined}`,
    // Started by root it would become another user, who may not read the files given here.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ]
  if (users !== undefined) {
    const passwords = path.join(folder, 'passwords')
    await writeFile(passwords, '', { mode: 0o600 })
    for (const [user, password] of Object.entries(users)) {
      execFileSync(find('mosquitto_passwd') ?? 'mosquitto_passwd', [
        ...['-b', passwords, user, password],
      ])
    }
    lines.push(`password_file ${passwords}`)
  }
  if (tls !== undefined) {
    lines.push(`keyfile ${tls.key}`, `certfile ${tls.cert}`)
    if (tls.clientCa !== undefined) lines.push(`cafile ${tls.clientCa}`, 'require_certificate true')
  }
  await writeFile(config, configuration ?? `${lines.join('\n')}\n`)

  const start = async (): Promise<Child> => {
    const child = startChild(find('mosquitto') ?? 'mosquitto', ['-c', config])
    await until(
      'mosquitto accepts connections',
      async () => child.end !== undefined || (await accepts(port)),
      (ready) => ready,
    )
    if (child.end !== undefined) throw new Error(`mosquitto ended: ${child.lines.join('\n')}`)
    return child
  }
  let child = await start()
  return {
    url: `${tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    port,
    async stop() {
      await child.stop()
      await remove()
    },
    kill: () => child.kill(),
    async restart() {
      await child.stop()
      child = await start()
    },
  }
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
