import { MapperError } from '../../errors.ts'
import { createHpackDecoder, encodeLiterals, type HeaderField } from './hpack.ts'

/** Far above what EdgeCore sends, and little enough to hold for every connection. */
export interface RewriterLimits {
  readonly frameBytes: number
  readonly blockBytes: number
  readonly continuations: number
  readonly listBytes: number
  readonly tableBytes: number
}

/** Frame and table size are HTTP/2's defaults, which our side of the connection does not change. */
export const rewriterLimits: RewriterLimits = {
  frameBytes: 16_384,
  blockBytes: 16_384,
  continuations: 8,
  listBytes: 32_768,
  tableBytes: 4096,
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const frameType = { headers: 1, pushPromise: 5, continuation: 9 } as const
const flag = { endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** A header block that is still arriving, without padding and priority. */
interface OpenBlock {
  readonly stream: number
  readonly endStream: number
  readonly parts: Buffer[]
  bytes: number
}

interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
}

/** What the next bytes are. All but `pass` are collected until `into` is full. */
type Stage =
  | { readonly kind: 'preface'; readonly into: Buffer; filled: number }
  | { readonly kind: 'head'; readonly into: Buffer; filled: number }
  | { readonly kind: 'block'; readonly into: Buffer; filled: number; readonly frame: Frame }
  | { readonly kind: 'pass'; left: number }

/**
 * Rewrites what an HTTP/2 client sends: every request gets `:authority: localhost`, everything else
 * stays as it is. Header blocks are sent on as plain literals, so the server's own decoder keeps no
 * state. `push` takes any piece of the stream and returns what to send on; it throws `bad_data` once
 * the stream is malformed or beyond a limit, and the connection has to end.
 */
export function createHeaderRewriter(limits: RewriterLimits = rewriterLimits): {
  push(chunk: Buffer): Buffer[]
} {
  const hpack = createHpackDecoder(limits)
  let open: OpenBlock | undefined
  let stage: Stage = { kind: 'preface', into: Buffer.alloc(preface.length), filled: 0 }
  const nextFrame = (): Stage => ({ kind: 'head', into: Buffer.alloc(9), filled: 0 })

  /** Takes the head of a frame. */
  const begin = (head: Buffer, out: Buffer[]): Stage => {
    const length = head.readUIntBE(0, 3)
    const type = head.readUInt8(3)
    const stream = head.readUInt32BE(5) & 0x7fffffff
    if (length > limits.frameBytes) fail(`frame of ${length} bytes`)
    if (type === frameType.pushPromise) fail('push promise from a client')
    if ((type === frameType.continuation) !== (open !== undefined)) fail('header block torn apart')
    if (open !== undefined && open.stream !== stream) fail('header blocks of two streams mixed')
    if (type === frameType.headers || type === frameType.continuation) {
      const frame = { type, flags: head.readUInt8(4), stream }
      return { kind: 'block', into: Buffer.alloc(length), filled: 0, frame }
    }
    out.push(head)
    return { kind: 'pass', left: length }
  }

  /** Takes the payload of a HEADERS or CONTINUATION frame. */
  const collect = (frame: Frame, payload: Buffer, out: Buffer[]): Stage => {
    const fragment = frame.type === frameType.headers ? bareFragment(payload, frame.flags) : payload
    open ??= { stream: frame.stream, endStream: frame.flags & flag.endStream, parts: [], bytes: 0 }
    open.parts.push(fragment)
    open.bytes += fragment.length
    if (open.bytes > limits.blockBytes) fail('header block too large')
    if (open.parts.length > limits.continuations + 1) fail('too many CONTINUATION frames')
    if ((frame.flags & flag.endHeaders) !== 0) {
      const fields = hpack.decode(Buffer.concat(open.parts))
      out.push(...framesOf(open, encodeLiterals(withAuthority(fields)), limits.frameBytes))
      open = undefined
    }
    return nextFrame()
  }

  /** Moves on as long as the current stage has all its bytes. */
  const settle = (out: Buffer[]) => {
    for (;;) {
      if (stage.kind === 'pass') {
        if (stage.left > 0) return
        stage = nextFrame()
        continue
      }
      if (stage.filled < stage.into.length) return
      if (stage.kind === 'preface') {
        out.push(stage.into)
        stage = nextFrame()
      } else {
        stage =
          stage.kind === 'head' ? begin(stage.into, out) : collect(stage.frame, stage.into, out)
      }
    }
  }

  return {
    push(chunk) {
      const out: Buffer[] = []
      for (let at = 0; at < chunk.length; settle(out)) {
        if (stage.kind === 'pass') {
          const piece = chunk.subarray(at, at + stage.left)
          out.push(piece)
          stage.left -= piece.length
          at += piece.length
          continue
        }
        const taken = chunk.copy(stage.into, stage.filled, at)
        stage.filled += taken
        at += taken
        if (
          stage.kind === 'preface' &&
          stage.into.compare(preface, 0, stage.filled, 0, stage.filled)
        )
          fail('not HTTP/2')
      }
      return out
    },
  }
}

/** Without padding and priority (RFC 9113 §6.2). */
function bareFragment(payload: Buffer, flags: number): Buffer {
  const padded = (flags & flag.padded) !== 0
  const start = (padded ? 1 : 0) + ((flags & flag.priority) !== 0 ? 5 : 0)
  const end = payload.length - (padded ? (payload[0] ?? 0) : 0)
  return end < start ? fail('padding beyond its frame') : payload.subarray(start, end)
}

/** Only a request has an authority; trailers have no `:method` and stay as they are. */
function withAuthority(fields: readonly HeaderField[]): HeaderField[] {
  const localhost = { name: ':authority', value: 'localhost' }
  const replaced = fields.map((field) => (field.name === ':authority' ? localhost : field))
  const missing = fields.some(({ name }) => name === ':method') && !replaced.includes(localhost)
  return missing ? [localhost, ...replaced] : replaced
}

/** One HEADERS frame, and CONTINUATION frames for what does not fit in it. */
function framesOf({ stream, endStream }: OpenBlock, block: Buffer, frameBytes: number): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at === 0 || at < block.length; at += frameBytes) {
    const piece = block.subarray(at, at + frameBytes)
    const head = Buffer.alloc(9)
    head.writeUIntBE(piece.length, 0, 3)
    head.writeUInt8(at === 0 ? frameType.headers : frameType.continuation, 3)
    const last = at + frameBytes >= block.length ? flag.endHeaders : 0
    head.writeUInt8((at === 0 ? endStream : 0) | last, 4)
    head.writeUInt32BE(stream, 5)
    frames.push(head, piece)
  }
  return frames
}

function fail(what: string): never {
  throw new MapperError('bad_data', `refused connection: ${what}`)
}
