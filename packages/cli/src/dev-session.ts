import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectControl, type EdgeSimControl } from '@mapper-sdk/edge-sim'
import { startChild, type Child, type ChildOptions } from './child-process.ts'

export interface SessionOptions {
  readonly folder: string
  /** The version of EdgeCore to stand in for; edge-sim's default if left out. */
  readonly edgeVersion?: string
  /** Name, path or package of the driver for a protocolName. Throws if there is none. */
  readonly driverFor: (protocolName: string) => string
  readonly onLine: (line: string, child: string) => void
}

/** A stand-in for EdgeCore and mappers beside it, each a process of its own. */
export interface Session {
  readonly control: EdgeSimControl
  /** Starts the mapper for a protocolName, once. */
  ensureMapper(protocolName: string): Promise<void>
  /** Resolves with what happened when one of the processes ends by itself. */
  readonly broken: Promise<string>
  pids(): Readonly<Record<string, number>>
  /** Ends all processes, mappers first, and removes the temporary directory. Any number of times. */
  stop(): Promise<void>
}

const readyWithinMs = 20_000

export async function startSession(options: SessionOptions): Promise<Session> {
  const { folder, edgeVersion, driverFor, onLine } = options
  const directory = await mkdtemp(path.join(tmpdir(), 'mapper-dev-'))
  const socket = path.join(directory, 'dmi.sock')
  const children: Child[] = []
  const mappers = new Set<string>()
  let stopping: Promise<void> | undefined
  let report: (what: string) => void = () => undefined
  const broken = new Promise<string>((resolve) => (report = resolve))

  const start = (child: Omit<ChildOptions, 'onLine'>): Child => {
    const started = startChild({ ...child, onLine })
    children.push(started)
    void started.ended.then((how) => {
      if (stopping === undefined) {
        report([`${child.name} ended by itself with ${how}`, ...started.tail(20)].join('\n  '))
      }
    })
    return started
  }
  const stop = () =>
    (stopping ??= (async () => {
      for (const child of children.toReversed()) await child.stop()
      await rm(directory, { recursive: true, force: true })
    })())

  try {
    const edge = start({
      name: 'edge-sim',
      script: scriptOf('@mapper-sdk/edge-sim', 'dist/main.js'),
      args: [
        ...[folder, '--socket', socket, '--http', '0'],
        ...(edgeVersion === undefined ? [] : ['--version', edgeVersion]),
      ],
    })
    const { control } = await edge.ready('control', readyWithinMs)
    return {
      control: connectControl(String(control)),
      broken,
      pids: () => Object.fromEntries(children.map(({ name, pid }) => [name, pid])),
      stop,
      async ensureMapper(protocolName) {
        if (mappers.has(protocolName) || stopping !== undefined) return
        mappers.add(protocolName)
        const name = `mapper-${protocolName.replaceAll(/[^\w.-]/g, '_')}`
        const file = path.join(directory, `${name}.yaml`)
        const config = {
          grpc_server: { socket_path: path.join(directory, `${name}.sock`) },
          common: { name, protocol: protocolName, edgecore_sock: socket },
        }
        const driver = driverFor(protocolName)
        // JSON is YAML.
        await writeFile(file, JSON.stringify(config, undefined, 2))
        start({
          name,
          script: fileURLToPath(new URL('./bin.js', import.meta.url)),
          args: ['run', driver, '--config-file', file],
        })
      },
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

/** A script of a package, wherever that is installed. */
export const scriptOf = (name: string, script: string) =>
  fileURLToPath(new URL(script, import.meta.resolve(`${name}/package.json`)))
