import { crc16 } from '../link/crc16.ts'
import { openSerialWire } from '@mapper-sdk/core/line'
import type { Bank } from './bank.ts'
import { befall, type Envelope, type Sending } from './faults.ts'
import { reply } from './reply.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface RtuSimulatorOptions extends SimulatorOptions {
  readonly path: string
  /** 9600 if left out; 8N1. */
  readonly baudRate?: number
}

/** A request that stopped in the middle is forgotten after this silence. */
const forgetMs = 200
const longestRequest = 256

/** Serves the bank as the units of an RTU line; a unit that is not there is silent. */
export async function serveRtu(
  bank: Bank,
  { path, baudRate = 9600, delayMs = 0, faults }: RtuSimulatorOptions,
): Promise<ModbusSimulator> {
  const line = await openSerialWire(
    { kind: 'serial', path, baudRate, dataBits: 8, stopBits: 1, parity: 'none' },
    new AbortController().signal,
  )
  const timers = new Set<NodeJS.Timeout>()
  let script = faults
  let muted = false
  let requests = 0
  let pending: Buffer = Buffer.alloc(0)
  let lastByteAt = 0
  let held: Buffer[] = []
  let writing = Promise.resolve()

  line.listen(receive, () => undefined)

  function receive(chunk: Buffer): void {
    const now = performance.now()
    if (now - lastByteAt > forgetMs) pending = Buffer.alloc(0)
    lastByteAt = now
    pending = Buffer.concat([pending, chunk])
    let at = 0
    while (pending.length - at >= 8) {
      const length = requestLength(pending, at)
      if (length > pending.length - at) break
      if (length === 0 || crc16(pending, at, at + length) !== 0) {
        at++
        continue
      }
      const frame = pending.subarray(at, at + length)
      at += length
      const sending = answerTo(frame)
      if (sending === undefined) continue
      const afterMs = delayMs + (sending.afterMs ?? 0)
      if (afterMs > 0) later(afterMs, () => dispatch(sending))
      else dispatch(sending)
    }
    pending = pending.subarray(at)
  }

  function later(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      call()
    }, ms)
    timers.add(timer)
  }

  function dispatch({ bytes, split, twice, withNext }: Sending): void {
    if (withNext) {
      held.push(bytes)
      return later(20, () => held.length > 0 && put(Buffer.alloc(0)))
    }
    if (split) for (const byte of bytes) put(Buffer.of(byte))
    else if (bytes.length > 0) put(twice ? Buffer.concat([bytes, bytes]) : bytes)
  }

  function put(bytes: Buffer): void {
    const all = held.length === 0 ? bytes : Buffer.concat([...held, bytes])
    held = []
    writing = writing.then(() => line.write(all)).catch(() => undefined)
  }

  function answerTo(frame: Buffer): Sending | undefined {
    const index = requests++
    if (muted) return undefined
    const unit = frame[0] ?? 0
    const pdu = frame.subarray(1, frame.length - 2)
    if (unit === 0) {
      for (let each = 1; each < 248; each++) if (bank.has(each)) reply(bank, each, pdu)
      return undefined
    }
    if (!bank.has(unit)) return undefined
    const functionCode = pdu[0] ?? 0
    const answer = reply(bank, unit, pdu)
    const fault = script?.({
      index,
      unit,
      functionCode,
      address: pdu.readUInt16BE(1),
      count: pdu.readUInt16BE(3),
    })
    const sending = befall(fault, unit, answer, envelopeOf(frame))
    return sending?.end === undefined ? sending : undefined
  }

  return {
    get requests() {
      return requests
    },
    faults: (next) => void (script = next),
    mute: (on) => void (muted = on),
    close: async () => {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      await line.close()
    },
  }
}

/** Length of the request that starts at `at`, as far as its function code tells; 0 for none. */
function requestLength(bytes: Buffer, at: number): number {
  const functionCode = bytes[at + 1] ?? 0
  if (functionCode === 15 || functionCode === 16) return 9 + (bytes[at + 6] ?? longestRequest)
  return functionCode >= 1 && functionCode <= 8 ? 8 : 0
}

const envelopeOf = (request: Buffer): Envelope => ({
  request: Buffer.from(request),
  echoReplaces: false,
  wrap(unit, pdu) {
    const frame = Buffer.concat([Buffer.of(unit), pdu, Buffer.alloc(2)])
    frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2)
    return frame
  },
  spoil(frame, what) {
    if (what === 'length') return Buffer.alloc(300, 0x55)
    const spoiled = Buffer.from(frame)
    const last = spoiled.length - 1
    spoiled[last] = (spoiled[last] ?? 0) ^ 0x21
    return spoiled
  },
})
