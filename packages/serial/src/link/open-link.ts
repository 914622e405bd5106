import { canceled, MapperError, sleep, systemClock, type Logger } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { createFramer } from '../frame/framer.ts'
import type { ReadyExchange, ReadyRecipe } from '../recipe/compile-recipe.ts'
import type { Values } from '../template/template.ts'
import { createDoubts } from './doubts.ts'
import { createEar } from './ear.ts'
import { createEcho, noEcho } from './echo.ts'
import { exchangeOn, gapMs, garbageHint } from './exchange.ts'
import type { AskOptions, Received, SerialLink } from './link.ts'

export interface LinkOptions {
  readonly ready: ReadyRecipe
  readonly params: Values
  readonly logger: Logger
  /** The converter sends back what is sent. */
  readonly echo?: boolean
  /** Silence that the device needs before a request. */
  readonly pauseMs?: number
  /** A connection that is dropped when the device is silent, because it may be half open. */
  readonly isConnection?: boolean
}

/** Silences in a row, with nothing at all received between them, after which the device may have been off. */
const mostSilences = 3
/** How long the end may take. */
const shutdownMs = 800

/**
 * One device on a line. Begins with what the recipe says; rejects as that does. The share in the line is
 * the link's from now on, also if it rejects.
 */
export async function openLink(
  line: Line,
  options: LinkOptions,
  signal: AbortSignal,
): Promise<SerialLink> {
  const link = linkOn(line, options)
  try {
    await link.begin(signal)
    return link
  } catch (thrown) {
    await link.close()
    throw thrown
  }
}

function linkOn(line: Line, options: LinkOptions): SerialLink {
  const { ready, params, logger, isConnection = false } = options
  const { recipe, exchanges } = ready
  const pauseMs = options.pauseMs ?? recipe.line?.pauseMs ?? 0
  const unasked = ready.streams.size > 0
  const echo = options.echo === true ? createEcho() : noEcho
  const sender = createFramer(ready.send)
  const doubts = createDoubts(line.memory)
  const ended = new AbortController()
  /** Ends what is under way; the shutdown goes on after the end. */
  let stopped = ended.signal
  const hearers = new Set<(payload: Uint8Array) => void>()
  let failed: MapperError | undefined
  let silences = 0
  let silentSince = 0
  /** The device may have been off, and have forgotten how it was begun with. */
  let forgotten = false
  let sentAt = -Infinity
  let before = { bytes: 0, good: 0 }
  let awake: NodeJS.Timeout | undefined

  const ear = createEar(line, {
    ...{ frame: recipe.frame, unasked, echo },
    onOther(payload) {
      doubts.settle()
      for (const hear of hearers) hear(payload)
    },
  })
  line.listen(ear.receive, fail, unasked ? ear.missed : undefined)

  function fail(reason: MapperError): void {
    failed ??= reason
    clearTimeout(awake)
    ear.stop()
    ended.abort(failed)
  }

  /** The line is silent, as the device needs it; one that speaks all the time is not waited for. */
  async function silence(signal: AbortSignal): Promise<void> {
    const needed = Math.max(pauseMs, gapMs(line))
    const until = performance.now() + 2 * Math.max(needed, ear.neededMs)
    for (;;) {
      const now = performance.now()
      const dueMs = Math.max(line.lastByteAt + needed - now, sentAt + needed - now, ear.neededMs)
      const leftMs = Math.min(until - now, dueMs)
      if (leftMs <= 0) return
      await sleep(systemClock, leftMs, signal)
    }
  }

  async function once(
    exchange: ReadyExchange,
    values: Values,
    signal: AbortSignal,
  ): Promise<Received | undefined> {
    const request = sender.encode(exchange.request(values))
    await silence(signal)
    // What came before the question is no answer to it, unless it is a stream.
    if (!unasked) await line.discardInput()
    if (signal.aborted) throw canceled(signal)
    echo.expect(request)
    const begun = performance.now()
    const guarded = doubts.any
    try {
      const asking = { exchange, values, request, guarded, signal }
      const received = await exchangeOn(line, ear, asking, stopped)
      if (exchange.answers) doubts.proven()
      silences = 0
      return received
    } catch (thrown) {
      const error = MapperError.from(thrown)
      const isOpen = error.code === 'timeout' || error.code === 'canceled'
      if (exchange.answers && isOpen) {
        const waitedMs = exchange.timeoutMs + request.length * line.characterMs
        doubts.add(begun + 2 * waitedMs, exchange.addressed)
        if (error.code === 'timeout' && line.lastByteAt < begun) silent(error, begun)
      }
      throw error
    } finally {
      sentAt = performance.now()
    }
  }

  function silent(error: MapperError, begun: number): void {
    if (silences++ === 0) silentSince = begun
    if (silences < mostSilences) return
    silences = 0
    forgotten = true
    // Where others on the line are heard, the device is away, and not the connection.
    if (isConnection && line.lastByteAt < silentSince) line.drop(error)
  }

  /** In one turn, and at once over when the signal says so. */
  function inTurn(
    asked: readonly ReadyExchange[],
    values: Values,
    { urgent = false, signal }: AskOptions,
  ): Promise<Received | undefined> {
    clearTimeout(awake)
    const run = async () => {
      let received
      for (const exchange of asked) received = await once(exchange, values, signal)
      return received
    }
    return new Promise<Received | undefined>((resolve, reject) => {
      const onAbort = () => reject(canceled(signal))
      signal.addEventListener('abort', onAbort, { once: true })
      line
        .turn(run, { urgent, signal })
        .then(resolve, reject)
        .finally(() => {
          signal.removeEventListener('abort', onAbort)
          keepAwake()
        })
    })
  }

  function keepAwake(): void {
    const { keepAlive } = recipe
    if (keepAlive === undefined || failed !== undefined) return
    const alive = exchanges.get(keepAlive.exchange)
    if (alive === undefined) return
    clearTimeout(awake)
    awake = setTimeout(() => {
      inTurn([alive], params, { signal: ended.signal }).catch((thrown: unknown) =>
        logger.debug({ err: MapperError.from(thrown) }, 'the device was not kept awake'),
      )
    }, keepAlive.everyMs)
  }

  const named = (names: readonly string[]) => names.flatMap((name) => exchanges.get(name) ?? [])

  async function begin(signal: AbortSignal): Promise<void> {
    for (const name of recipe.init ?? []) {
      const [exchange] = named([name])
      if (exchange === undefined) continue
      try {
        await inTurn([...named(exchange.first), exchange], params, { signal })
      } catch (thrown) {
        const { code, detail } = MapperError.from(thrown)
        throw new MapperError(code, `${name} of init: ${detail}`, { cause: thrown })
      }
    }
    forgotten = false
    keepAwake()
  }

  async function doubtsOver(signal: AbortSignal): Promise<void> {
    for (let leftMs; (leftMs = doubts.until - performance.now()) > 0;) {
      // In pieces, because a late answer ends it.
      await sleep(systemClock, Math.min(leftMs, 50), signal)
    }
  }

  return {
    async ask(exchange, values, options) {
      if (failed !== undefined) throw failed
      // What can never be sent does not wait.
      exchange.request(values)
      await doubtsOver(options.signal)
      if (forgotten) await begin(options.signal)
      return inTurn([...named(exchange.first), exchange], values, options)
    },
    hear(onFrame) {
      hearers.add(onFrame)
      return () => hearers.delete(onFrame)
    },
    begin,
    over: (signal) =>
      new Promise((resolve, reject) => {
        const onEnd = () => {
          signal.removeEventListener('abort', onAbort)
          reject(canceled(ended.signal))
        }
        const onAbort = () => {
          ended.signal.removeEventListener('abort', onEnd)
          resolve()
        }
        if (failed !== undefined) return onEnd()
        if (signal.aborted) return resolve()
        ended.signal.addEventListener('abort', onEnd, { once: true })
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    ended: ended.signal,
    garbage() {
      const { bytes, good } = ear.counters
      const isGarbage = bytes > before.bytes && good === before.good
      before = { bytes, good }
      return isGarbage ? `bytes came that are no frames; ${garbageHint(line)}` : undefined
    },
    get failed() {
      return failed
    },
    async close() {
      const isOpen = failed === undefined
      fail(new MapperError('canceled', `the link to ${recipe.name} is closed`))
      if (isOpen) await shutDown()
      ear.stop()
      await line.close()
    },
  }

  async function shutDown(): Promise<void> {
    const exchanges = named(recipe.shutdown ?? [])
    if (exchanges.length === 0) return
    const signal = AbortSignal.timeout(shutdownMs)
    stopped = new AbortController().signal
    try {
      for (const one of exchanges) await inTurn([...named(one.first), one], params, { signal })
    } catch (thrown) {
      logger.debug({ err: MapperError.from(thrown) }, 'the device was not told that it is over')
    }
  }
}
