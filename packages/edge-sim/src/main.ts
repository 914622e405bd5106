#!/usr/bin/env node
import { MapperError } from '@mapper-sdk/core'
import { parseArgs } from 'node:util'
import { serveControl } from './control.ts'
import { startEdgeSim } from './edge-sim.ts'
import { createStderrLogger } from './stderr-logger.ts'
import { kubeEdgeVersions, type KubeEdgeVersion } from './version.ts'

const usage = `edge-sim FOLDER --socket PATH [options]
Plays KubeEdge's EdgeCore for mappers, fed from a folder of Device and DeviceModel YAML.

  --socket PATH     where to serve mappers, as EdgeCore does on /etc/kubeedge/dmi.sock
  --http PORT       control API on 127.0.0.1; 0 takes a free port
  --version V       which KubeEdge to play: ${kubeEdgeVersions.join(' ')} (default 1.23)
  --mqtt URL        the broker of its event bus, such as mqtt://127.0.0.1:1883
  --legacy          play KubeEdge up to 1.14: the broker alone, no calls over the socket
  --profile FILE    keep deviceProfile.json for mappers of that time
  --no-limiter      take any number of calls and twins; the real EdgeCore takes one call a second
  --v N             how much to log: 0 warnings, 1 what happens, 2 everything (default 1)

Prints one JSON line on stdout when it is ready: {"control":"http://…","socket":"…"}.
Ends with 0 on SIGTERM and SIGINT, with 2 on wrong input, and with 70 when a malformed call
crashed it, as such a call crashes EdgeCore.
`

function readArgs() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      socket: { type: 'string' },
      http: { type: 'string' },
      version: { type: 'string', default: '1.23' },
      mqtt: { type: 'string' },
      legacy: { type: 'boolean', default: false },
      profile: { type: 'string' },
      'no-limiter': { type: 'boolean', default: false },
      v: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const [folder, ...more] = positionals
  const version = kubeEdgeVersions.find((known) => known === values.version)
  const port = values.http === undefined ? undefined : Number(values.http)
  const wrong = (detail: string) => new MapperError('invalid_config', detail)
  if (folder === undefined || more.length > 0) throw wrong('name exactly one folder')
  if (values.socket === undefined) throw wrong('--socket PATH is missing')
  if (!version) throw wrong(`--version: one of ${kubeEdgeVersions.join(' ')}`)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
    throw wrong('--http: a port from 0 to 65535')
  }
  if (!/^[0-9]$/.test(values.v)) throw wrong('--v: a number from 0 to 9')
  return { folder, socket: values.socket, version, port, verbosity: Number(values.v), values }
}

async function run(args: NonNullable<ReturnType<typeof readArgs>>): Promise<number> {
  const { folder, socket, port, verbosity, values } = args
  const logger = createStderrLogger(verbosity >= 2 ? 'debug' : verbosity === 1 ? 'info' : 'warn')
  const ended = new AbortController()
  const rate = values['no-limiter'] ? ({ limiter: 'off', upstream: 'off' } as const) : {}
  const version: KubeEdgeVersion = args.version
  const { mqtt, legacy, profile } = values
  const sim = await startEdgeSim({
    ...{ socketPath: socket, folder, version, legacy, logger, ...rate },
    ...(mqtt !== undefined && { mqtt: { url: mqtt } }),
    ...(profile !== undefined && { profileFile: profile }),
  })
  const code = await new Promise<number>((resolve, reject) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(0))
    sim.subscribe((event) => {
      if (event.type !== 'crash') return
      process.stderr.write(`\n*** EDGECORE CRASHED ***\n${event.report}\n\n`)
      resolve(70)
    }, ended.signal)
    if (port === undefined) return void say({ socket })
    serveControl(sim, port, logger).then((control) => {
      ended.signal.addEventListener('abort', () => void control.close(), { once: true })
      say({ control: control.url, socket })
    }, reject)
  }).finally(async () => {
    ended.abort()
    await sim.close()
  })
  return code
}

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const args = readArgs()
  if (args === undefined) process.stdout.write(usage)
  else process.exitCode = await run(args)
} catch (error) {
  const known =
    error instanceof MapperError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  const text = known ? (error as Error).message : String((error as Error).stack)
  process.stderr.write(`edge-sim: ${text}\n\n${known ? usage : ''}`)
  process.exitCode = known ? 2 : 1
}
