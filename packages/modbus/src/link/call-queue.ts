import { MapperError, canceled } from '@mapper-sdk/core'
import { createFairQueue } from '@mapper-sdk/core/line'
import { abortWatch } from './abort-watch.ts'
import type { Answer, RequestOptions } from './link.ts'
import { isRead, type Request } from './pdu.ts'

/** A call whose turn it is. */
export interface Turn {
  readonly request: Request
  readonly options: RequestOptions
  /** Throws when the call has ended; for steps that cannot be interrupted. */
  check(): void
  /** Resolves after `ms`, rejects as soon as the call ends. */
  pause(ms: number): Promise<void>
  /** Whom to tell when the call ends early; replaces whoever was told before. */
  onEnd(interrupt: (reason: MapperError) => void): void
}

export interface CallQueue {
  transact(request: Request, options: RequestOptions): Promise<Answer>
  /** Ends all calls, waiting or not, and all later ones. */
  fail(reason: MapperError): void
}

interface Call extends Turn {
  end(outcome: Answer | MapperError): void
}

const mostWaiting = 10_000

/** Calls strictly one after another, writes first. An abort ends its call at once, whether it waits or has its turn. */
export function callQueue(where: string, perform: (turn: Turn) => Promise<Answer>): CallQueue {
  const calls = createFairQueue<Call>()
  let current: Call | undefined
  let failed: MapperError | undefined
  const signals = abortWatch((signal) => {
    const reason = canceled(signal)
    for (const call of calls.drain((one) => one.options.signal === signal)) call.end(reason)
    if (current?.options.signal === signal) current.end(reason)
  })

  function transact(request: Request, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (calls.size >= mostWaiting) {
        return reject(new MapperError('internal', `${mostWaiting} requests wait for ${where}`))
      }
      let ended: MapperError | true | undefined
      let interrupt: (reason: MapperError) => void = () => undefined
      const call: Call = {
        request,
        options,
        check() {
          if (ended instanceof MapperError) throw ended
        },
        onEnd: (interrupted) => (interrupt = interrupted),
        pause: (ms) =>
          new Promise((done, stop) => {
            if (ended instanceof MapperError) return stop(ended)
            const timer = setTimeout(done, Math.ceil(ms))
            interrupt = (reason) => {
              clearTimeout(timer)
              stop(reason)
            }
          }),
        end(outcome) {
          if (ended !== undefined) return
          signals.release(options.signal)
          if (!(outcome instanceof MapperError)) {
            ended = true
            return resolve(outcome)
          }
          ended = outcome
          reject(outcome)
          interrupt(outcome)
        },
      }
      signals.hold(options.signal)
      calls.push(call, calls, !isRead(request.functionCode))
      if (current === undefined) void work()
    })
  }

  async function work(): Promise<void> {
    while ((current = calls.take()) !== undefined) {
      const call: Call = current
      call.end(await perform(call).catch((thrown: unknown) => MapperError.from(thrown)))
    }
  }

  return {
    transact,
    fail(reason) {
      failed ??= reason
      for (const call of calls.drain()) call.end(failed)
      current?.end(failed)
      signals.stop()
    },
  }
}
