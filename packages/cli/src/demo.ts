import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MapperError } from '@mapper-sdk/core'
import { startChild, type Child } from './child-process.ts'
import { dev } from './dev.ts'
import { scriptOf, startSession } from './dev-session.ts'
import { createDriverChoice } from './driver-choice.ts'
import { makeRoundTrip, type RoundTrip } from './round-trip.ts'
import type { Terminal } from './screen.ts'

export interface DemoOptions {
  readonly out: Terminal
  readonly signal: AbortSignal
}

const playground = fileURLToPath(new URL('../../../examples/playground/', import.meta.url))
/** As in the playground's device.yaml. */
const playgroundPort = 15_020

const trip: RoundTrip = {
  device: 'default/boiler',
  moving: 'temperature',
  setpoint: 'setpoint',
  // The register holds tenths of a degree.
  wishes: [
    { desired: '61.5', register: 615 },
    { desired: '58.5', register: 585 },
  ],
  register: { unit: 1, address: 10 },
}

/** The playground with its simulated devices, and the table of its twins, until the signal aborts. */
export const demo = ({ out, signal }: DemoOptions): Promise<void> =>
  withPlayground(
    ({ folder }) => dev({ folder, drivers: createDriverChoice([]), out, signal }),
    false,
  )

/** The playground once around: a reading up to the cloud, a desired value down to the register. */
export async function demoOnce({ out, signal }: DemoOptions): Promise<void> {
  await withPlayground(async ({ folder, port, simulator }) => {
    const log: string[] = []
    const session = await startSession({
      folder,
      driverFor: createDriverChoice([]),
      onLine: (line, child) => void log.push(`${child}: ${line}`),
    })
    const say = (line: string) => void out.write(`${line}\n`)
    const abort = new AbortController()
    try {
      await session.ensureMapper('modbus')
      const pids = { ...session.pids(), [simulator.name]: simulator.pid }
      say(
        `processes: ${Object.entries(pids)
          .map(([name, pid]) => `${name} ${pid}`)
          .join(', ')}`,
      )
      await Promise.race([
        makeRoundTrip({
          control: session.control,
          simulator: { host: '127.0.0.1', port },
          trip,
          say,
          signal: AbortSignal.any([signal, abort.signal]),
          withinMs: 30_000,
        }),
        session.broken.then((what) => {
          throw new MapperError('internal', what)
        }),
      ])
    } catch (thrown) {
      say(`FAILED: ${MapperError.from(thrown).detail}`)
      for (const line of log.slice(-40)) say(`  ${line}`)
      throw thrown
    } finally {
      abort.abort()
      await session.stop()
    }
  }, true)
  out.write('all of it verified, everything stopped\n')
}

interface Playground {
  readonly folder: string
  readonly port: number
  readonly simulator: Child
}

/**
 * Starts the simulated devices. On the port of device.yaml if it is free, so that the files can be
 * edited in their place; else on any port, with a copy of the files that names it.
 */
async function withPlayground(
  use: (playground: Playground) => Promise<void>,
  onAnyPort: boolean,
): Promise<void> {
  if (!existsSync(playground)) {
    throw new MapperError(
      'invalid_config',
      `the demo needs a clone of the repository: no ${playground}`,
    )
  }
  const own = !onAnyPort && (await isFree(playgroundPort))
  const simulator = startChild({
    name: 'modbus-simulator',
    script: scriptOf('@mapper-sdk/modbus', 'dist/simulator/main.js'),
    args: [
      path.join(playground, 'simulator', 'bank.yaml'),
      '--port',
      String(own ? playgroundPort : 0),
    ],
  })
  let copy: string | undefined
  try {
    const { modbus } = await simulator.ready('modbus', 20_000)
    const port = Number(new URL(String(modbus)).port)
    if (!own) copy = await copyWithPort(port)
    await use({ folder: copy ?? playground, port, simulator })
  } finally {
    await simulator.stop()
    if (copy !== undefined) await rm(copy, { recursive: true, force: true })
  }
}

async function copyWithPort(port: number): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'mapper-playground-'))
  await cp(playground, copy, { recursive: true })
  const file = path.join(copy, 'device.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll(`port: ${playgroundPort}`, `port: ${port}`))
  return copy
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
