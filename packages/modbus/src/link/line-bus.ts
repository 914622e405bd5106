import { MapperError } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { hexOf } from './answer.ts'
import type { Turn } from './call-queue.ts'
import type { Debt, Debts } from './debts.ts'
import { afterEcho, isLineNoise, type Framing } from './framing.ts'
import type { Answer } from './link.ts'
import { isRead, type Request } from './pdu.ts'

/** One exchange at a time on a line. */
export interface LineBus {
  /**
   * Runs when it is this call's turn on the line, and its unit has been left alone for long enough. One
   * exchange, and all that is thought about it: in between nobody else asks the units anything.
   */
  inTurn<T>(turn: Turn, run: () => Promise<T>): Promise<T>
  /**
   * Only in turn. Sends the request on a silent line and waits for an answer that fits it. Whether the
   * answer is this request's own is for `debts` to say; the debt is in there from when it was sent.
   */
  exchange(request: Request, turn: Turn): Promise<{ readonly debt: Debt; readonly answer: Answer }>
  /** Only in turn. Sends a request that nobody answers. */
  broadcast(request: Request, turn: Turn): Promise<void>
  /** Whether the converter sends our own bytes back; undefined until an answer has told. */
  readonly echoes: boolean | undefined
  /** To be called with everything that comes in. */
  receive(bytes: Buffer): void
}

/** Silence after anything unexpected. Longer than the pauses that USB converters put into a frame. */
const drainMs = 50
/** Time for all units to act on a broadcast (Modbus over serial line, 2.4.1: 100 … 200 ms). */
const turnaroundMs = 100
/** The shortest silence between two frames (Modbus over serial line, 2.5.1.1), where there is one. */
const gapOf = ({ characterMs }: Line) => (characterMs > 0 ? Math.max(1.75, 3.5 * characterMs) : 0)
/** Silences in a row, with nothing at all received between them, after which a connection is dead. */
const mostSilences = 3
/** What may be wrong where nothing but garbage comes. */
const garbageHint = ({ characterMs }: Line) =>
  characterMs > 0
    ? 'if it stays so, check baud rate, parity and stop bits'
    : 'if it stays so, check the transport, and baud rate and parity of the line behind it'
/** The confirmation of these looks exactly like the request. */
export const looksLikeEcho = ({ functionCode }: Request) => [5, 6, 22].includes(functionCode)

export interface BusOptions {
  readonly framing: Framing
  readonly debts: Debts
  /**
   * For lines that are connections: after anything unexpected the connection is given up, by this call,
   * because it may hold back bytes for any time. Left out: a serial line is waited on until it is silent.
   */
  readonly giveUp?: (reason: MapperError) => void
}

/**
 * Before a request a serial line has been silent for 3.5 characters, or for 50 ms after a timeout or
 * anything unexpected; what came in until the request is written is thrown away. A unit that was
 * silent is left alone for as long again as it was waited for, or until its late answer was seen.
 */
export function lineBus(line: Line, { framing, debts, giveUp }: BusOptions): LineBus {
  const gapMs = gapOf(line)
  const bufferLength = 4 * framing.longest
  const received = Buffer.alloc(bufferLength)
  const grace = new Map<number, number>()
  let length = 0
  let silenceMs = drainMs
  let silences = 0
  let echoes: boolean | undefined
  let onBytes: () => void = seekStrays

  function receive(bytes: Buffer): void {
    const taken = bytes.subarray(0, bufferLength - length)
    received.set(taken, length)
    silences = 0
    length += taken.length
    onBytes()
  }

  /** Between requests late answers are recognized, because their unit need not be left alone longer. */
  function seekStrays(): void {
    silenceMs = drainMs
    let found
    while ((found = framing.find(debts.owed(), received, 0, length)) !== undefined) {
      if (isOdd(0, found.start)) return void unexpected('bytes that answer nothing')
      grace.delete(found.request.unit)
      drop(found.end)
    }
    if (length === bufferLength) drop(bufferLength - framing.longest)
  }

  function drop(count: number): void {
    received.copy(received, 0, count, length)
    length -= count
  }

  async function inTurn<T>(turn: Turn, run: () => Promise<T>): Promise<T> {
    const { unit, functionCode } = turn.request
    // Not in turn yet, so this holds up nobody else.
    const graceLeftMs = () => (grace.get(unit) ?? 0) - performance.now()
    for (let leftMs; (leftMs = graceLeftMs()) > 0;) await turn.pause(Math.min(leftMs, drainMs))
    grace.delete(unit)
    const stop = new AbortController()
    turn.onEnd((reason) => stop.abort(reason))
    return line.turn(run, { urgent: !isRead(functionCode), signal: stop.signal })
  }

  async function silence(turn: Turn): Promise<void> {
    const start = performance.now()
    for (let leftMs; (leftMs = line.lastByteAt + silenceMs - performance.now()) > 0;) {
      if (performance.now() - start > turn.options.timeoutMs + 2 * drainMs) {
        throw new MapperError('bad_data', `${line.name} does not fall silent: ${shown()}`)
      }
      await turn.pause(leftMs)
    }
  }

  async function send<T>(request: Request, turn: Turn, onSend: () => T): Promise<T> {
    if (giveUp === undefined) {
      await silence(turn)
      // From here on anything that arrives is older than the request.
      onBytes = () => (length = 0)
    } else if (isOdd(0, length)) throw unexpected('bytes that answer nothing')
    try {
      if (giveUp === undefined) await line.discardInput()
      turn.check()
      const sent = onSend()
      length = 0
      // A quick answer may be here before the system says that it has taken the request.
      onBytes = () => undefined
      await line.write(framing.encode(request))
      turn.check()
      return sent
    } catch (thrown) {
      onBytes = seekStrays
      throw thrown
    } finally {
      silenceMs = drainMs
    }
  }

  async function exchange(request: Request, turn: Turn) {
    const debt = await send(request, turn, () => debts.owe(request, performance.now()))
    try {
      return { debt, answer: await answerTo(request, turn) }
    } finally {
      onBytes = seekStrays
    }
  }

  /** The answer to what was just sent, with nothing suspect behind it. */
  function answerTo(request: Request, turn: Turn): Promise<Answer> {
    const { timeoutMs } = turn.options
    const frame = framing.encode(request)
    // The bytes' own time on the wire is not the unit's silence.
    const wireMs = (frame.length + framing.answerLength(request)) * line.characterMs
    const deadline = performance.now() + timeoutMs + wireMs
    const who = `unit ${request.unit}`
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      let handled = 0

      const stop = (error: MapperError) => {
        clearTimeout(timer)
        onBytes = seekStrays
        reject(error)
      }
      const refuse = (what: string) => stop(unexpected(`${what} from ${who}`))
      const wait = (until: number, then: () => void) => {
        clearTimeout(timer)
        const ms = Math.max(1, until - performance.now())
        timer = setTimeout(then, Math.min(Math.ceil(ms), 2 ** 31 - 1))
      }
      const onDeadline = () => {
        grace.set(request.unit, deadline + timeoutMs)
        if (length > handled)
          return refuse(`no answer in what came in ${timeoutMs} ms; ${garbageHint(line)}`)
        stop(silent(`${who} on ${line.name} did not answer in ${timeoutMs} ms`))
      }
      const look = () => {
        const echo =
          looksLikeEcho(request) && echoes === false ? 0 : afterEcho(frame, received, length)
        if (echo === undefined) return
        handled = Math.max(handled, echo)
        let found
        while ((found = framing.find([request, ...debts.owed()], received, handled, length))) {
          if (isOdd(handled, found.start)) return refuse('bytes that answer nothing')
          if (found.request === request) break
          // A late answer to something else.
          handled = found.end
        }
        if (found !== undefined) {
          if (!isLineNoise(received, found.end, length)) return refuse('more than the answer')
          clearTimeout(timer)
          echoes = echo > 0
          silenceMs = gapMs
          length = 0
          return resolve(copied(found.answer))
        }
        if (length === bufferLength) return refuse('no end of bytes')
        // Too much for noise and yet no answer: if nothing more comes soon, nothing good will.
        const soon = line.lastByteAt + framing.pauseMs + 20 * line.characterMs
        if (giveUp === undefined && length - handled >= 4 && soon < deadline)
          wait(soon, () => refuse(`no answer in what came; ${garbageHint(line)}`))
        else wait(deadline, onDeadline)
      }
      turn.onEnd(stop)
      onBytes = look
      wait(deadline, onDeadline)
      if (length > 0) look()
    })
  }

  const shown = () => hexOf(received.subarray(0, length))

  /** A serial line may say anything in front of an answer; a connection brings what a device has said. */
  const isOdd = (start: number, end: number) =>
    giveUp !== undefined && !isLineNoise(received, start, end)

  function unexpected(what: string): MapperError {
    const error = new MapperError('bad_data', `${line.name}: ${what}: ${shown()}`)
    giveUp?.(error)
    return error
  }

  function silent(what: string): MapperError {
    if (++silences >= mostSilences) {
      const detail = `${line.name} left ${silences} requests in a row unanswered`
      giveUp?.(new MapperError('timeout', detail))
    }
    return new MapperError('timeout', what)
  }

  return {
    inTurn,
    exchange,
    async broadcast(request, turn) {
      await send(request, turn, () => undefined)
      onBytes = seekStrays
      await turn.pause(turnaroundMs)
    },
    get echoes() {
      return echoes
    },
    receive,
  }
}

/** The receive buffer is used again for the next answer. */
const copied = (answer: Answer): Answer =>
  answer.ok ? { ok: true, data: Uint8Array.from(answer.data) } : answer
