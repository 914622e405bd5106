import { createTimers } from '@mapper-sdk/core/simulating'
import type { Bank } from './bank.ts'
import { befall, type Envelope, type FaultScript, type Sending } from './faults.ts'
import { lineFrames, type LineFrames, type LineFraming } from './line-frames.ts'
import { reply } from './reply.ts'
import type { SimulatorOptions } from './simulator.ts'

/** The units of a line, whatever carries it. A unit that is not there is silent. */
export interface LineDevice {
  /** To be called with everything that comes in. */
  receive(bytes: Buffer): void
  readonly requests: number
  faults(script?: FaultScript): void
  mute(muted: boolean): void
  /** Sends nothing more. */
  stop(): void
}

export interface LineDeviceOptions extends SimulatorOptions {
  readonly framing: LineFraming
  put(bytes: Buffer): void
  /** Cuts the connection; left out, there is none, and what should be cut is just not said. */
  cut?(how: 'rst' | 'fin'): void
}

/** A request that stopped in the middle is forgotten after this silence. */
const forgetMs = 200
const holdMs = 20
const longestPending = 4096

export function lineDevice(bank: Bank, options: LineDeviceOptions): LineDevice {
  const { framing, put, cut, delayMs = 0 } = options
  const frames = lineFrames[framing]
  const timers = createTimers()
  let script = options.faults
  let muted = false
  let requests = 0
  let pending: Buffer = Buffer.alloc(0)
  let lastByteAt = 0
  let held: Buffer[] = []

  function receive(chunk: Buffer): void {
    const now = performance.now()
    if (now - lastByteAt > forgetMs) pending = Buffer.alloc(0)
    lastByteAt = now
    pending = Buffer.concat([pending, chunk]).subarray(-longestPending)
    let found
    while ((found = frames.next(pending)) !== undefined) {
      pending = pending.subarray(found.end)
      const sending = answerTo(found.body, found.raw)
      if (sending === undefined) continue
      const afterMs = delayMs + (sending.afterMs ?? 0)
      if (afterMs > 0) timers.later(afterMs, () => dispatch(sending))
      else dispatch(sending)
    }
  }

  function dispatch({ bytes, split, twice, withNext, end }: Sending): void {
    if (withNext) {
      held.push(bytes)
      return timers.later(holdMs, () => held.length > 0 && say(Buffer.alloc(0)))
    }
    if (end !== undefined && cut === undefined) return
    if (split) for (const byte of bytes) say(Buffer.of(byte))
    else if (bytes.length > 0) say(twice ? Buffer.concat([bytes, bytes]) : bytes)
    if (end !== undefined) cut?.(end)
  }

  function say(bytes: Buffer): void {
    const all = held.length === 0 ? bytes : Buffer.concat([...held, bytes])
    held = []
    put(all)
  }

  function answerTo(body: Buffer, raw: Buffer): Sending | undefined {
    const index = requests++
    if (muted) return undefined
    const unit = body[0] ?? 0
    const pdu = body.subarray(1)
    if (unit === 0) {
      for (let each = 1; each < 248; each++) if (bank.has(each)) reply(bank, each, pdu)
      return undefined
    }
    if (!bank.has(unit)) return undefined
    const functionCode = pdu[0] ?? 0
    const answer = reply(bank, unit, pdu)
    const [address, count] = pdu.length < 5 ? [0, 0] : [pdu.readUInt16BE(1), pdu.readUInt16BE(3)]
    const fault = script?.({ index, unit, functionCode, address, count })
    return befall(fault, unit, answer, envelopeOf(Buffer.from(raw), frames))
  }

  return {
    receive,
    get requests() {
      return requests
    },
    faults: (next) => void (script = next),
    mute: (on) => void (muted = on),
    stop: () => timers.stop(),
  }
}

const envelopeOf = (request: Buffer, { wrap }: LineFrames): Envelope => ({
  request,
  echoReplaces: false,
  wrap,
  spoil(frame, what) {
    if (what === 'length') return Buffer.alloc(300, 0x55)
    // The last character of the checksum, which is in front of an end of line in ASCII.
    const spoiled = Buffer.from(frame)
    const last = spoiled.lastIndexOf('\r\n') > 0 ? spoiled.length - 3 : spoiled.length - 1
    spoiled[last] = (spoiled[last] ?? 0) ^ 0x21
    return spoiled
  },
})
