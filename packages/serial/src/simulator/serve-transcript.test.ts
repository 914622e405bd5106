import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { latin1 } from '../text/latin1.ts'
import { parseTranscript, type Transcript } from '../recipe/transcript.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { tcpClient, waitFor } from './client.suite.ts'
import {
  serveTranscript,
  socketChannel,
  type TranscriptOptions,
  type TranscriptServer,
} from './serve-transcript.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

/** A client, and the device's side on the socket that it comes in by. */
async function play(transcript: Transcript, options: TranscriptOptions = {}) {
  let server: TranscriptServer | undefined
  const listener = createServer((socket) => {
    server = serveTranscript(transcript, socketChannel(socket), options)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => new Promise((resolve) => listener.close(resolve)))
  const client = await tcpClient((listener.address() as AddressInfo).port)
  cleanUp.push(() => client.close())
  await expect.poll(() => server, { interval: 5 }).toBeDefined()
  return { client, server: server as TranscriptServer }
}

/** With streams, with much text, and with bytes that are no text. */
const recipes = ['mt-sics-scale', 'iec-62056-21-meter', 'vesc-motor-controller']
const folder = new URL('../../recipes/', import.meta.url)
const transcriptOf = (name: string) => {
  const file = `${name}.transcript.yaml`
  return parseTranscript(readFileSync(new URL(file, folder), 'utf8'), file)
}
const bytesOf = (text = '') => latin1(parseBytes(text))

describe('a transcript server', () => {
  it.each(recipes)('plays the side of the device of %s', async (name) => {
    const transcript = transcriptOf(name)
    const { client, server } = await play(transcript, { chunkBytes: 7 })
    let wanted = ''
    for (const { sends, receives, stream } of transcript.steps) {
      if (sends !== undefined) client.send(bytesOf(sends))
      if (stream !== undefined) await server.next()
      wanted += bytesOf(receives)
      await waitFor(client.heard, wanted)
    }
    await server.done
    expect(server.problems).toEqual([])
    expect(server.played).toBe(transcript.steps.length)
  })

  const steps: Transcript['steps'] = [
    { exchange: 'one', sends: 'abc', receives: 'ABC' },
    { stream: 'two', receives: 'xyz' },
    { exchange: 'three', sends: 'def' },
    { exchange: 'four', sends: 'ghi', receives: 'GHI' },
  ]

  it('waits with frames of streams, and takes requests in any pieces', async () => {
    const { client, server } = await play({ recipe: 'x', steps })
    client.send('a')
    await client.ask('bcdefg', 'ABC')
    await expect.poll(() => server.played, { interval: 5 }).toBe(1)
    await server.next()
    await client.ask('hi', /GHI$/)
    await server.done
    expect(client.heard()).toBe('ABCxyzGHI')
    expect(server.problems).toEqual([])
    // There is nothing to wait for any more.
    await server.next()
  })

  it('tells of the first byte that is another, and says nothing more', async () => {
    const { client, server } = await play({ recipe: 'x', steps })
    client.send('aX')
    await server.done
    expect(server.problems).toEqual(['step 1: aX came, not abc'])
    expect(server.played).toBe(0)
    expect(client.heard()).toBe('')
  })

  it('tells of what came too much', async () => {
    const { client, server } = await play({ recipe: 'x', steps: steps.slice(2) })
    client.send('defghi!')
    await server.done
    expect(server.problems).toEqual(['after the last step ! came'])
  })

  it('ends when it is closed, and when the connection is', async () => {
    const { client, server } = await play({ recipe: 'x', steps })
    client.close()
    await server.done
    expect(server.played).toBe(0)
    const other = await play({ recipe: 'x', steps })
    other.server.close()
    await other.server.done
    expect(other.server.problems).toEqual([])
  })
})
