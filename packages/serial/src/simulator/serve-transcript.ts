import type { Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { Wire } from '@mapper-sdk/core/line'
import type { Transcript } from '../recipe/transcript.ts'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'

/** Where bytes go out and come in; an open `Wire` of core is one. */
export type ByteChannel = Pick<Wire, 'write' | 'listen'>

export interface TranscriptOptions {
  /** So many bytes are sent at once; all if left out. */
  readonly chunkBytes?: number
  /** Each chunk is followed by this time for each of its bytes, as on a line; 0 if left out. */
  readonly characterMs?: number
}

export interface TranscriptServer {
  /** The first difference, as a sentence that names its step; none: all is as in the transcript. */
  readonly problems: readonly string[]
  /** Steps that were played. */
  readonly played: number
  /** Resolves when all steps were played, at the first difference, or when it was closed. Never rejects. */
  readonly done: Promise<void>
  /** Lets the next frame of a stream out, now or when its step has come. Resolves when it was sent. */
  next(): Promise<void>
  /** Plays nothing more. What the channel is made of stays open. */
  close(): void
}

/**
 * The device's side of a transcript: expects exactly the bytes that each step sends, and then sends
 * exactly what it receives. Frames of streams wait for `next`. After a difference nothing more is said.
 */
export function serveTranscript(
  transcript: Transcript,
  channel: ByteChannel,
  { chunkBytes = Infinity, characterMs = 0 }: TranscriptOptions = {},
): TranscriptServer {
  const problems: string[] = []
  const allowed: { sent: () => void }[] = []
  let received = Buffer.alloc(0)
  let played = 0
  let closed = false
  let wake: () => void = () => undefined

  channel.listen((bytes) => {
    received = Buffer.concat([received, bytes])
    wake()
  }, close)

  function close(): void {
    closed = true
    wake()
    for (const { sent } of allowed.splice(0)) sent()
  }

  /** Returns once it holds, or nothing more will come. */
  async function until(holds: () => boolean): Promise<void> {
    while (!closed && !holds()) await new Promise<void>((resolve) => (wake = resolve))
  }

  /** Takes exactly these bytes, or tells of the first that is another as soon as it is there. */
  async function expectBytes(wanted: Buffer): Promise<void> {
    const differs = () => {
      const length = Math.min(received.length, wanted.length)
      return !received.subarray(0, length).equals(wanted.subarray(0, length))
    }
    await until(() => differs() || received.length >= wanted.length)
    if (differs()) {
      problems.push(`step ${played + 1}: ${formatBytes(received)} came, not ${formatBytes(wanted)}`)
    }
    received = received.subarray(wanted.length)
  }

  async function send(bytes: Uint8Array): Promise<void> {
    const size = Math.max(1, chunkBytes)
    for (let at = 0; at < bytes.length && !closed; at += size) {
      const chunk = bytes.subarray(at, at + size)
      await channel.write(chunk)
      if (characterMs > 0)
        await new Promise((resolve) => setTimeout(resolve, chunk.length * characterMs))
    }
  }

  async function play(): Promise<void> {
    for (const { sends, receives, stream } of transcript.steps) {
      if (sends !== undefined) await expectBytes(Buffer.from(parseBytes(sends)))
      if (stream !== undefined) await until(() => allowed.length > 0)
      if (closed || problems.length > 0) return
      if (receives !== undefined) await send(parseBytes(receives))
      if (closed) return
      played++
      if (stream !== undefined) allowed.shift()?.sent()
    }
    if (received.length > 0) problems.push(`after the last step ${formatBytes(received)} came`)
  }

  const done = play().catch((thrown: unknown) => {
    problems.push(
      `step ${played + 1}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    )
  })
  void done.then(close)
  return {
    problems,
    get played() {
      return played
    },
    done,
    next: () =>
      new Promise((sent) => {
        if (closed) return sent()
        allowed.push({ sent })
        wake()
      }),
    close,
  }
}

/** A socket as a channel. */
export const socketChannel = (socket: Socket): ByteChannel => ({
  write: (bytes) =>
    new Promise((resolve, reject) =>
      socket.write(bytes, (error) => (error ? reject(error) : resolve())),
    ),
  listen(onBytes, onLost) {
    socket.on('data', onBytes)
    socket.on('error', () => undefined)
    socket.on('close', () => onLost(new MapperError('unreachable', 'the connection was closed')))
  },
})
