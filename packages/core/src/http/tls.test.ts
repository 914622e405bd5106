import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { certificates } from './certificates.suite.ts'
import { rawConnection, serve } from './http-rig.suite.ts'

test('mutual TLS lets in those with a certificate of the authority, and nobody else', async (context) => {
  const made = await certificates(context)
  made.authority('ca')
  made.authority('other-ca')
  made.signed('server', 'ca')
  made.signed('client', 'ca')
  made.signed('stranger', 'other-ca')
  const { read } = made
  const ca = read('ca.crt')
  const own = (name: string) => ({ ca, cert: read(`${name}.crt`), key: read(`${name}.key`) })
  const tls = { cert: read('server.crt'), key: read('server.key'), clientCa: ca }
  const { ask, service, log } = await serve({ tls, limits: { headerMs: 300 } })
  expect(service.url).toMatch(/^https:/)

  expect((await ask('/healthz', { tls: own('client') })).text).toBe('ok')
  await expect(ask('/healthz', { tls: { ca } })).rejects.toThrow()
  await expect(ask('/healthz', { tls: own('stranger') })).rejects.toThrow()
  await expect(
    ask('/healthz', { tls: { ...own('client'), ca: read('other-ca.crt') } }),
  ).rejects.toThrow()
  const { port } = new URL(service.url)
  const old = connectTls({
    port: Number(port),
    host: '127.0.0.1',
    ...own('client'),
    maxVersion: 'TLSv1.1',
  })
  await expect(
    new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject)),
  ).rejects.toThrow()
  // Plain text and silence end, and cost nobody else anything.
  const plain = rawConnection(service.url, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const silent = rawConnection(service.url, '')
  expect(await plain.answer).not.toContain('200')
  expect(await silent.answer).toBe('')
  expect((await ask('/healthz', { tls: own('client') })).text).toBe('ok')
  expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([])

  // A new certificate counts from the next connection on; one that is wrong changes nothing.
  made.signed('renewed', 'other-ca')
  expect(() => service.useTls({ ...tls, cert: 'no certificate' })).toThrow('invalid_config')
  expect((await ask('/healthz', { tls: own('client') })).text).toBe('ok')
  service.useTls({ ...tls, cert: read('renewed.crt'), key: read('renewed.key') })
  await expect(ask('/healthz', { tls: own('client') })).rejects.toThrow()
  const trusting = { ...own('client'), ca: read('other-ca.crt') }
  expect((await ask('/healthz', { tls: trusting })).text).toBe('ok')
})
