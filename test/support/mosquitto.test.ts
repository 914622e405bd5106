import { connectAsync } from 'mqtt'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { requireMosquitto, startMosquitto } from './mosquitto.ts'
import { scratchFolder } from './scratch-folder.ts'

const options = { reconnectPeriod: 0, connectTimeout: 5000 }

test('it serves, goes, and comes back on the same port', async (context) => {
  requireMosquitto(context)
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  const client = await connectAsync(broker.url, options)
  const closed = new Promise((resolve) => client.once('close', () => resolve('closed')))
  await broker.kill()
  expect(await closed).toBe('closed')
  await expect(connectAsync(broker.url, options)).rejects.toThrow()
  await broker.restart()
  await (await connectAsync(broker.url, options)).endAsync()
})

test('users have passwords', async (context) => {
  requireMosquitto(context)
  const broker = await startMosquitto({ users: { edge: 'core' } })
  onTestFinished(() => broker.stop())
  const known = { ...options, username: 'edge', password: 'core' }
  await (await connectAsync(broker.url, known)).endAsync()
  await expect(connectAsync(broker.url, { ...known, password: 'no' })).rejects.toThrow()
  await expect(connectAsync(broker.url, options)).rejects.toThrow()
})

test('TLS, also with certificates of clients', async (context) => {
  requireMosquitto(context)
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...request.split(' '), ...names], { stdio: 'ignore' })
  const broker = await startMosquitto({ tls: { key, cert, clientCa: cert } })
  onTestFinished(() => broker.stop())
  const ca = await readFile(cert)
  const own = { ...options, ca, cert: ca, key: await readFile(key) }
  expect(broker.url).toMatch(/^mqtts:/)
  await (await connectAsync(broker.url, own)).endAsync()
  await expect(connectAsync(broker.url, { ...options, ca })).rejects.toThrow()
})
