import type { Line } from '@mapper-sdk/core/line'
import type { Frame, FrameCounters } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import type { Echo } from './echo.ts'

/** Who waits for an answer. */
export interface Listener {
  /** True: the frame is the answer; others are for those who hear what nobody asked for. */
  onFrame(frame: Frame): boolean
  /** What was sent did not come back as it should. */
  onCollision(why: string): void
}

export interface Attention {
  /** Bytes that came since it began. */
  readonly bytes: number
  /** Ends what has begun, as silence would. */
  finish(): void
  stop(): void
}

/** Hears frames in what comes over a line: answers for who waits, and what devices say on their own. */
export interface Ear {
  receive(bytes: Uint8Array): void
  /** Others had the line: what had begun may go on anywhere. */
  missed(): void
  /**
   * From now on all frames are offered to the listener, so framed. A frame that began before is no
   * answer. A device that never speaks unasked is quiet now, and its next byte begins a frame.
   */
  attend(spec: FrameSpec, listener: Listener): Attention
  /** Silence that shows where a frame begins, in ms; 0: that is known. */
  readonly neededMs: number
  readonly counters: FrameCounters
  stop(): void
}

export interface EarOptions {
  readonly frame: FrameSpec
  /** The device speaks unasked. */
  readonly unasked: boolean
  readonly echo: Echo
  /** Told of each good frame that answers nothing. */
  readonly onOther: (payload: Uint8Array) => void
}

/** Silence after which no frame is under way; USB converters and device servers put shorter ones into it. */
const quietMs = 50

export function createEar({ characterMs }: Line, options: EarOptions): Ear {
  const { frame: mainSpec, unasked, echo, onOther } = options
  const main = createFramer(mainSpec, { characterMs, midStream: unasked })
  /** For exchanges whose answers are framed in another way. */
  const others = new Map<FrameSpec, typeof main>()
  /** Bytes that the main framer had since it was reset, which is how it counts. */
  let heard = 0
  let current: ({ readonly framer: typeof main; readonly since: number } & Listener) | undefined
  let bytes = 0
  const isMarked = 'start' in mainSpec && mainSpec.start !== undefined
  /** The next byte may be in the middle of a frame, and only silence or an end tells where one begins. */
  let midStream = unasked && !isMarked
  let lastAt = performance.now()
  let timer: NodeJS.Timeout | undefined

  const otherFramer = (spec: FrameSpec) => {
    const known = others.get(spec) ?? createFramer(spec, { characterMs })
    others.set(spec, known)
    return known
  }

  const forget = (inMiddle: boolean) => {
    main.reset({ midStream: inMiddle })
    midStream = inMiddle && !isMarked
    heard = 0
  }

  const frameMs = Math.max(quietMs, 20 * characterMs)
  const isQuiet = () => performance.now() - lastAt >= frameMs

  function deliver(framer: typeof main, frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.good && framer === main) midStream = false
      const waits = current?.framer === framer && frame.offset >= current.since
      if (waits && current?.onFrame(frame) === true) continue
      if (frame.good && framer === main) onOther(frame.payload)
    }
  }

  function beginHere(): void {
    deliver(main, main.finish(performance.now()))
    forget(false)
  }

  /** Some frames end by silence, which nobody tells of. */
  function arm(): void {
    if (timer !== undefined) return
    const framer = current?.framer ?? main
    const { dueAt } = framer
    if (dueAt === undefined) return
    timer = setTimeout(
      () => {
        timer = undefined
        const now = performance.now()
        deliver(framer, framer.flush(now))
        arm()
      },
      Math.max(1, Math.ceil(dueAt - performance.now())),
    )
  }

  return {
    receive(chunk) {
      const rest = echo.strip(chunk)
      if (typeof rest === 'string') return current?.onCollision(rest)
      if (rest.length === 0) return
      bytes += rest.length
      const framer = current?.framer ?? main
      if (framer === main) {
        if (midStream && isQuiet()) beginHere()
        heard += rest.length
      }
      lastAt = performance.now()
      deliver(framer, framer.push(rest, performance.now()))
      arm()
    },
    missed: () => forget(true),
    attend(spec, listener) {
      const framer = spec === mainSpec ? main : otherFramer(spec)
      if (framer !== main) framer.reset()
      else if (!unasked) forget(false)
      else if (midStream && isQuiet()) beginHere()
      const own = { framer, since: framer === main ? heard : 0, ...listener }
      current = own
      bytes = 0
      return {
        get bytes() {
          return bytes
        },
        finish: () => deliver(framer, framer.finish(performance.now())),
        stop() {
          if (current !== own) return
          current = undefined
          if (framer !== main) forget(unasked)
        },
      }
    },
    get neededMs() {
      return midStream ? Math.max(0, lastAt + frameMs - performance.now()) : 0
    },
    get counters() {
      return main.counters
    },
    stop() {
      clearTimeout(timer)
      current = undefined
    },
  }
}
