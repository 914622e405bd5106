import { MapperError } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { hexOf } from './answer.ts'
import type { Turn } from './call-queue.ts'
import type { Debt, Debts } from './debts.ts'
import type { Answer } from './link.ts'
import { isRead, rtuFrame, type Request } from './pdu.ts'
import { afterEcho, findAnswer, isLineNoise, longestFrame } from './rtu-frame.ts'

/** One exchange at a time on a serial line, each in a turn of its own. */
export interface RtuBus {
  /**
   * Sends the request on a silent line and waits for an answer that fits it. Whether the answer is
   * this request's own is for `debts` to say; the debt is in there from when the request was sent.
   */
  exchange(request: Request, turn: Turn): Promise<{ readonly debt: Debt; readonly answer: Answer }>
  /** Sends a request that nobody answers. */
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
const bufferLength = 4 * longestFrame
/** What bytes that are no answer mean, if no others come. */
const garbledHint = 'if it stays so, check baud rate, parity and stop bits'
/** The confirmation of these looks exactly like the request. */
export const looksLikeEcho = ({ functionCode }: Request) => [5, 6, 22].includes(functionCode)

/**
 * Before a request the line has been silent for 3.5 characters, or for 50 ms after a timeout or
 * anything unexpected; what came in until the request was written is thrown away. A unit that was
 * silent is left alone for as long again as it was waited for, or until its late answer was seen.
 */
export function rtuBus(line: Line, baudRate: number, debts: Debts): RtuBus {
  const gapMs = baudRate > 19_200 ? 1.75 : 3.5 * line.characterMs
  const received = Buffer.alloc(bufferLength)
  const grace = new Map<number, number>()
  let length = 0
  let silenceMs = drainMs
  let echoes: boolean | undefined
  let onBytes: () => void = seekStrays

  function receive(bytes: Buffer): void {
    const taken = bytes.subarray(0, bufferLength - length)
    received.set(taken, length)
    length += taken.length
    onBytes()
  }

  /** Between requests late answers are recognized, because their unit need not be left alone longer. */
  function seekStrays(): void {
    silenceMs = drainMs
    let found
    while ((found = findAnswer(debts.owed(), received, 0, length)) !== undefined) {
      grace.delete(found.request.unit)
      drop(found.end)
    }
    if (length === bufferLength) drop(bufferLength - longestFrame)
  }

  function drop(count: number): void {
    received.copy(received, 0, count, length)
    length -= count
  }

  /** Our share of the line, once the unit has been left alone for long enough: that holds up nobody else. */
  async function inTurn<T>(turn: Turn, run: () => Promise<T>): Promise<T> {
    const { unit, functionCode } = turn.request
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
    await silence(turn)
    // From here on anything that arrives is older than the request.
    onBytes = () => (length = 0)
    try {
      await line.discardInput()
      turn.check()
      const sent = onSend()
      await line.write(rtuFrame(request))
      turn.check()
      return sent
    } finally {
      length = 0
      silenceMs = drainMs
      onBytes = seekStrays
    }
  }

  const exchange = (request: Request, turn: Turn) =>
    inTurn(turn, async () => {
      const debt = await send(request, turn, () => debts.owe(request, performance.now()))
      try {
        return { debt, answer: await answerTo(request, turn) }
      } finally {
        onBytes = seekStrays
      }
    })

  /** The answer to what was just sent, with nothing suspect behind it. */
  function answerTo(request: Request, turn: Turn): Promise<Answer> {
    const { timeoutMs } = turn.options
    const frame = rtuFrame(request)
    // The bytes' own time on the wire is not the unit's silence.
    const wireMs = (frame.length + request.answerLength + 3) * line.characterMs
    const deadline = performance.now() + timeoutMs + wireMs
    const who = `unit ${request.unit} on ${line.name}`
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      let handled = 0

      const stop = (error: MapperError) => {
        clearTimeout(timer)
        onBytes = seekStrays
        reject(error)
      }
      const refuse = (what: string) =>
        stop(new MapperError('bad_data', `${who}: ${what}: ${shown()}`))
      const wait = (until: number, then: () => void) => {
        clearTimeout(timer)
        const ms = Math.max(1, until - performance.now())
        timer = setTimeout(then, Math.min(Math.ceil(ms), 2 ** 31 - 1))
      }
      const onDeadline = () => {
        grace.set(request.unit, deadline + timeoutMs)
        if (length > handled) refuse(`no answer in what came in ${timeoutMs} ms; ${garbledHint}`)
        else stop(new MapperError('timeout', `${who} did not answer in ${timeoutMs} ms`))
      }
      const look = () => {
        const echo =
          looksLikeEcho(request) && echoes === false ? 0 : afterEcho(frame, received, length)
        if (echo === undefined) return
        handled = Math.max(handled, echo)
        let found
        while ((found = findAnswer([request, ...debts.owed()], received, handled, length))) {
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
        const soon = line.lastByteAt + drainMs + 20 * line.characterMs
        if (length - handled >= 4 && soon < deadline)
          wait(soon, () => refuse(`no answer in what came; ${garbledHint}`))
        else wait(deadline, onDeadline)
      }
      turn.onEnd(stop)
      onBytes = look
      wait(deadline, onDeadline)
    })
  }

  const shown = () => hexOf(received.subarray(0, length))

  return {
    exchange,
    broadcast: (request, turn) =>
      inTurn(turn, async () => {
        await send(request, turn, () => undefined)
        await turn.pause(turnaroundMs)
      }),
    get echoes() {
      return echoes
    },
    receive,
  }
}

/** The receive buffer is used again for the next answer. */
const copied = (answer: Answer): Answer =>
  answer.ok ? { ok: true, data: Uint8Array.from(answer.data) } : answer
