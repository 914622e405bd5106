import { canceled, MapperError, sleep, systemClock } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { isHurt, type BadFrame, type Frame } from '../frame/frame.ts'
import type { Answer, ReadyExchange } from '../recipe/compile-recipe.ts'
import type { Values } from '../template/template.ts'
import { formatBytes } from '../text/bytes-text.ts'
import type { Ear } from './ear.ts'
import type { Received } from './link.ts'

/** A request that is about to be made, in its turn on the line. */
export interface Asking {
  readonly exchange: ReadyExchange
  readonly values: Values
  /** All bytes of the request. */
  readonly request: Uint8Array
  /** Waits until all the time of the answer is over, and takes the last one. */
  readonly guarded: boolean
  readonly signal: AbortSignal
}

/** How long something better than a hurt frame is waited for; USB converters put such pauses into one. */
const pieceMs = 50

/**
 * Sends a request in one's turn on a line and waits for its answer; undefined: none is to come. Rejects
 * with `timeout`, `bad_data`, the error of the device, or what ended it.
 */
export async function exchangeOn(
  line: Line,
  ear: Ear,
  asking: Asking,
  ended: AbortSignal,
): Promise<Received | undefined> {
  const { exchange, request, signal } = asking
  if (!exchange.answers) {
    await line.write(request)
    // The line is given on when the last byte has gone, and the device has seen its end.
    await sleep(systemClock, request.length * line.characterMs + gapMs(line), signal)
    return undefined
  }
  let writing: Promise<unknown> = Promise.resolve()
  try {
    return await new Promise<Received>((resolve, reject) => {
      const wait = waitFor(asking, ear, line, { resolve, reject })
      const stop = (reason: AbortSignal) => () => wait.fail(canceled(reason))
      const stops = [signal, ended].map((one) => [one, stop(one)] as const)
      for (const [one, listener] of stops) {
        if (one.aborted) listener()
        one.addEventListener('abort', listener, { once: true })
      }
      wait.onOver = () => {
        for (const [one, listener] of stops) one.removeEventListener('abort', listener)
      }
      writing = line
        .write(request)
        .then(wait.sent, (thrown: unknown) => wait.fail(MapperError.from(thrown, 'unreachable')))
    })
  } finally {
    await writing
  }
}

/** The shortest silence that ends what was said on a serial line (3.5 characters, as in Modbus RTU). */
export const gapMs = ({ characterMs }: Line) =>
  characterMs > 0 ? Math.max(1.75, 3.5 * characterMs) : 0

interface Settle {
  resolve(received: Received): void
  reject(error: MapperError): void
}

function waitFor(asking: Asking, ear: Ear, line: Line, { resolve, reject }: Settle) {
  const { exchange, values, request, guarded } = asking
  const { timeoutMs } = exchange
  const begun = performance.now()
  let timer: NodeJS.Timeout | undefined
  let over = false
  /** After a hurt frame less is waited for. */
  let soon = Infinity
  let bad: BadFrame | undefined
  let other: Frame | undefined
  let last: { readonly payload: Uint8Array; readonly answer: Answer } | undefined

  const attention = ear.attend(exchange.frame, {
    onFrame,
    onCollision: (why) => wait.fail(new MapperError('bad_data', `${line.name}: ${why}`)),
  })

  const wait = {
    onOver: () => undefined as void,
    fail: (error: MapperError) => end(() => reject(error)),
    /** The system has taken the request. */
    sent: () => arm(),
  }

  function end(settle: () => void): void {
    if (over) return
    over = true
    clearTimeout(timer)
    attention.stop()
    settle()
    wait.onOver()
  }

  /** The time of the bytes themselves is not the device's. */
  const dueAt = () =>
    Math.min(soon, begun + timeoutMs + (request.length + attention.bytes) * line.characterMs)

  function arm(): void {
    if (over) return
    clearTimeout(timer)
    timer = setTimeout(onDue, Math.max(1, Math.ceil(dueAt() - performance.now())))
  }

  function onDue(): void {
    if (performance.now() < dueAt()) return arm()
    attention.finish()
    if (over) return
    if (last !== undefined) return take(last.payload, last.answer)
    wait.fail(noAnswer())
  }

  function onFrame(frame: Frame): boolean {
    if (!frame.good) {
      if (frame.reason !== 'noise' || bad === undefined) bad = frame
      if (isHurt(frame.reason)) {
        soon = performance.now() + Math.max(pieceMs, 20 * line.characterMs)
        arm()
      }
      return false
    }
    const answer = exchange.judge(frame.payload, values)
    if (answer.kind === 'other') {
      other = frame
      return false
    }
    if (guarded) last = { payload: frame.payload, answer }
    else take(frame.payload, answer)
    return true
  }

  function take(payload: Uint8Array, answer: Answer): void {
    if (answer.kind === 'answer') end(() => resolve({ payload, groups: answer.groups }))
    else if (answer.kind === 'error') wait.fail(answer.error)
  }

  function noAnswer(): MapperError {
    if (bad !== undefined && isHurt(bad.reason)) {
      const what = `the answer is hurt (${bad.reason}): ${shown(bad)}`
      return new MapperError('bad_data', `${what}; ${garbageHint(line)}`)
    }
    if (bad !== undefined) {
      const what = `no answer in ${timeoutMs} ms, but ${shown(bad)}, which is no frame`
      return new MapperError('timeout', `${what}; ${garbageHint(line)}`)
    }
    const instead = other === undefined ? '' : `; what came is no answer to it: ${shown(other)}`
    return new MapperError('timeout', `no answer in ${timeoutMs} ms${instead}`)
  }

  return wait
}

const shown = ({ raw }: Frame) => {
  const text = formatBytes(raw.subarray(0, 60))
  return raw.length > 60 ? `${text} …` : text
}

/** What may be wrong where nothing but garbage comes. */
export const garbageHint = ({ characterMs }: Line) =>
  characterMs > 0
    ? 'if it stays so, check baud rate, data bits, parity and stop bits'
    : 'if it stays so, check the settings of the line behind the device server'
