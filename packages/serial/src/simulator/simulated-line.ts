import { MapperError } from '@mapper-sdk/core'
import { createTimers } from '@mapper-sdk/core/simulating'
import type { Frame } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import { befall, type SimulatedRequest } from './faults.ts'
import type { Saying, SimulatedDevice } from './simulated-device.ts'
import type { SerialSimulator, SimulatorOptions } from './simulator.ts'

/** The devices of a line, whatever carries it. */
export interface SimulatedLine extends Omit<SerialSimulator, 'close'> {
  /** To be called with everything that comes in. */
  receive(bytes: Uint8Array): void
  /** Ends what has begun to come in: what carries the line knows that nothing more belongs to it. */
  finish(): void
  /** Says nothing more. */
  stop(): void
}

export interface SimulatedLineOptions extends SimulatorOptions {
  /** Time of one character, in ms, for silence that is declared in characters; 0 if left out: not known. */
  readonly characterMs?: number
  put(bytes: Uint8Array): void
}

const mostProblems = 100

/** Throws a MapperError `invalid_config` if there is no device. */
export function simulatedLine(
  devices: readonly SimulatedDevice[],
  { put, characterMs = 0, delayMs = 0, forgetMs = 500, faults }: SimulatedLineOptions,
): SimulatedLine {
  const [first] = devices
  if (first === undefined) throw new MapperError('invalid_config', 'the line has no device')
  const timers = createTimers()
  const problems: string[] = []
  const listeners = listenersFor(devices).map(({ send, those }) => ({
    those,
    framer: createFramer(send, { characterMs }),
  }))
  let script = faults
  let muted = false
  let requests = 0
  let lastByteAt = -Infinity

  function attempt<T>(otherwise: T, action: () => T): T {
    try {
      return action()
    } catch (thrown) {
      problems.push(MapperError.from(thrown).detail)
      if (problems.length > mostProblems) problems.shift()
      return otherwise
    }
  }

  function take(frames: readonly Frame[], those: readonly SimulatedDevice[]): void {
    for (const frame of frames) {
      if (!frame.good) continue
      const { payload, raw } = frame
      const request: SimulatedRequest = { index: requests++, payload, raw }
      if (muted) continue
      const fault = script?.(request)
      for (const device of those) {
        const said = attempt(undefined, () => device.answer(frame)) ?? []
        say(befall(fault, said, request), delayMs)
      }
    }
  }

  function say(said: readonly Saying[], moreMs: number): void {
    for (const { bytes, afterMs } of said) {
      const ms = afterMs + moreMs
      if (ms > 0) timers.later(ms, () => void (muted || put(bytes)))
      else if (!muted) put(bytes)
    }
  }

  for (const { everyMs, perform } of devices.flatMap(({ habits }) => habits)) {
    timers.every(everyMs, () => say(attempt([], perform), 0))
  }

  return {
    receive(bytes) {
      const now = performance.now()
      const isNew = now - lastByteAt > forgetMs
      lastByteAt = now
      for (const { framer, those } of listeners) {
        if (isNew && framer.held > 0) framer.reset()
        take(framer.push(bytes, now), those)
        const { dueAt } = framer
        if (dueAt === undefined) continue
        const wake = () => take(framer.flush(performance.now()), those)
        // A timer may come a little early, and what is not due yet would never be looked at again.
        timers.later(Math.ceil(dueAt - now) + 1, wake)
      }
    },
    finish() {
      for (const { framer, those } of listeners) take(framer.finish(performance.now()), those)
    },
    get requests() {
      return requests
    },
    state: first.state,
    states: devices.map(({ state }) => state),
    problems,
    faults: (next) => void (script = next),
    mute: (on) => void (muted = on),
    say: put,
    stop: () => timers.stop(),
  }
}

/** Devices whose requests are framed in the same way hear the same frames, each counted once. */
function listenersFor(devices: readonly SimulatedDevice[]) {
  const groups = new Map<string, { readonly send: FrameSpec; readonly those: SimulatedDevice[] }>()
  for (const device of devices) {
    const key = JSON.stringify(device.send)
    const group = groups.get(key) ?? { send: device.send, those: [] }
    group.those.push(device)
    groups.set(key, group)
  }
  return [...groups.values()]
}
