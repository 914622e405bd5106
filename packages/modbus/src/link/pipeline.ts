import { MapperError, canceled } from '@mapper-sdk/core'
import { createFairQueue } from '@mapper-sdk/core/line'
import { abortWatch } from './abort-watch.ts'
import type { Answer, RequestOptions } from './link.ts'
import { isRead, type Request } from './pdu.ts'
import { createSmallMap, type SmallMapView } from './small-map.ts'

/** A call that was sent. */
export interface Call {
  readonly request: Request
  readonly options: RequestOptions
  /** When it was sent, on the clock of `performance.now()`. */
  readonly sentAt: number
  /** For the owner of the pipeline: what it was answered, until that is believed. */
  answer?: Answer
}

/** Calls on their way at once, each by its transaction id; the rest waits, writes first. */
export interface Pipeline {
  transact(request: Request, options: RequestOptions): Promise<Answer>
  readonly inFlight: SmallMapView<Call>
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
  const inFlight = createSmallMap<Open>()
  const waiting = createFairQueue<Open>()
  const signals = abortWatch(onAbort)
  let depth = depthOf(options.depth)
  let failed: MapperError | undefined
  let timer: NodeJS.Timeout | undefined
  let armedFor = Infinity

  function transact(request: Request, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (waiting.size >= mostWaiting) {
        return reject(new MapperError('internal', `${mostWaiting} requests wait for ${where}`))
      }
      const call: Open = { request, options, resolve, reject, sentAt: 0 }
      signals.hold(options.signal)
      if (waiting.size === 0 && hasRoom() && start(call)) return
      waiting.push(call, waiting, !isRead(request.functionCode))
      pump()
    })
  }

  const hasRoom = () => failed === undefined && inFlight.size < depth

  /** Sends a call, or the next that waits, if there is an id for it. */
  function start(own?: Open): boolean {
    const id = takeId()
    const call = id === undefined ? undefined : (own ?? waiting.take())
    if (id === undefined || call === undefined) return false
    inFlight.set(id, call)
    call.sentAt = performance.now()
    const deadline = call.sentAt + call.options.timeoutMs
    if (deadline < armedFor) arm(deadline)
    send(call.request, id)
    return true
  }

  function pump(): void {
    while (waiting.size > 0 && hasRoom()) if (!start()) return
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
    for (const [id, call] of inFlight.entries()) {
      const deadline = call.sentAt + call.options.timeoutMs
      if (deadline > now) next = Math.min(next, deadline)
      else settle(id, overdue(call))
    }
    if (failed === undefined && next < armedFor) arm(next)
    pump()
  }

  function onAbort(signal: AbortSignal): void {
    const reason = canceled(signal)
    for (const call of waiting.drain(({ options }) => options.signal === signal)) end(call, reason)
    for (const [id, call] of inFlight.entries())
      if (call.options.signal === signal) settle(id, reason)
    pump()
  }

  function fail(reason: MapperError): void {
    if (failed !== undefined) return
    failed = reason
    clearTimeout(timer)
    signals.stop()
    const sent = inFlight.entries().map(([, call]) => call)
    inFlight.clear()
    for (const call of [...sent, ...waiting.drain()]) call.reject(reason)
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
