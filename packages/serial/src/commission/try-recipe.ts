import {
  MapperError,
  silentLogger,
  sleep,
  systemClock,
  type Outcome,
  type Value,
} from '@mapper-sdk/core'
import { createLines, openWireOf } from '@mapper-sdk/core/line'
import { wireOf } from '../config/endpoint.ts'
import type { SerialProtocol } from '../config/protocol.ts'
import { deviceRecipe, type DeviceRecipe } from '../config/recipe-of.ts'
import { createEcho, noEcho } from '../link/echo.ts'
import type { Received, SerialLink } from '../link/link.ts'
import { openLink } from '../link/open-link.ts'
import type { Shelf } from '../recipe/shelf.ts'
import { createStreams, type Streams } from '../link/streams.ts'
import { createWriter } from '../write/writer.ts'
import { createDecoder } from './decoder.ts'
import { namedValues } from './named-values.ts'
import type { NamedValue, Sighting } from './sighting.ts'
import { tapWire } from './tap.ts'
import { createWitness } from './witness.ts'

/** What is to be tried with a device, in this order, each once. */
export interface Trial {
  readonly exchanges: readonly string[]
  readonly writes: readonly { readonly name: string; readonly value: Value }[]
  /** Streams of which a frame has to come. */
  readonly streams: readonly string[]
  /** How long streams are listened to; left out: until each has come, or its time is over. */
  readonly listenMs?: number
}

/** What became of it; a write has no values. */
export interface TrialResult {
  readonly kind: 'exchange' | 'write' | 'stream'
  readonly of: string
  readonly outcome: Outcome<readonly NamedValue[]>
}

export interface TrialEvents {
  /** A frame went over the line. Its time is in ms since 1970. */
  onSighting(seen: Sighting): void
  onResult(result: TrialResult): void
}

/**
 * Connects to a device with nobody else on the line, begins as its recipe says, and makes the trial with
 * the driver's own parts. Rejects if the device cannot be reached or does not begin, and when the signal
 * aborts; what fails later is a result. Nothing is asked twice.
 */
export async function tryRecipe(
  protocol: SerialProtocol,
  shelf: Shelf,
  trial: Trial,
  { onSighting, onResult }: TrialEvents,
  signal: AbortSignal,
): Promise<void> {
  const recipe = deviceRecipe(protocol, shelf)
  const { ready, params } = recipe
  const { echo = false, pauseMs } = protocol
  const own = echo ? createEcho() : noEcho
  const wire = wireOf(protocol, ready.recipe.line)
  const lines = createLines(async (settings, opening) => {
    const open = await openWireOf(settings, opening)
    const { characterMs } = open
    const witness = createWitness({
      ...{ characterMs, onSighting },
      // A device that never speaks unasked is quiet when it is asked.
      decoderFor: (isMiddle) => {
        const midStream = isMiddle && ready.streams.size > 0
        return createDecoder(ready, params, { characterMs, midStream })
      },
    })
    finish = witness.finish
    return tapWire(open, (direction, bytes) => {
      if (direction === 'sent') own.expect(bytes)
      const rest = direction === 'sent' ? bytes : own.strip(bytes)
      // What is no echo is told by the exchange; here it is shown.
      witness.take(direction, typeof rest === 'string' ? bytes : rest)
    })
  })
  let finish: () => void = () => undefined
  const options = {
    ready,
    params,
    echo,
    logger: silentLogger,
    ...(pauseMs !== undefined && { pauseMs }),
  }
  try {
    const link = await openLink(await lines.open(wire, signal), options, signal)
    try {
      const streams = createStreams(link, recipe)
      const last = new Map<string, Received>()
      for (const name of trial.streams) {
        streams.follow(name, (received) => void last.set(name, received))
      }
      for (const name of trial.exchanges) {
        onResult(
          await outcomeOf('exchange', name, () => exchanged(name, link, recipe, signal), signal),
        )
      }
      const writer = createWriter(link, recipe)
      for (const { name, value } of trial.writes) {
        const write = async () => {
          const [outcome] = await writer.write([{ visitor: { write: name }, value }], signal)
          if (outcome?.ok === false) throw outcome.error
          return []
        }
        onResult(await outcomeOf('write', name, write, signal))
      }
      await listen(trial, { streams, last, recipe }, onResult, signal)
    } finally {
      await link.close()
    }
  } finally {
    finish()
  }
}

async function exchanged(
  name: string,
  link: SerialLink,
  { ready, params }: DeviceRecipe,
  signal: AbortSignal,
): Promise<readonly NamedValue[]> {
  const exchange = ready.exchanges.get(name)
  if (exchange === undefined)
    throw new MapperError('invalid_config', `there is no exchange ${name}`)
  const received = await link.ask(exchange, params, { signal })
  return received === undefined ? [] : namedValues(ready, name, received)
}

async function listen(
  { streams: names, listenMs }: Trial,
  heard: {
    readonly streams: Streams
    /** The last frame of each stream so far. */
    readonly last: ReadonlyMap<string, Received>
    readonly recipe: DeviceRecipe
  },
  onResult: TrialEvents['onResult'],
  signal: AbortSignal,
): Promise<void> {
  const { streams, last, recipe } = heard
  const { ready } = recipe
  if (listenMs !== undefined && names.length > 0) await sleep(systemClock, listenMs, signal)
  const results = names.map((name) =>
    outcomeOf(
      'stream',
      name,
      async () => {
        const received = last.get(name)
        if (received !== undefined) return namedValues(ready, name, received)
        if (listenMs === undefined) {
          return namedValues(ready, name, await streams.next(name, signal))
        }
        throw new MapperError('timeout', `the device sent nothing of ${name} for ${listenMs} ms`)
      },
      signal,
    ),
  )
  for (const result of await Promise.all(results)) onResult(result)
}

async function outcomeOf(
  kind: TrialResult['kind'],
  of: string,
  call: () => Promise<readonly NamedValue[]>,
  signal: AbortSignal,
): Promise<TrialResult> {
  try {
    return { kind, of, outcome: { ok: true, value: await call() } }
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return { kind, of, outcome: { ok: false, error: MapperError.from(thrown) } }
  }
}
