import { create } from '@bufbuild/protobuf'
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import fs from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { device, eventually, message, setUp, signal } from './dmi-edge.suite.ts'
import { recordEvents } from './edgecore.suite.ts'
import * as pb from './gen/dmi_pb.ts'
import { deviceMapperService as mapperService } from './methods.ts'

test('our socket is not shared with a second mapper, and not harmed by it', async () => {
  const { edge, open, caller } = await setUp()
  await open()
  const { events } = recordEvents()
  await expect(edge.open(events, signal)).rejects.toThrow(/^\[invalid_config\].*another process/)
  await caller().call(mapperService.RegisterDevice, message.register('d'))
})

test('our socket is taken again when it was deleted, and the link is announced anew', async () => {
  const { open, edgecore, caller, links, socketPath, seen } = await setUp()
  await edgecore()
  await open()
  await eventually(() => expect(links).toEqual([true]))
  for (let round = 1; round <= 2; round++) {
    fs.unlinkSync(socketPath)
    await eventually(() => expect(links).toHaveLength(1 + 2 * round))
    expect(links.slice(-2)).toEqual([expect.stringContaining('not ours'), true])
    await caller().call(mapperService.RegisterDevice, message.register(`d${round}`))
  }
  expect(seen).toEqual([
    ['device', 'd1'],
    ['device', 'd2'],
  ])
})

test('our socket withstands garbage, giants and torn streams, and keeps serving', async () => {
  const { open, caller, socketPath } = await setUp()
  await open()
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const settings = Buffer.from('000000040000000000', 'hex')
  const send = (bytes: Buffer, thenEnd: boolean) =>
    new Promise<void>((resolve) => {
      const socket = connect(socketPath)
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
      if (thenEnd) socket.end(bytes)
      else socket.write(bytes)
    })
  await send(Buffer.from('GET / HTTP/1.1\r\n\r\n'), false)
  await send(Buffer.concat([preface, Buffer.from('ffffff000000000001', 'hex')]), false)
  await send(Buffer.concat([preface, settings, Buffer.alloc(5000, 0xff)]), false)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, sound) =>
      send(Buffer.concat([sound ? preface : Buffer.alloc(0), settings, bytes]), true),
    ),
    { numRuns: 300 },
  )
  const giant = create(pb.UpdateDeviceRequestSchema, {
    device: device('giant', { spec: { deviceModelReference: 'x'.repeat(5 * 1024 * 1024) } }),
  })
  await expect(caller().call(mapperService.UpdateDevice, giant)).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  })
  await caller().call(mapperService.RegisterDevice, message.register('d'))
}, 60_000)

test('our socket is gone after close, by call or by signal, and nothing works after', async () => {
  for (const how of ['close', 'signal']) {
    const { open, edgecore, socketPath, links } = await setUp()
    await edgecore()
    const abort = new AbortController()
    const link = await open(abort.signal)
    await eventually(() => expect(links).toEqual([true]))
    if (how === 'signal') abort.abort()
    await link.close()
    await link.close()
    expect(fs.existsSync(socketPath)).toBe(false)
    await expect(link.register(signal)).rejects.toThrow('[canceled]')
    expect(links).toEqual([true])
  }
})
