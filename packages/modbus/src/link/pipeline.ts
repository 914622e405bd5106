import { MapperError, canceled } from '@mapper-sdk/core'
import { abortWatch } from './abort-watch.ts'
import type { Answer, RequestOptions } from './link.ts'
import type { Request } from './pdu.ts'

/** A call that was sent. */
export interface Call {
  readonly request: Request
  readonly options: RequestOptions
  /** When it was sent, on the clock of `performance.now()`. */
  readonly sentAt: number
  /** For the owner of the pipeline: what it was answered, until that is believed. */
  answer?: Answer
}

/** Calls on their way at once, each by its transaction id; the rest waits in order. */
export interface Pipeline {
  transact(request: Request, options: RequestOptions): Promise<Answer>
  readonly inFlight: ReadonlyMap<number, Call>
  /** Ends a call that was sent; `pump` then sends the next. */
  settle(id: number, outcome: Answer | MapperError): void
  /** Sends what waits, as far as there is room. */
  pump(): void
  /** How many may be on their way at once. */
  readonly depth: number
  /** From now on so many may, 1 … 16. What is on its way stays there. */
  setDepth(depth: number): void
  /** Ends all calls and all later ones. The first reason stays. */
  fail(reason: MapperError): void
  readonly failed: MapperError | undefined
}

export interface PipelineOptions {
  readonly where: string
  readonly depth: number
  /** An id for the next call; undefined while there is none. */
  takeId(): number | undefined
  send(request: Request, id: number): void
  /** What a call is told that was not answered in time. */
  overdue(call: Call): MapperError
  /** A call that was sent is over. `unanswered` says why, if it was not by an answer. */
  onSettled(id: number, unanswered: MapperError | undefined): void
}

interface Open extends Call {
  sentAt: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: MapperError) => void
}

const mostWaiting = 10_000
/** No device is known to hold more. */
export const mostInFlight = 16

const depthOf = (wanted: number) => Math.min(Math.max(1, Math.floor(wanted)), mostInFlight)

/** Throws `invalid_config` for what is no number of requests. */
export function checkDepth(maxInFlight: number): void {
  if (Number.isInteger(maxInFlight) && maxInFlight >= 1) return
  const detail = `maxInFlight ${String(maxInFlight)} is not in 1 … ${mostInFlight}`
  throw new MapperError('invalid_config', detail)
}

export function pipeline(options: PipelineOptions): Pipeline {
  const { where, takeId, send, overdue, onSettled } = options
  const inFlight = new Map<number, Open>()
  const waiting: Open[] = []
  const signals = abortWatch(onAbort)
  let depth = depthOf(options.depth)
  let failed: MapperError | undefined
  let timer: NodeJS.Timeout | undefined
  let armedFor = Infinity

  function transact(request: Request, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (waiting.length >= mostWaiting) {
        return reject(new MapperError('internal', `${mostWaiting} requests wait for ${where}`))
      }
      const call: Open = { request, options, resolve, reject, sentAt: 0 }
      signals.hold(options.signal)
      if (waiting.length > 0 || !start(call)) waiting.push(call)
    })
  }

  /** Sends a call if there is room for it. */
  function start(call: Open): boolean {
    const id = inFlight.size < depth ? takeId() : undefined
    if (id === undefined) return false
    inFlight.set(id, call)
    call.sentAt = performance.now()
    const deadline = call.sentAt + call.options.timeoutMs
    if (deadline < armedFor) arm(deadline)
    send(call.request, id)
    return true
  }

  function pump(): void {
    for (let call; failed === undefined && (call = waiting[0]) !== undefined;) {
      if (!start(call)) return
      waiting.shift()
    }
  }

  function settle(id: number, outcome: Answer | MapperError): void {
    const call = inFlight.get(id)
    if (call === undefined) return
    inFlight.delete(id)
    end(call, outcome)
    onSettled(id, outcome instanceof MapperError ? outcome : undefined)
  }

  function end(call: Open, outcome: Answer | MapperError): void {
    signals.release(call.options.signal)
    if (outcome instanceof MapperError) call.reject(outcome)
    else call.resolve(outcome)
  }

  /** One timer for all: it goes off at the earliest deadline it was armed for and looks again. */
  function arm(deadline: number): void {
    clearTimeout(timer)
    armedFor = deadline
    const ms = Math.min(Math.max(1, deadline - performance.now()), 2 ** 31 - 1)
    // An answer that already waits in the socket goes first, however late this process is.
    timer = setTimeout(() => setImmediate(expire), Math.ceil(ms))
  }

  function expire(): void {
    if (failed !== undefined) return
    armedFor = Infinity
    const now = performance.now()
    let next = Infinity
    for (const [id, call] of inFlight) {
      const deadline = call.sentAt + call.options.timeoutMs
      if (deadline > now) next = Math.min(next, deadline)
      else settle(id, overdue(call))
    }
    if (failed === undefined && next < armedFor) arm(next)
    pump()
  }

  function onAbort(signal: AbortSignal): void {
    const reason = canceled(signal)
    for (let at = waiting.length - 1; at >= 0; at--) {
      const call = waiting[at]
      if (call?.options.signal !== signal) continue
      waiting.splice(at, 1)
      end(call, reason)
    }
    for (const [id, call] of inFlight) if (call.options.signal === signal) settle(id, reason)
    pump()
  }

  function fail(reason: MapperError): void {
    if (failed !== undefined) return
    failed = reason
    clearTimeout(timer)
    signals.stop()
    for (const call of [...inFlight.values(), ...waiting]) call.reject(reason)
    inFlight.clear()
    waiting.length = 0
  }

  return {
    transact,
    inFlight,
    settle,
    pump,
    fail,
    get depth() {
      return depth
    },
    setDepth(wanted) {
      depth = depthOf(wanted)
      pump()
    },
    get failed() {
      return failed
    },
  }
}
