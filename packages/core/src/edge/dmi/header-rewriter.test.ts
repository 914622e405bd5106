import fc from 'fast-check'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { MapperError } from '../../errors.ts'
import { withLocalAuthority } from './authority-shim.ts'
import {
  behindShim,
  cleanUps,
  echoServer,
  listen,
  rawPath,
  request,
  session,
  socketPath,
} from './authority-shim.suite.ts'
import { createHeaderRewriter, rewriterLimits } from './header-rewriter.ts'
import { encodeLiterals, type HeaderField } from './hpack.ts'

/** One frame. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const opening = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0, Buffer.alloc(0)),
])
const get: HeaderField[] = [
  { name: ':method', value: 'GET' },
  { name: ':scheme', value: 'http' },
  { name: ':path', value: '/raw' },
  { name: ':authority', value: rawPath },
]
const block = encodeLiterals(get)

/** Sends bytes in pieces and gives all that comes back until the end, or until `enough`. */
async function exchange(pieces: readonly Buffer[], enough = 'never'): Promise<string> {
  const socket = connect(socketPath)
  cleanUps.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  let got = ''
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1')
    if (got.includes(enough)) socket.destroy()
  })
  for (const piece of pieces) socket.write(piece)
  if (!socket.destroyed) await once(socket, 'close')
  return got
}

test('raw frames: padding, priority and one-byte CONTINUATION frames', async () => {
  const refused = await listen(behindShim(echoServer()))
  const padding = Buffer.alloc(7)
  const priority = Buffer.from([0, 0, 0, 0, 16])
  const headers = Buffer.concat([Buffer.of(7), priority, block.subarray(0, -8), padding])
  const tail = [...block.subarray(-8)].map((byte, index, all) =>
    frame(9, index === all.length - 1 ? 4 : 0, 1, Buffer.of(byte)),
  )
  const bytes = Buffer.concat([opening, frame(1, 0x1 | 0x8 | 0x20, 1, headers), ...tail])
  expect(await exchange([bytes], '/raw')).toContain('"/raw"')
  // And the same byte by byte.
  expect(
    await exchange(
      [...bytes].map((byte) => Buffer.of(byte)),
      '/raw',
    ),
  ).toContain('"/raw"')
  expect(refused).toEqual([])
})

const tooMany = rewriterLimits.continuations + 1
test.each<[string, Buffer[]]>([
  ['HTTP/1', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
  ['TLS', [Buffer.from('160301020001000001fc0303', 'hex')]],
  ['a frame of 100 MB', [opening, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]],
  ['a push promise', [opening, frame(5, 4, 1, Buffer.alloc(8))]],
  ['a CONTINUATION without HEADERS', [opening, frame(9, 4, 1, block)]],
  [
    'another frame inside a block',
    [opening, frame(1, 0, 1, block), frame(6, 0, 0, Buffer.alloc(8))],
  ],
  ['a block of two streams', [opening, frame(1, 0, 1, block), frame(9, 4, 3, block)]],
  ['padding beyond its frame', [opening, frame(1, 0x4 | 0x8, 1, Buffer.of(9, 1))]],
  ['priority beyond its frame', [opening, frame(1, 0x4 | 0x20, 1, Buffer.of(9, 1))]],
  ['a padded frame without a byte', [opening, frame(1, 0x4 | 0x8, 1, Buffer.alloc(0))]],
  ['broken HPACK', [opening, frame(1, 4, 1, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff))]],
  [
    'too many CONTINUATION frames',
    [
      opening,
      frame(1, 0, 1, block),
      ...Array.from({ length: tooMany }, () => frame(9, 0, 1, Buffer.alloc(0))),
    ],
  ],
  [
    'a block that is too large',
    [opening, frame(1, 0, 1, Buffer.alloc(16_384)), frame(9, 0, 1, Buffer.alloc(1))],
  ],
])('%s ends the connection', async (_what, pieces) => {
  const refused = await listen(behindShim(echoServer()))
  await exchange(pieces)
  expect(refused).toHaveLength(1)
  expect(refused[0]).toBeInstanceOf(MapperError)
})

test('mutated streams end in frames within the limits or in bad_data, never in anything else', async () => {
  const captured = await capture()
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(captured.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
      fc.nat(captured.length),
      (changes, cuts, from) => {
        const bytes = Buffer.from(captured)
        for (const [at, value] of changes) bytes[at] = value
        const doubled = Buffer.concat([bytes, bytes.subarray(Math.max(24, from))])
        const { rewrite } = createHeaderRewriter()
        try {
          for (let at = 0, turn = 0; at < doubled.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1
            for (const piece of rewrite(doubled.subarray(at, at + size))) {
              expect(piece.length).toBeLessThanOrEqual(rewriterLimits.frameBytes + 9)
            }
            at += size
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MapperError)
        }
      },
    ),
    { numRuns: 5000 },
  )
}, 60_000)

/** What a real client sends: preface, settings, two calls with dynamic table references, data. */
async function capture(): Promise<Buffer> {
  const chunks: Buffer[] = []
  const take = behindShim(echoServer())
  await listen((socket, refused) => {
    take(socket, refused)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  })
  const client = session()
  await request(client, { ':authority': 'localhost', 'user-agent': 'grpc-go/1.67.1' })
  await request(client, { ':authority': 'localhost', 'user-agent': 'grpc-go/1.67.1' })
  return Buffer.concat(chunks)
}

test('blocks that stand for gigabytes are sent on only as fast as they are taken', async () => {
  const insert = Buffer.concat([
    Buffer.of(0x40),
    encodeLiterals([{ name: 'n', value: 'v'.repeat(3900) }]).subarray(1),
  ])
  const bomb = Array.from({ length: 20_000 }, (_, i) =>
    frame(1, 4, 2 * i + 3, Buffer.alloc(7, 0xbe)),
  )
  let taken = 0
  let buffered = 0
  const done = new Promise<void>((resolve) => {
    void listen((socket) => {
      const duplex = withLocalAuthority(socket, () => undefined)
      duplex.on('close', resolve)
      duplex.on('error', () => undefined)
      duplex.on('readable', () => {
        buffered = Math.max(buffered, duplex.readableLength)
        // Takes a hundred times, then never again.
        if (taken++ < 100) duplex.read()
        else duplex.destroy()
      })
    }).then(() => exchange([Buffer.concat([opening, frame(1, 4, 1, insert), ...bomb])]))
  })
  await done
  expect(buffered).toBeLessThan(200_000)
})
