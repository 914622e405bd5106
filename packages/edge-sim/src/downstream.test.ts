import { create } from '@bufbuild/protobuf'
import { RemoveDeviceRequestSchema } from '@mapper-sdk/core/dmi'
import { createServer, type Http2Server } from 'node:http2'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { callMapper } from './downstream.ts'
import { tempFolder } from './raw-mapper.suite.ts'

const removal = (address: string, more: { deadlineMs?: number; signal?: AbortSignal } = {}) =>
  callMapper({
    ...{ address, method: 'RemoveDevice', rawAuthority: false },
    request: create(RemoveDeviceRequestSchema, { deviceName: 'boiler' }),
    signal: new AbortController().signal,
    ...more,
  })

async function serve(answers: boolean) {
  const address = path.join(await tempFolder(), 'mapper.sock')
  const authorities: unknown[] = []
  let sessions = 0
  const server: Http2Server = createServer()
  server.on('session', () => sessions++)
  server.on('stream', (stream, headers) => {
    authorities.push(headers[':authority'])
    stream.on('error', () => undefined)
    if (!answers) return
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
  await new Promise<void>((resolve) => server.listen(address, resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { address, authorities, sessions: () => sessions }
}

test('each call has a connection of its own, with the encoded path as authority', async () => {
  const { address, authorities, sessions } = await serve(true)
  await removal(address)
  await removal(address)
  expect(authorities).toEqual([encodeURIComponent(address), encodeURIComponent(address)])
  expect(sessions()).toBe(2)
})

test('a mapper that does not answer fails at the deadline, after one try', async () => {
  const { address, authorities } = await serve(false)
  await expect(removal(address, { deadlineMs: 200 })).rejects.toMatchObject({
    code: 'edge_unavailable',
    detail: expect.stringMatching(/RemoveDevice failed: code 4/) as unknown,
  })
  expect(authorities).toHaveLength(1)
})

test('a call ends with its signal', async () => {
  const { address } = await serve(false)
  await expect(removal(address, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    code: 'timeout',
  })
})

test('an address is a path and nothing else', async () => {
  const { address } = await serve(true)
  for (const wrong of [`unix://${address}`, `unix:${address}`, `${address}.gone`]) {
    await expect(removal(wrong)).rejects.toMatchObject({ code: 'edge_unavailable' })
  }
})
