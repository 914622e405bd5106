import type { Bank } from './bank.ts'
import { befall, type Envelope, type FaultScript, type Sending } from './faults.ts'
import { exceptionPdu, reply } from './reply.ts'
import type { SimulatorOptions } from './simulator.ts'

/** The device behind a server of MBAP frames: what it answers, whatever carries it. */
export interface MbapDevice {
  /** What to send for a request frame, and when; undefined for nothing. */
  answer(frame: Buffer): (Sending & { readonly afterMs: number }) | undefined
  /** Counts a request and leaves it without an answer. */
  ignore(): undefined
  readonly requests: number
  faults(script?: FaultScript): void
  mute(muted: boolean): void
}

/** What a gateway says about a unit that is not there. */
const targetFailed = 11

export function mbapDevice(bank: Bank, { faults, delayMs = 0 }: SimulatorOptions): MbapDevice {
  let script = faults
  let muted = false
  let requests = 0

  function sendingFor(frame: Buffer, index: number): Sending | undefined {
    const unit = frame[6] ?? 0
    const pdu = frame.subarray(7)
    const functionCode = pdu[0] ?? 0
    const answer = bank.has(unit)
      ? reply(bank, unit, pdu)
      : exceptionPdu(functionCode, targetFailed)
    if (script === undefined) return { bytes: wrap(frame, unit, answer) }
    const [address, count] = pdu.length < 5 ? [0, 0] : [pdu.readUInt16BE(1), pdu.readUInt16BE(3)]
    const fault = script({ index, unit, functionCode, address, count })
    return befall(fault, unit, answer, envelopeOf(frame))
  }

  return {
    answer(frame) {
      const index = requests++
      if (muted) return undefined
      const sending = sendingFor(frame, index)
      return sending && { ...sending, afterMs: delayMs + (sending.afterMs ?? 0) }
    },
    ignore: () => void requests++,
    get requests() {
      return requests
    },
    faults: (next) => void (script = next),
    mute: (on) => void (muted = on),
  }
}

/** How long a frame at `at` is by its header; undefined for a length that no request has. */
export function mbapLength(bytes: Buffer, at: number): number | undefined {
  const length = 6 + bytes.readUInt16BE(at + 4)
  return length < 8 || length > 260 ? undefined : length
}

function wrap(request: Buffer, unit: number, pdu: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(7 + pdu.length)
  request.copy(frame, 0, 0, 4)
  frame.writeUInt16BE(pdu.length + 1, 4)
  frame[6] = unit
  pdu.copy(frame, 7)
  return frame
}

const envelopeOf = (request: Buffer): Envelope => ({
  request,
  echoReplaces: true,
  wrap: (unit, pdu) => wrap(request, unit, pdu),
  spoil(frame, what) {
    const spoiled = Buffer.from(frame)
    if (what === 'id') spoiled.writeUInt16BE(spoiled.readUInt16BE(0) ^ 0x4000, 0)
    else if (what === 'protocol') spoiled.writeUInt16BE(0xdead, 2)
    else spoiled.writeUInt16BE(0xffff, 4)
    return spoiled
  },
})
