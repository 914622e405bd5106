import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { expect, test } from 'vitest'
import { driver } from './driver.ts'

test('reads one document, writes into it, and keeps a missing key to itself', async () => {
  const device: Record<string, unknown> = { level: 12.5, valve: false }
  let status = 200
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (request.method === 'PATCH') Object.assign(device, JSON.parse(body))
      response.writeHead(status).end(JSON.stringify(device))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const protocol = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
    const { signal } = new AbortController()
    const connection = await driver.connect(protocol, connectContext({ signal }))
    const keys = ['level', 'toString', 'valve'].map((key) => ({ key }))
    expect(await connection.read(protocol, keys, signal)).toEqual([
      { ok: true, value: 12.5 },
      { ok: false, error: new MapperError('rejected', 'the device has no toString') },
      { ok: true, value: false },
    ])
    const writes = [{ visitor: { key: 'valve' }, value: true }]
    expect(await connection.write(protocol, writes, signal)).toEqual([
      { ok: true, value: undefined },
    ])
    expect(device['valve']).toBe(true)
    status = 503
    await expect(connection.read(protocol, keys, signal)).rejects.toMatchObject({
      code: 'bad_data',
    })
    await connection.close()
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
