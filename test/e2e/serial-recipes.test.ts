import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { formatValue, MapperError, parseValue, silentLogger } from '@mapper-sdk/core'
import { createLines, openSerialWire, type WireSettings } from '@mapper-sdk/core/line'
import {
  compileRecipe,
  openLink,
  ownRecipes,
  parseRecipe,
  parseTranscript,
  resolveParams,
  type Groups,
  type ReadyRecipe,
  type Recipe,
  type SerialLink,
  type Transcript,
  type TranscriptStep,
} from '@mapper-sdk/serial'
import { serveTranscript, socketChannel, type TranscriptServer } from '@mapper-sdk/serial/simulator'
import { it, type TestContext } from 'vitest'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'

const never = new AbortController().signal
const files = readdirSync(ownRecipes).filter((file) => file.endsWith('.transcript.yaml'))
const textOf = (file: string) => readFileSync(path.join(ownRecipes, file), 'utf8')

interface Loaded {
  readonly ready: ReadyRecipe
  /** The same, for answers that never come: nobody wants to wait for those. */
  readonly impatient: ReadyRecipe
  readonly transcript: Transcript
}

function load(file: string): Loaded {
  const transcript = parseTranscript(textOf(file), file)
  const recipe = parseRecipe(textOf(transcript.recipe), transcript.recipe)
  // What is done by itself is not in a transcript.
  const without = (one: object, words: readonly string[]) =>
    Object.fromEntries(Object.entries(one).filter(([word]) => !words.includes(word)))
  const alone = (timeoutMs: number, all: object = {}) =>
    Object.fromEntries(
      Object.entries(all).map(([name, one]: [string, object]) => [
        name,
        { ...without(one, ['first']), timeoutMs },
      ]),
    )
  const compiled = (timeoutMs: number) =>
    compileRecipe({
      ...without(recipe, ['init', 'shutdown', 'keepAlive']),
      exchanges: alone(timeoutMs, recipe.exchanges),
      writes: alone(timeoutMs, recipe.writes),
    } as Recipe)
  return { ready: compiled(10_000), impatient: compiled(300), transcript }
}

/** Does over a line what the transcript says, and tells what is different. */
async function play(
  link: SerialLink,
  { ready, impatient, transcript }: Loaded,
  far: TranscriptServer,
): Promise<readonly string[]> {
  const params = resolveParams(ready.recipe, transcript.params ?? {})
  const problems: string[] = []
  const compare = (step: TranscriptStep, payload: Uint8Array, groups: Groups) => {
    for (const [name, wanted] of Object.entries(step.values ?? {})) {
      const value = ready.values.get(name)?.extract(payload, groups)
      const found = value === undefined ? 'nothing' : formatValue(value, 'STRING')
      if (found !== wanted) problems.push(`${name} is ${found}, not ${wanted}`)
    }
    if (step.error !== undefined) problems.push(`is no error, but ${step.error} is expected`)
  }
  const heard: Uint8Array[] = []
  link.hear((payload) => heard.push(payload))

  async function one(step: TranscriptStep): Promise<void> {
    const { exchange, write, stream, value = '' } = step
    const of = ready.recipe.writes?.[write ?? '']?.type ?? 'number'
    const type = (
      { number: 'DOUBLE', integer: 'INT', text: 'STRING', boolean: 'BOOLEAN' } as const
    )[of]
    if (stream !== undefined) return streamed(step, stream)
    const { exchanges, writes } = step.error === 'timeout' ? impatient : ready
    const asked = exchanges.get(exchange ?? '') ?? writes.get(write ?? '')
    if (asked === undefined) throw new Error(`there is no ${exchange ?? write}`)
    const values = write === undefined ? params : { ...params, value: parseValue(value, type) }
    const received = await link.ask(asked, values, { signal: never })
    if (received !== undefined) compare(step, received.payload, received.groups)
    else if (step.error !== undefined) problems.push(`is no error, but ${step.error} is expected`)
  }

  async function streamed(step: TranscriptStep, name: string): Promise<void> {
    heard.length = 0
    await far.next()
    const found = () => {
      for (const payload of heard) {
        const groups = ready.streams.get(name)?.find(payload, params)
        if (groups !== undefined) return { payload, groups }
      }
      return undefined
    }
    const isWanted = step.error !== 'timeout'
    for (let waits = 0; waits < (isWanted ? 1000 : 10) && found() === undefined; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const one = found()
    if (one === undefined) throw new MapperError('timeout', 'no such frame')
    compare(step, one.payload, one.groups)
  }

  for (const [index, step] of transcript.steps.entries()) {
    const before = problems.length
    try {
      await one(step)
    } catch (thrown) {
      const { code, detail } = MapperError.from(thrown)
      if (code !== step.error) problems.push(`${code}: ${detail}`)
    }
    for (const [at, problem] of problems.entries()) {
      if (at >= before) problems[at] = `step ${index + 1}: ${problem}`
    }
  }
  await far.done
  return [...problems, ...far.problems]
}

async function openTo(
  context: TestContext,
  wire: WireSettings,
  { ready, transcript }: Loaded,
): Promise<SerialLink> {
  const params = resolveParams(ready.recipe, transcript.params ?? {})
  const line = await createLines().open(wire, never)
  const link = await openLink(line, { ready, params, logger: silentLogger }, never)
  context.onTestFinished(() => link.close())
  return link
}

for (const file of files) {
  it.concurrent(`${file} over TCP, byte by byte`, async (context) => {
    const loaded = load(file)
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    context.onTestFinished(() => void server.close())
    const connected = once(server, 'connection') as Promise<[Socket]>
    const { port } = server.address() as AddressInfo
    const wire = { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs: 5_000 } as const
    const link = await openTo(context, wire, loaded)
    const [socket] = await connected
    const far = serveTranscript(loaded.transcript, socketChannel(socket), { chunkBytes: 1 })
    context.expect(await play(link, loaded, far)).toEqual([])
  })

  it.concurrent(`${file} over a serial line, at the speed of 9600 bit/s`, async (context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const loaded = load(file)
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const pair = await startSerialPair(folder)
    context.onTestFinished(() => pair.stop())
    const [path, farPath] = pair.ends
    const frame = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 } as const
    const wire = await openSerialWire({ kind: 'serial', path: farPath, ...frame }, never)
    context.onTestFinished(() => wire.close())
    // A chunk is what a USB converter hands over at once; each takes the time of its bytes.
    const far = serveTranscript(loaded.transcript, wire, { chunkBytes: 16, characterMs: 10 / 9.6 })
    const link = await openTo(context, { kind: 'serial', path, ...frame }, loaded)
    context.expect(await play(link, loaded, far)).toEqual([])
  })
}
