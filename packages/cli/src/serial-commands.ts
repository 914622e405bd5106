import type { Command } from 'commander'
import { MapperError, type RawConfig } from '@mapper-sdk/core'
import { processIo } from './command-io.ts'
import { collect, whole } from './flags.ts'
import { pairOf } from './place-text.ts'

interface LineFlags {
  readonly path?: readonly string[]
  readonly host?: string
  readonly port?: number
  readonly udp?: true
  readonly set?: readonly string[]
  readonly json?: true
}
interface TryFlags extends LineFlags {
  readonly transcript?: string
  readonly exchange?: readonly string[]
  readonly write?: readonly string[]
  readonly stream?: readonly string[]
  readonly listen?: number
}
interface SniffFlags extends LineFlags {
  readonly listen?: number
  readonly frame?: string
  readonly for?: number
  readonly count?: number
}

const portNumber = (text: string) => whole(text, 1, 65_535)
const seconds = (text: string) => whole(text, 1, 2_000_000)

/** `serial recipes`, `serial try` and `serial sniff`. */
export function addSerialCommands(all: Command): void {
  const serial = all.command('serial').description('try recipes, and see what goes over a line')

  serial
    .command('recipes')
    .description('list the recipes that can be named, or show one')
    .argument('[recipe]', 'its name, or the path of its file')
    .option('--json', 'one JSON object a line')
    .action(async (recipe: string | undefined, flags: { readonly json?: true }) => {
      const { printRecipe, printRecipes } = await import('./serial-recipes.ts')
      const options = { json: flags.json === true }
      if (recipe === undefined) return settle(printRecipes(options, processIo()))
      printRecipe(recipe, options, processIo())
    })

  withLineOptions(serial.command('try'))
    .description('check a recipe, and make its exchanges with a device once')
    .argument('<recipe>', 'its name, or the path of its file')
    .option('--transcript <file>', 'play a transcript instead, without a device')
    .option('--exchange <name>', 'only this one; may be repeated', collect)
    .option('--write <name=value>', 'write a value; may be repeated', collect)
    .option('--stream <name>', 'wait for a frame of this stream; may be repeated', collect)
    .option('--listen <seconds>', 'how long to listen to what the device sends', seconds)
    .addHelpText(
      'after',
      '\nExamples: mapper serial try mt-sics-scale --path /dev/ttyUSB0\n' +
        '          mapper serial try ./my.yaml --host 192.0.2.7 --port 4001 --set address=3\n' +
        '          mapper serial try ./my.yaml --transcript my.transcript.yaml',
    )
    .action(tryIt)

  withLineOptions(serial.command('sniff'))
    .description('listen to a line, and show each frame')
    .argument('[recipe]', 'what speaks on it: the name of a recipe, or the path of its file')
    .option(
      '--listen <port>',
      'stand between the device and software that connects to this port of 127.0.0.1; 0 takes a free one',
      (text) => whole(text, 0, 65_535),
    )
    .option(
      '--frame <spec>',
      'without a recipe: how frames are cut, as in "type: delimiter, end: <CR><LF>"; by silence if not said',
    )
    .option('--for <seconds>', 'end after so long', seconds)
    .option('--count <n>', 'end after so many frames', (text) => whole(text, 1, 2 ** 31 - 1))
    .addHelpText(
      'after',
      '\nWith two --path, the first hears what goes to the device, the second what comes from it.' +
        '\nExamples: mapper serial sniff --path /dev/ttyUSB0 --set baudRate=19200\n' +
        '          mapper serial sniff mt-sics-scale --path /dev/ttyUSB0 --listen 4002',
    )
    .action(sniffIt)
}

const withLineOptions = (command: Command): Command =>
  command
    .option('--path <port>', 'a serial port', collect)
    .option('--host <host>', 'a device server instead')
    .option('--port <n>', 'its port', portNumber)
    .option('--udp', 'by UDP')
    .option('--set <word=value>', 'a word of the protocol configuration or a setting', collect)
    .option('--json', 'one JSON object a line')

async function tryIt(what: string, flags: TryFlags): Promise<void> {
  const { findRecipe } = await import('@mapper-sdk/serial/commission')
  const { tryDevice, tryTranscript } = await import('./serial-try.ts')
  const io = processIo()
  const json = flags.json === true
  const found = recipeOrProblems()
  if (found === undefined) return settle(false)
  const { ready, words } = found
  if (flags.transcript !== undefined) {
    return settle(await tryTranscript(flags.transcript, ready, { json }, io))
  }
  const [line, ...more] = linesOf(flags)
  if (line === undefined) {
    io.out.write(`${what}: nothing is wrong; name a port to try it, or --transcript\n`)
    return
  }
  if (more.length > 0) throw wrong('a device has one line; name only one --path')
  const { exchange, write, stream, listen } = flags
  const wish = {
    ...(exchange && { exchanges: exchange }),
    ...(write && { writes: write }),
    ...(stream && { streams: stream }),
    ...(listen !== undefined && { listenMs: listen * 1000 }),
    json,
  }
  settle(await tryDevice({ ...words, ...line }, ready, wish, io))

  // What is wrong in a recipe is what was looked for, not wrong usage.
  function recipeOrProblems() {
    try {
      return findRecipe(what)
    } catch (thrown) {
      const { detail } = MapperError.from(thrown)
      if (!/:\d+:\d+: /.test(detail)) throw thrown
      io.out.write(`${detail}\n`)
      return undefined
    }
  }
}

async function sniffIt(what: string | undefined, flags: SniffFlags): Promise<void> {
  const { findRecipe } = await import('@mapper-sdk/serial/commission')
  const { sniffLine } = await import('./serial-sniff.ts')
  const { listen, frame, count, json } = flags
  const wish = {
    lines: linesOf(flags),
    ...(what !== undefined && { ready: findRecipe(what).ready }),
    ...(listen !== undefined && { relayPort: listen }),
    ...(frame !== undefined && { frame }),
    ...(flags.for !== undefined && { forMs: flags.for * 1000 }),
    ...(count !== undefined && { count }),
    json: json === true,
  }
  settle(await sniffLine(wish, processIo()))
}

/** The lines that the flags name, as words of protocol configurations. */
export function linesOf({ path = [], host, port, udp, set = [] }: LineFlags): readonly RawConfig[] {
  const words = Object.fromEntries(
    set.map((text) => {
      const pair = pairOf(text)
      if (pair !== undefined) return pair
      throw wrong(`--set ${text}: write it as key=value`)
    }),
  )
  if (host === undefined) {
    if (port !== undefined || udp === true) throw wrong('--port and --udp go with --host')
    return path.map((one) => ({ path: one, ...words }))
  }
  if (path.length > 0) throw wrong('a line is a serial port or a device server; --path or --host')
  if (port === undefined) throw wrong('--host needs --port')
  const transport = udp === true ? 'udp' : 'tcp'
  return [{ transport, host, port, ...words }]
}

const settle = (isGood: boolean) => void (process.exitCode = isGood ? 0 : 1)

const wrong = (detail: string) => new MapperError('invalid_config', detail)
