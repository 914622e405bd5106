import path from 'node:path'
import { createDmiEdge, type LogFn, type Logger } from '@mapper-sdk/core'
import { complaintsOf, runGateway } from './gateway.ts'

const inFolder = (name: string) => path.join(process.argv[2] ?? '/etc/kubeedge', name)
// The sentence comes last; what is before it are fields.
const say: LogFn = (...words: readonly unknown[]) =>
  void process.stdout.write(`${String(words.at(-1))}\n`)
const logger: Logger = { debug: () => {}, info: say, warn: say, error: say, child: () => logger }
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort()).once('SIGINT', () => stop.abort())

await runGateway({
  edgeOf: (protocol) => {
    const mapper = { name: `${protocol}-mapper`, version: 'v1', apiVersion: 'v1', protocol }
    const socketPath = inFolder(`${protocol}.sock`)
    return createDmiEdge({ mapper, socketPath, edgecoreSocketPath: inFolder('dmi.sock'), logger })
  },
  ...{ logger, signal: stop.signal },
  onStart: (view) => {
    const timer = setInterval(() => complaintsOf(view).forEach((line) => say(line)), 5_000)
    stop.signal.addEventListener('abort', () => clearInterval(timer))
  },
})
