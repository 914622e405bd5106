import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFramer } from '../frame/framer.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFrameLink, type FrameLink } from './frame-link.ts'

const spec: FrameSpec = {
  ...{ type: 'delimiter', start: '<STX>', end: '<ETX>' },
  checksum: { type: 'BCC', afterEnd: true },
}
const framed = (text: string, of = spec) => createFramer(of).encode(Buffer.from(text))
const { signal } = new AbortController()
const sockets = new Set<Socket>()
let answerTo: (question: string, socket: Socket) => void
let asked: string[]

const server = createServer((socket) => {
  sockets.add(socket)
  const framer = createFramer(spec)
  socket.setNoDelay(true).on('error', () => undefined)
  socket.on('data', (bytes) => {
    for (const frame of framer.push(bytes, performance.now())) {
      const question = frame.good ? Buffer.from(frame.payload).toString() : 'hurt'
      asked.push(question)
      answerTo(question, socket)
    }
  })
})

beforeEach(async () => {
  asked = []
  answerTo = (question, socket) => void socket.write(framed(`${question} is 12.5`))
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise((closed) => server.close(closed))
})

const lines = createLines()
async function open(timeoutMs?: number, frame = spec): Promise<FrameLink> {
  const { port } = server.address() as AddressInfo
  const wire = { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs: 10_000 } as const
  const line = await lines.open(wire, signal)
  return createFrameLink(line, frame, timeoutMs === undefined ? {} : { timeoutMs })
}
const patient = 60_000
const text = async (answer: Promise<Buffer>) => (await answer).toString('latin1')
const failure = async (answer: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await answer.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (thrown instanceof MapperError) return thrown.message
  throw thrown
}

describe('a link of frames', () => {
  it('asks through noise and in pieces, one after the other', async () => {
    answerTo = (question, socket) => {
      socket.write('noise')
      for (const byte of framed(`${question} is 12.5`)) socket.write(Uint8Array.of(byte))
    }
    const link = await open(patient)
    const both = [link.ask('level', { signal }), link.ask(Buffer.from('flow'), { signal })]
    expect(await Promise.all(both.map(text))).toEqual(['level is 12.5', 'flow is 12.5'])
    await link.close()
  })

  it('passes over what answers something else', async () => {
    answerTo = (_, socket) => void socket.write(Buffer.concat(['a=1', 'b=2'].map((t) => framed(t))))
    const link = await open(patient)
    const isAnswer = (payload: Buffer) => payload.toString().startsWith('b=')
    expect(await text(link.ask('b', { signal, isAnswer }))).toBe('b=2')
    await link.close()
  })

  it('fails a question that cannot tell its answer', async () => {
    const link = await open(patient)
    const isAnswer = () => {
      throw new Error('a bug of the driver')
    }
    expect(await failure(link.ask('a', { signal, isAnswer }))).toContain('a bug of the driver')
    await link.close()
  })

  it('believes no answer whose checksum is wrong, and goes on', async () => {
    const link = await open(patient)
    answerTo = (_, socket) => {
      const frame = framed('12.5')
      frame[1] = 0x39
      socket.write(frame)
    }
    expect(await failure(link.ask('level', { signal }))).toBe(
      '[bad_data] checksum: <STX>92.5<ETX><ESC>',
    )
    answerTo = (_, socket) => void socket.write(framed('7'))
    expect(await text(link.ask('level', { signal }))).toBe('7')
    await link.close()
  })

  it('takes a frame that only silence ends', async () => {
    const gap: FrameSpec = { type: 'gap', gapMs: 20 }
    answerTo = (_, socket) => void socket.write('12.5')
    const link = await open(patient, gap)
    expect(await text(link.ask(framed('level'), { signal }))).toBe('12.5')
    await link.close()
  })

  it('gives the connection up when no answer comes', async () => {
    answerTo = () => undefined
    const link = await open(20)
    const late = '[timeout] no answer in 20 ms'
    expect(await failure(link.ask('level', { signal }))).toBe(late)
    expect(await failure(link.ask('level', { signal }))).toBe(late)
    expect(asked).toEqual(['level'])
    await link.close()
  })

  it('fails what is under way when it is aborted, closed or cut', async () => {
    const abort = new AbortController()
    const ends: readonly (readonly [(link: FrameLink) => void, string])[] = [
      [() => abort.abort(new MapperError('canceled', 'enough')), 'enough'],
      [(link) => void link.close(), 'the connection was closed'],
      [() => sockets.forEach((socket) => socket.destroy()), '[unreachable]'],
    ]
    for (const [end, message] of ends) {
      const link = await open(patient)
      answerTo = () => end(link)
      const answer = link.ask('level', { signal: abort.signal.aborted ? signal : abort.signal })
      expect(await failure(answer)).toContain(message)
      expect(await failure(link.ask('flow', { signal }))).toContain(message)
      await link.close()
      await link.close()
    }
    expect(asked).toEqual(['level', 'level', 'level'])
  })

  it('asks nothing after it was closed, though its turn comes', async () => {
    const link = await open(patient)
    answerTo = () => undefined
    const both = [link.ask('level', { signal }), link.ask('flow', { signal })].map(failure)
    await expect.poll(() => asked).toEqual(['level'])
    await link.close()
    const closed = '[canceled] the connection was closed'
    expect(await Promise.all(both)).toEqual([closed, closed])
    expect(asked).toEqual(['level'])
  })
})
