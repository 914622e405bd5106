import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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
import { withLocalAuthority } from './authority-shim.ts'
import { deviceMapperService } from './methods.ts'

const authorities = [rawPath, '%2Fetc%2Fkubeedge%2Fmodbus.sock', 'localhost', '']

function grpcServer() {
  const server = new Server()
  server.addService(deviceMapperService, {
    RemoveDevice: (_call: unknown, answer: (error: null, reply: unknown) => void) =>
      answer(null, { $typeName: 'v1beta1.RemoveDeviceResponse' }),
  })
  cleanUps.push(() => server.forceShutdown())
  return server.createConnectionInjector(ServerCredentials.createInsecure())
}

function callRemoveDevice(authority: string): Promise<unknown> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.default_authority': authority,
    'grpc.use_local_subchannel_pool': 1,
  })
  cleanUps.push(() => client.close())
  const { path, requestSerialize, responseDeserialize } = deviceMapperService.RemoveDevice
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { $typeName: 'v1beta1.RemoveDeviceRequest', deviceName: 'd', deviceNamespace: 'n' },
      new Metadata(),
      { deadline: Date.now() + 10_000 },
      (error, reply) => (error ? reject(error) : resolve(reply)),
    )
  })
}

describe('authorities', () => {
  test('control: without the shim, a raw path is refused before any handler runs', async () => {
    const injector = grpcServer()
    await listen((socket) => injector.injectConnection(socket))
    await expect(callRemoveDevice(rawPath)).rejects.toThrow(/PROTOCOL_ERROR|code 1/)
    await expect(callRemoveDevice('localhost')).resolves.toBeDefined()
  })

  test.each(authorities)('grpc-js as client, authority %j', async (authority) => {
    const injector = grpcServer()
    const refused = await listen((socket, into) =>
      injector.injectConnection(withLocalAuthority(socket, (error) => into.push(error))),
    )
    for (let i = 0; i < 3; i++) await callRemoveDevice(authority)
    expect(refused).toEqual([])
  })

  test.each(authorities)("Node's http2 as client, authority %j", async (authority) => {
    const refused = await listen(behindShim(echoServer()))
    const client = session()
    for (let i = 0; i < 3; i++) {
      expect(await request(client, { ':authority': authority, turn: `${i}` })).toMatchObject({
        ':authority': 'localhost',
        ':path': '/x',
        turn: `${i}`,
      })
    }
    expect(refused).toEqual([])
  })
})

test('what Node encodes with Huffman and the dynamic table arrives as it was, over one connection', async () => {
  const refused = await listen(behindShim(echoServer()))
  const client = session()
  // Long runs of short codes make Huffman worth while for every symbol that a value may have.
  const symbols = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
    (symbol) => /[\x21-\x7e\x80-\xff]/.test(symbol),
  )
  for (let at = 0; at < symbols.length; at += 4) {
    const value = symbols.slice(at, at + 4).map((symbol) => `aaaaaaaaaaaaaaaa${symbol}e`)
    expect(await request(client, { 'x-symbols': value.join('') })).toMatchObject({
      'x-symbols': value.join(''),
    })
  }
  const names = fc.stringMatching(/^x-[a-z0-9]{1,8}$/)
  const values = fc.stringMatching(/^[!-~]{1,200}$/)
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, values, { maxKeys: 12 }), async (headers) => {
      expect(await request(client, { ...headers })).toMatchObject(headers)
    }),
    { numRuns: 150 },
  )
  expect(refused).toEqual([])
}, 60_000)
