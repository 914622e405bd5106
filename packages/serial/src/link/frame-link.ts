import { canceled, MapperError } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { isHurt } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import { formatBytes } from '../text/bytes-text.ts'

export interface FrameLinkOptions {
  /** How long a device may take for an answer, in ms; 1000 if left out. */
  readonly timeoutMs?: number
}

export interface FrameAskOptions {
  readonly signal: AbortSignal
  /** Whether a frame answers this request; others are passed over. Left out: the first good frame does. */
  readonly isAnswer?: (payload: Buffer) => boolean
}

/** Asks a device whose requests and answers are frames, for drivers of one's own. */
export interface FrameLink {
  /**
   * Sends one frame, in a turn of its own, and resolves with the payload of the frame that answers it.
   * Nothing is asked twice. Rejects with a MapperError: `bad_data` for an answer that came hurt, `timeout`
   * when there is none, `unreachable` when the line is lost, `canceled` or `timeout` from the signal.
   * After silence or an abort the line is gone for all who share it: only a new connection makes sure
   * that a late answer is not taken for the next one.
   */
  ask(payload: string | Uint8Array, options: FrameAskOptions): Promise<Buffer>
  /** Fails what is under way and gives the share in the line back. Any number of times. */
  close(): Promise<void>
}

/** Takes over the line. Throws a MapperError `invalid_config` if the frame makes no sense. */
export function createFrameLink(
  line: Line,
  frame: FrameSpec,
  { timeoutMs = 1000 }: FrameLinkOptions = {},
): FrameLink {
  const framer = createFramer(frame, { characterMs: line.characterMs })
  let ended: MapperError | undefined
  let onPayload: (payload: Buffer) => void = () => undefined
  let onFailed: (reason: MapperError) => void = () => undefined
  const take = (found: ReturnType<typeof framer.push>) => {
    for (const one of found) {
      if (one.good) onPayload(Buffer.from(one.payload))
      else if (isHurt(one.reason)) {
        onFailed(new MapperError('bad_data', `${one.reason}: ${formatBytes(one.raw)}`))
      }
    }
  }
  // Some frames are complete only when nothing follows.
  let silence: NodeJS.Timeout | undefined
  const awaitSilence = () => {
    clearTimeout(silence)
    if (framer.dueAt === undefined) return
    silence = setTimeout(
      () => {
        take(framer.flush(performance.now()))
        awaitSilence()
      },
      Math.max(0, framer.dueAt - performance.now()),
    )
  }
  line.listen(
    (bytes) => {
      take(framer.push(bytes, performance.now()))
      awaitSilence()
    },
    (reason) => {
      ended ??= reason
      clearTimeout(silence)
      onFailed(reason)
    },
  )

  async function exchange(request: Uint8Array, options: FrameAskOptions): Promise<Buffer> {
    const { signal, isAnswer = () => true } = options
    // What came before the question is no answer to it.
    await line.discardInput()
    framer.reset()
    if (ended !== undefined) throw ended
    if (signal.aborted) throw canceled(signal)
    const onAbort = () => line.drop(canceled(signal))
    const late = new MapperError('timeout', `no answer in ${timeoutMs} ms`)
    const timer = setTimeout(() => line.drop(late), timeoutMs)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const answer = new Promise<Buffer>((resolve, reject) => {
        onFailed = reject
        onPayload = (payload) => {
          try {
            if (isAnswer(payload)) resolve(payload)
          } catch (thrown) {
            reject(MapperError.from(thrown))
          }
        }
      })
      return (await Promise.all([answer, line.write(request)]))[0]
    } finally {
      clearTimeout(timer)
      clearTimeout(silence)
      signal.removeEventListener('abort', onAbort)
      onPayload = onFailed = () => undefined
    }
  }

  return {
    async ask(payload, options) {
      if (ended !== undefined) throw ended
      const request = framer.encode(Buffer.from(payload))
      return line.turn(() => exchange(request, options), options)
    },
    async close() {
      ended ??= new MapperError('canceled', 'the connection was closed')
      onFailed(ended)
      await line.close()
    },
  }
}
