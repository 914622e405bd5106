import { createServer, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { Bank } from './bank.ts'
import { befall, type Envelope, type Sending } from './faults.ts'
import { exceptionPdu, reply } from './reply.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface TcpSimulator extends ModbusSimulator {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** The most requests of one connection that waited for their answers at once. */
  readonly mostAtOnce: number
  /** Cuts all connections by RST. */
  drop(): void
}

export interface TcpSimulatorOptions extends SimulatorOptions {
  /** Any free port if left out. */
  readonly port?: number
  /** 127.0.0.1 if left out. */
  readonly host?: string
  /** As devices do that know one request at a time: what comes before the answer is out gets none. */
  readonly dropsPipelined?: boolean
}

/** What a gateway says about a unit that is not there. */
const targetFailed = 11
const holdMs = 20

/** Serves the bank as a Modbus TCP device. Rejects when the port cannot be had. */
export async function serveTcp(
  bank: Bank,
  options: TcpSimulatorOptions = {},
): Promise<TcpSimulator> {
  const { host = '127.0.0.1', port: wanted = 0, delayMs = 0, dropsPipelined = false } = options
  let script = options.faults
  let muted = false
  let requests = 0
  let mostAtOnce = 0
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer({ noDelay: true }, serve)

  function later(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      call()
    }, ms)
    timers.add(timer)
  }

  function serve(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0)
    let held: Buffer[] = []
    let ending = false
    let atOnce = 0
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)

    const put = (bytes: Buffer) => {
      if (!socket.writable || ending) return
      socket.write(held.length === 0 ? bytes : Buffer.concat([...held, bytes]))
      held = []
    }
    const dispatch = ({ bytes, split, withNext, end }: Sending) => {
      if (split) for (const byte of bytes) put(Buffer.of(byte))
      else if (withNext) {
        held.push(bytes)
        later(holdMs, () => held.length > 0 && put(Buffer.alloc(0)))
      } else if (bytes.length > 0) put(bytes)
      // Whoever goes down in the middle of an answer sends no others.
      if (end !== undefined) ending = true
      if (end === 'fin') socket.end()
      if (end === 'rst') later(1, () => socket.resetAndDestroy())
    }

    socket.on('data', (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const ready: Buffer[] = []
      let at = 0
      let here = 0
      while (bytes.length - at >= 6) {
        const end = at + 6 + bytes.readUInt16BE(at + 4)
        if (end - at < 8 || end - at > 260) return socket.destroy()
        if (end > bytes.length) break
        const frame = bytes.subarray(at, end)
        at = end
        if (dropsPipelined && atOnce > 0) {
          requests++
          continue
        }
        const sending = answerTo(frame)
        if (sending === undefined) continue
        const afterMs = delayMs + (sending.afterMs ?? 0)
        mostAtOnce = Math.max(mostAtOnce, ++atOnce)
        if (afterMs > 0) {
          later(afterMs, () => {
            atOnce--
            dispatch(sending)
          })
          continue
        }
        here++
        if (sending.split ?? sending.withNext ?? sending.end) dispatch(sending)
        else ready.push(sending.bytes)
      }
      rest = bytes.subarray(at)
      atOnce -= here
      // All answers to one segment go out in one.
      if (ready.length > 0) put(ready.length === 1 && ready[0] ? ready[0] : Buffer.concat(ready))
    })
  }

  function answerTo(frame: Buffer): Sending | undefined {
    const index = requests++
    if (muted) return undefined
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

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(MapperError.from(error, 'unreachable')))
    server.listen(wanted, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : wanted

  return {
    port,
    get requests() {
      return requests
    },
    get connections() {
      return sockets.size
    },
    get mostAtOnce() {
      return mostAtOnce
    },
    faults: (next) => void (script = next),
    mute: (on) => void (muted = on),
    drop() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer)
        timers.clear()
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
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
