import { MapperError } from '@mapper-sdk/core'
import { shareWire, type Wire } from '@mapper-sdk/core/line'
import { vi } from 'vitest'
import { crc16 } from './crc16.ts'

/*
 * The line is a fake and time is virtual, so that thousands of delay patterns take seconds.
 */

/** A frame around unit and PDU. */
export const withCrc = (bytes: Uint8Array) => {
  const frame = Buffer.from([...bytes, 0, 0])
  frame.writeUInt16LE(crc16(bytes), bytes.length)
  return frame
}

export const framed = (unit: number, pdu: Uint8Array) => withCrc(Uint8Array.of(unit, ...pdu))

/**
 * A line to a device that gets each request and says whatever it likes, whenever it likes. We hear that
 * a request was written after `writeMs`, as on a busy machine.
 */
export function fakeLine(
  onRequest: (frame: Buffer, say: (bytes: Uint8Array) => void) => void,
  writeMs = 0,
) {
  let hear: (bytes: Buffer) => void = () => undefined
  let lose: (reason: MapperError) => void = () => undefined
  const written: Buffer[] = []
  const wire: Wire = {
    name: '/dev/ttyTEST',
    characterMs: 1,
    listen(onBytes, onLost) {
      hear = onBytes
      lose = onLost
    },
    write: async (bytes) => {
      const frame = Buffer.from(bytes)
      written.push(frame)
      setTimeout(() => onRequest(frame, (answer) => hear(Buffer.from(answer))), 1)
      if (writeMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, writeMs))
    },
    discardInput: async () => undefined,
    close: async () => undefined,
  }
  const events = { onLost: () => undefined, onUnused: () => undefined }
  return {
    line: shareWire(wire, events).share(),
    written,
    say: (bytes: Uint8Array) => hear(Buffer.from(bytes)),
    lose: () => lose(new MapperError('unreachable', 'unplugged')),
  }
}

/** Runs virtual time until the promise settles. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false
  const finish = () => (done = true)
  promise.then(finish, finish)
  for (let steps = 0; !done && steps < 100_000; steps++) {
    await vi.advanceTimersToNextTimerAsync()
    if (vi.getTimerCount() === 0) await Promise.resolve()
  }
  return promise
}
