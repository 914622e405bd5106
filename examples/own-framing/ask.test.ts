import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createLines } from '@mapper-sdk/core/line'
import { createFramer, type FrameSpec } from '@mapper-sdk/serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDevice } from './ask.ts'

const spec: FrameSpec = {
  ...{ type: 'delimiter', start: '<STX>', end: '<ETX>' },
  checksum: { type: 'BCC', afterEnd: true },
}
const { signal } = new AbortController()
const sockets = new Set<Socket>()
let answerTo: (question: string, socket: Socket) => void
const framed = (text: string) => createFramer(spec).encode(Buffer.from(text))

/** A device server on a line: it answers whole frames only. */
const server = createServer((socket) => {
  sockets.add(socket)
  const framer = createFramer(spec)
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    for (const frame of framer.push(bytes, performance.now())) {
      if (frame.good) answerTo(Buffer.from(frame.payload).toString(), socket)
    }
  })
})

beforeEach(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise((closed) => server.close(closed))
})

const lines = createLines()
async function open(timeoutMs: number) {
  const { port } = server.address() as AddressInfo
  const wire = { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs: 10_000 } as const
  const line = await lines.open(wire, signal)
  return { line, ...openDevice(line, timeoutMs) }
}

test('asks, through noise and in pieces, one after the other', async () => {
  answerTo = (question, socket) => {
    socket.write('noise')
    for (const byte of framed(`${question} is 12.5`)) socket.write(Uint8Array.of(byte))
  }
  const { ask, line } = await open(10_000)
  expect(await Promise.all([ask('level', signal), ask('flow', signal)])).toEqual([
    'level is 12.5',
    'flow is 12.5',
  ])
  await line.close()
})

test('believes no answer whose checksum is wrong', async () => {
  answerTo = (_, socket) => {
    const frame = framed('12.5')
    frame[1] = 0x39
    socket.write(frame)
  }
  const { ask, line } = await open(10_000)
  await expect(ask('level', signal)).rejects.toThrow('[bad_data] checksum: <STX>92.5<ETX>')
  await line.close()
})

test('gives the connection up when no answer comes', async () => {
  answerTo = () => undefined
  const { ask, line } = await open(20)
  await expect(ask('level', signal)).rejects.toThrow('[timeout] no answer in 20 ms')
  await expect(ask('level', signal)).rejects.toThrow('[timeout] no answer in 20 ms')
  expect(line.lost?.code).toBe('timeout')
  await line.close()
})
