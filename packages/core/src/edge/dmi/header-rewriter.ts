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
 * state.
 *
 * `rewrite` takes the next piece of the stream, of any size, and yields what to send on, one frame
 * at most at a time: a few bytes of a hostile block can stand for much, so the taker sets the pace.
 * Each piece has to be taken to its end before the next. It throws `bad_data` once the stream is
 * malformed or beyond a limit; the connection has to end then.
 */
export function createHeaderRewriter(limits: RewriterLimits = rewriterLimits): {
  rewrite(chunk: Buffer): Generator<Buffer, void>
} {
  const hpack = createHpackDecoder(limits)
  let open: OpenBlock | undefined
  let stage: Stage = { kind: 'preface', into: Buffer.alloc(preface.length), filled: 0 }

  /** Takes the head of a frame; what is of no interest passes. */
  const begin = (head: Buffer): Stage => {
    const length = head.readUIntBE(0, 3)
    const type = head.readUInt8(3)
    const stream = head.readUInt32BE(5) & 0x7fffffff
    if (length > limits.frameBytes) fail(`frame of ${length} bytes`)
    if (type === frameType.pushPromise) fail('push promise from a client')
    if ((type === frameType.continuation) !== (open !== undefined)) fail('header block torn apart')
    if (open !== undefined && open.stream !== stream) fail('header blocks of two streams mixed')
    if (type !== frameType.headers && type !== frameType.continuation) {
      return { kind: 'pass', left: length }
    }
    const frame = { type, flags: head.readUInt8(4), stream }
    return { kind: 'block', into: Buffer.alloc(length), filled: 0, frame }
  }

  /** Takes the payload of a HEADERS or CONTINUATION frame; the last one gives the frames to send on. */
  const collect = ({ type, flags, stream }: Frame, payload: Buffer): Buffer[] => {
    open ??= { stream, endStream: flags & flag.endStream, parts: [], bytes: 0 }
    const part = type === frameType.headers ? bareFragment(payload, flags) : payload
    open.parts.push(part)
    open.bytes += part.length
    if (open.bytes > limits.blockBytes) fail('header block too large')
    if (open.parts.length > limits.continuations + 1) fail('too many CONTINUATION frames')
    if ((flags & flag.endHeaders) === 0) return []
    const fields = hpack.decode(Buffer.concat(open.parts))
    const frames = framesOf(open, encodeLiterals(withAuthority(fields)), limits.frameBytes)
    open = undefined
    return frames
  }

  /** Moves on from a stage that has all its bytes. */
  function* advance(): Generator<Buffer, void> {
    const done = stage
    stage = { kind: 'head', into: Buffer.alloc(9), filled: 0 }
    if (done.kind === 'preface') yield done.into
    else if (done.kind === 'block') yield* collect(done.frame, done.into)
    else if (done.kind === 'head') {
      stage = begin(done.into)
      if (stage.kind === 'pass') yield done.into
    }
  }

  return {
    *rewrite(chunk) {
      for (let at = 0; at < chunk.length;) {
        if (stage.kind === 'pass') {
          const piece = chunk.subarray(at, at + stage.left)
          stage.left -= piece.length
          at += piece.length
          yield piece
        } else {
          const taken = chunk.copy(stage.into, stage.filled, at)
          stage.filled += taken
          at += taken
          if (stage.kind === 'preface') checkPreface(stage.into.subarray(0, stage.filled))
        }
        while (isComplete(stage)) yield* advance()
      }
    },
  }
}

const isComplete = (stage: Stage) =>
  stage.kind === 'pass' ? stage.left === 0 : stage.filled === stage.into.length

function checkPreface(start: Buffer) {
  if (!preface.subarray(0, start.length).equals(start)) fail('not HTTP/2')
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
