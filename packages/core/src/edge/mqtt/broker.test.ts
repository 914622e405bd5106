import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { startBlackHole } from '../../../../../test/support/black-hole.ts'
import { freePort } from '../../../../../test/support/free-port.ts'
import {
  requireMosquitto,
  startMosquitto,
  type MosquittoOptions,
} from '../../../../../test/support/mosquitto.ts'
import { requireServer } from '../../../../../test/support/require-server.ts'
import { scratchFolder } from '../../../../../test/support/scratch-folder.ts'
import { clientIdOf, clientOptions } from './broker-options.ts'
import { createEar, eventually, forever, open, startProxy } from './broker.suite.ts'

async function mosquitto(context: TestContext, options: MosquittoOptions = {}) {
  requireMosquitto(context)
  const server = await startMosquitto(options)
  onTestFinished(() => server.stop())
  return server
}
const topic = '$hw/events/device/a/b/twin/update/result'

test('publishes and hears, and says why it is down', async (context) => {
  const server = await mosquitto(context)
  const { broker, messages, up } = await open({ url: server.url })
  expect(broker.down()).toMatchObject({ code: 'edge_unavailable' })
  await expect(broker.publish(topic, 'early', forever)).rejects.toMatchObject({
    code: 'edge_unavailable',
  })
  await up()
  await broker.publish(topic, 'hello', forever)
  await eventually(() => expect(messages).toEqual([`${topic} hello`]))
  await expect(broker.publish(topic, 'x', AbortSignal.abort())).rejects.toMatchObject({
    code: 'canceled',
  })
  await broker.close()
  await broker.close()
  await expect(broker.publish(topic, 'late', forever)).rejects.toMatchObject({ code: 'canceled' })
})

test('while the broker is away nothing is kept, and afterwards it is found', async (context) => {
  requireMosquitto(context)
  const port = await freePort()
  const { broker, log, up } = await open({ url: `mqtt://127.0.0.1:${port}` })
  const refused: unknown[] = []
  for (let i = 0; i < 20_000; i++) {
    await broker.publish(topic, 'x'.repeat(1000), forever).catch((thrown) => refused.push(thrown))
  }
  expect(refused).toHaveLength(20_000)
  expect(broker.held()).toBe(0)
  await eventually(() => expect(log.of('debug').length).toBeGreaterThan(2))
  expect(log.of('warn')).toHaveLength(1)
  await mosquitto(context, { port })
  await up()
  await broker.publish(topic, 'x', forever)
  expect(broker.held()).toBe(0)
})

test('a broker that dies and comes back is found, and its subscriptions are made again', async (context) => {
  const server = await mosquitto(context)
  const { broker, ups, messages, up } = await open({ url: server.url })
  await up()
  await server.kill()
  await eventually(() => expect(ups).toHaveLength(2))
  await server.restart()
  await up()
  await broker.publish(topic, 'again', forever)
  await eventually(() => expect(messages).toEqual([`${topic} again`]))
})

test('a way that breaks every 200 ms: calls fail, nothing is kept, sessions become rare', async (context) => {
  const server = await mosquitto(context)
  const proxy = await startProxy(server.port)
  const flaps = setInterval(proxy.cut, 200)
  onTestFinished(() => clearInterval(flaps))
  // Waits go by faster, so that the long pause is reached.
  const ear = createEar((ms) => (ms > 5_000 ? ms : ms / 20))
  const { broker, log } = await open({ url: proxy.url, clientId: 'flapping' }, ear.clock)
  const publishing = new AbortController()
  onTestFinished(() => publishing.abort())
  const run = (async () => {
    while (!publishing.signal.aborted) {
      await broker.publish(topic, 'x', forever).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  await eventually(() => expect(log.of('error')).toHaveLength(1))
  publishing.abort()
  await run
  expect(log.of('error')[0]?.text).toContain('client id "flapping"')
  expect(broker.held()).toBe(0)
  expect(ear.waits).toContain(60_000)
})

test('two with the same client id: the loop of kicks ends in a long pause', async (context) => {
  const server = await mosquitto(context)
  const other = await connectAsync(server.url, { clientId: 'twice', reconnectPeriod: 1 })
  other.on('error', () => undefined)
  onTestFinished(() => other.endAsync(true))
  const ear = createEar((ms) => (ms > 5_000 ? ms : ms / 20))
  const { log } = await open({ url: server.url, clientId: 'twice' }, ear.clock)
  await eventually(() => expect(log.of('error')).toHaveLength(1))
  expect(log.of('error')[0]?.text).toContain('another client has the same id')
})

test('a message that is never acknowledged fails in time, and its session ends', async (context) => {
  const server = await mosquitto(context)
  const proxy = await startProxy(server.port)
  const { broker, ups, up } = await open({ url: proxy.url, publishTimeoutMs: 200 })
  await up()
  proxy.deaf = true
  const lost = Array.from({ length: 5 }, () => broker.publish(topic, 'x', forever))
  for (const each of lost) {
    await expect(each).rejects.toThrow('did not take a message within 200 ms')
  }
  expect(ups).toHaveLength(2)
  expect(broker.held()).toBe(0)
  proxy.deaf = false
  await up()
  await broker.publish(topic, 'x', forever)
})

test('a server that never says a word is given up, and closing does not hang', async () => {
  const hole = await startBlackHole()
  onTestFinished(() => hole.stop())
  const { broker, log } = await open({
    url: `mqtt://127.0.0.1:${hole.port}`,
    connectTimeoutMs: 100,
  })
  await eventually(() => expect(log.of('warn')).toHaveLength(1))
  expect(broker.down()?.message).toContain('no session within 100 ms')
  await broker.close()
})

test('a wrong password is said clearly, never shown, and tried again seldom', async (context) => {
  const server = await mosquitto(context, { users: { mapper: 'right-secret' } })
  const ear = createEar()
  const { broker, log } = await open(
    { url: server.url, username: 'mapper', password: 'wrong-secret' },
    ear.clock,
  )
  await eventually(() => expect(log.of('warn')).toHaveLength(1))
  expect(broker.down()).toMatchObject({ code: 'access_denied' })
  expect(broker.down()?.message).toContain('refuses user "mapper"')
  expect(JSON.stringify(log.lines)).not.toContain('wrong-secret')
  expect(ear.waits).toContain(60_000)
  const right = await open({ url: server.url, username: 'mapper', password: 'right-secret' })
  await right.up()
})

test('TLS: the CA decides whom it trusts, and client certificates let in', async (context) => {
  requireMosquitto(context)
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const file = (name: string) => path.join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const made = (name: string, ca: string) => {
    const subject = ['-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-nodes']
    openssl('req', '-newkey', 'rsa:2048', ...subject, '-out', file(`${name}.csr`))
    const signed = ['-CA', file(`${ca}.crt`), '-CAkey', file(`${ca}.key`), '-CAcreateserial']
    const times = ['-days', '2', '-extfile', file('san')]
    openssl(
      ...['x509', '-req', '-in', file(`${name}.csr`)],
      ...signed,
      ...times,
      ...['-out', file(`${name}.crt`)],
    )
  }
  try {
    openssl('version')
  } catch {
    requireServer(context, 'no openssl (apt-get install openssl)')
  }
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1\n')
  for (const ca of ['ca', 'other']) {
    const to = ['-keyout', file(`${ca}.key`), '-out', file(`${ca}.crt`)]
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...to,
      '-days',
      '2',
      '-subj',
      `/CN=${ca}`,
    )
  }
  made('server', 'ca')
  made('client', 'ca')
  const server = await mosquitto(context, {
    tls: { key: file('server.key'), cert: file('server.crt'), clientCa: file('ca.crt') },
  })
  const read = (name: string) => readFileSync(file(name), 'utf8')
  const mine = { cert: read('client.crt'), key: read('client.key') }
  const good = await open({ url: server.url, tls: { ca: read('ca.crt'), ...mine } })
  await good.up()
  await good.broker.publish(topic, 'x', forever)
  const stranger = await open({ url: server.url, tls: { ca: read('other.crt'), ...mine } })
  await eventually(() => expect(stranger.broker.down()).toMatchObject({ code: 'access_denied' }))
  expect(stranger.broker.down()?.message).toContain('check its certificate and the CA')
})

test.each([
  ['no URL', { url: 'broker' }, 'write mqtt://host:port'],
  ['another protocol', { url: 'http://broker' }, 'http:// is not spoken'],
  ['secrets in the URL', { url: 'mqtt://me:hunter2@broker' }, 'out of the URL'],
  ['a password alone', { url: 'mqtt://broker', password: 'hunter2' }, 'no user name'],
  ['certificates without TLS', { url: 'tcp://broker', tls: { ca: 'x' } }, 'write mqtts://'],
  ['a key alone', { url: 'ssl://broker', tls: { key: 'x' } }, 'needs its key'],
  [
    'a CA that is none',
    { url: 'ssl://broker', tls: { ca: '-----BEGIN CERTIFICATE-----\nx' } },
    'cannot be read',
  ],
  ['no client id', { url: 'mqtt://broker', clientId: '' }, 'client id is empty'],
])('%s is refused at once, and no secret is named', (_, options, text) => {
  let thrown: unknown
  try {
    clientOptions({ clientId: 'c', ...options })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'invalid_config' })
  expect(String(thrown)).toContain(text)
  expect(String(thrown)).not.toContain('hunter2')
})

test('a client id is the same for the same name, and fits every broker', () => {
  expect(clientIdOf('boiler-room')).toBe(clientIdOf('boiler-room'))
  expect(clientIdOf('boiler-room')).not.toBe(clientIdOf('boilerroom'))
  for (const name of ['', 'ä', 'a'.repeat(300)]) {
    expect(clientIdOf(name)).toMatch(/^[0-9a-zA-Z]{1,23}$/)
  }
})
