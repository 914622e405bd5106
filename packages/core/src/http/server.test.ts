import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { ask, bearer, eventually, rawConnection, serve, serveMapper } from './http-rig.suite.ts'

const head = 'GET /api/v1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n'

describe('what hostile clients send', () => {
  it('leads nowhere, and nothing of it comes back', async () => {
    const { ask, log } = await serveMapper()
    for (const [path, status] of [
      ['/api/v1/device/__proto__/x/y', 404],
      ['/api/v1/device/constructor/prototype/toString', 404],
      ['/api/v1/device/../../etc/passwd', 404],
      ['/api/v1/device/%2e%2e/%2e%2e/x', 404],
      ['/api/v1/device/a%2Fb/c/d', 404],
      ['/api/v1//ping', 404],
      ['//evil.example/api/v1/ping', 404],
      ['/api/v1/device/a/b/%00', 400],
      ['/api/v1/device/a/b/%0d%0aSet-Cookie:%20x', 400],
      ['/api/v1/device/a/b/%', 400],
      [`/api/v1/device/a/b/${'x'.repeat(6_000)}`, 400],
      ['/api/v1/device/<script>/x/y', 404],
      ['/api/v1/devices?limit=1001', 400],
      ['/api/v1/devices?offset=-1', 400],
      ['/api/v1/devices?limit=__proto__', 400],
    ] as const) {
      const answer = await ask(path)
      expect(answer.status, path.slice(0, 50)).toBe(status)
      expect(answer.text).not.toMatch(/script|passwd|proto|xxx|Cookie|evil|node:|\.ts/)
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
      expect(answer.headers['set-cookie']).toBeUndefined()
    }
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('leads nowhere either when it is made up', async () => {
    const { ask } = await serveMapper()
    const marker = 'm4rker'
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'toString', '..', '<b>', '\u202e', 'ü', '\r\nX-A: b', '\0', '"'),
    )
    const route = fc.constantFrom('device', 'devicemethod', 'meta/model', 'database')
    const names = fc.array(part, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(route, names, async (first, rest) => {
        const path = rest.map((name) => encodeURIComponent(marker + name)).join('/')
        const answer = await ask(`/api/v1/${first}/${path}`)
        expect([400, 404, 405, 501], path).toContain(answer.status)
        expect(answer.text + JSON.stringify(answer.headers), path).not.toContain(marker)
      }),
      { numRuns: 150 },
    )
    expect((await ask(`/api/v1/device/${'x'.repeat(10_000)}`)).status).toBe(431)
  })

  it('wrong methods are told which are right', async () => {
    const { ask } = await serve()
    for (const [path, allow] of [
      ['/api/v1/ping', 'GET, HEAD'],
      ['/api/v1/device/a/b/c', 'GET, HEAD, POST, PUT'],
      ['/api/v1/devicemethod/a/b/c/d/e', 'POST, PUT'],
      ['/api/v1/log/level', 'GET, HEAD, PUT'],
    ] as const) {
      for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
        const answer = await ask(path, { method })
        expect([answer.status, answer.headers.allow], `${method} ${path}`).toEqual([405, allow])
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      }
    }
  })

  it('HEAD is GET without the body', async () => {
    const { ask } = await serve()
    const [get, only] = [await ask('/healthz'), await ask('/healthz', { method: 'HEAD' })]
    expect([get.text, only.text, only.status]).toEqual(['ok', '', 200])
    expect(only.headers['content-length']).toBe('2')
  })

  it('a foreign Host header is refused, and none at all', async () => {
    const { ask, service } = await serve({ hosts: ['gateway.example'] })
    const of = async (host: string) => (await ask('/api/v1/ping', { headers: { host } })).status
    expect(await of('evil.example')).toBe(403)
    expect(await of('evil.example:7777')).toBe(403)
    expect(await of('gateway.example')).toBe(200)
    expect(await of('localhost:7777')).toBe(200)
    const none = rawConnection(
      service.url,
      'GET /api/v1/ping HTTP/1.1\r\nConnection: close\r\n\r\n',
    )
    expect(await none.answer).toMatch(/^HTTP\/1\.1 400/)
    const old = rawConnection(service.url, 'GET /api/v1/ping HTTP/1.0\r\n\r\n')
    expect(await old.answer).toMatch(/^HTTP\/1\.1 403/)
  })

  it('only a harmless correlation id is echoed', async () => {
    const { ask } = await serve()
    const echo = async (id: string) =>
      (await ask('/healthz', { headers: { 'x-correlation-id': id } })).headers['x-correlation-id']
    expect(await echo('3f2c-a1:b.c_d')).toBe('3f2c-a1:b.c_d')
    expect(await echo('<b>')).toBeUndefined()
    expect(await echo('x'.repeat(200))).toBeUndefined()
  })
})

describe('bodies', () => {
  const path = '/api/v1/device/default/boiler-1/setpoint'
  const put = { method: 'PUT', headers: { ...bearer, 'content-type': 'application/json' } }

  it('that are too large are refused before they came', async () => {
    const { service, ask } = await serveMapper()
    expect((await ask(path, { ...put, body: 'x'.repeat(100_000) })).status).toBe(413)
    const request = `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: ${bearer.authorization}\r\n`
    const announced = rawConnection(service.url, `${request}Content-Length: 100000000\r\n\r\n`)
    expect(await announced.answer).toMatch(/^HTTP\/1\.1 413[^]*Connection: close/i)

    const endless = rawConnection(service.url, `${request}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`
    const timer = setInterval(() => endless.socket.write(chunk), 5)
    onTestFinished(() => clearInterval(timer))
    expect(await endless.answer).toMatch(/^HTTP\/1\.1 413/)
  })

  it('that are not what is asked for are refused', async () => {
    const { ask, driver } = await serveMapper()
    for (const [what, body, status] of [
      ['not JSON', '{"value": 1', 400],
      ['a list', '[1]', 400],
      ['a text', '"1"', 400],
      ['null', 'null', 400],
      ['nothing', '', 400],
      ['no value', '{}', 400],
      ['a null value', '{"value":null}', 400],
      ['more than a value', '{"value":1,"other":2}', 400],
      ['another prototype', '{"__proto__":{"value":1}}', 400],
      ['a number that is not exact', '{"value":9007199254740993}', 400],
      ['no finite number', '{"value":1e999}', 400],
      ['deep nesting', `{"value":${'['.repeat(2_000)}${']'.repeat(2_000)}}`, 400],
      ['invalid UTF-8', Buffer.from('{"value":"\xff"}', 'latin1'), 400],
    ] as const) {
      expect((await ask(path, { ...put, body })).status, what).toBe(status)
    }
    expect(driver.writes).toEqual([])
  })

  it('must be JSON, and nothing packed', async () => {
    const { ask } = await serve()
    const of = async (headers: Record<string, string>) =>
      (await ask(path, { method: 'PUT', body: '{"value":1}', headers: { ...bearer, ...headers } }))
        .status
    expect(await of({})).toBe(415)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])
      expect(await of({ 'content-type': type })).toBe(415)
    const json = { 'content-type': 'application/json; charset=utf-8' }
    expect(await of({ ...json, 'content-encoding': 'gzip' })).toBe(415)
    expect(await of(json)).toBe(503)
  })
})

describe('time and number', () => {
  it('heads and bodies that come too slowly end their connection, and others are served', async () => {
    const { service, ask } = await serve({ limits: { headerMs: 200, requestMs: 400 } })
    const slow = rawConnection(service.url, head)
    const timer = setInterval(() => slow.socket.write('X-A: b\r\n'), 40)
    onTestFinished(() => clearInterval(timer))
    const request = `PUT /api/v1/log/level HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: ${bearer.authorization}\r\nContent-Length: 100\r\n\r\n{`
    const stuck = rawConnection(service.url, request)
    expect((await ask('/healthz')).status).toBe(200)
    expect(await slow.answer).toMatch(/^(HTTP\/1\.1 408|$)/)
    expect(await stuck.answer).toMatch(/^(HTTP\/1\.1 4|$)/)
    expect((await ask('/healthz')).status).toBe(200)
  })

  it('a silent connection is closed', async () => {
    const { service } = await serve({ limits: { headerMs: 150 } })
    const silent = rawConnection(service.url, '')
    expect(await silent.answer).toMatch(/^(HTTP\/1\.1 408|$)/)
  })

  it('connections beyond the limit are refused and counted, and room is found again', async () => {
    const { service, ask } = await serve({ limits: { connections: 5 } })
    const idle = Array.from({ length: 5 }, () => rawConnection(service.url, ''))
    await eventually(async () => {
      const refused = await ask('/healthz').then(
        () => false,
        () => true,
      )
      if (!refused) throw new Error('not all are connected yet')
    })
    for (const { socket } of idle) socket.destroy()
    const { text } = await eventually(() => ask('/metrics'))
    expect(Number(/dropped_total (\d+)/.exec(text)?.[1])).toBeGreaterThan(0)
  })

  it('a peer that asks too often gets 429, but its probes are answered', async () => {
    const { ask } = await serve({ limits: { requestsPerSecond: 1 } })
    const statuses: number[] = []
    while (statuses.at(-1) !== 429) {
      const { status, headers } = await ask('/api/v1/ping')
      if (status === 429) expect(headers['retry-after']).toBe('1')
      statuses.push(status)
      expect(statuses.length).toBeLessThan(100)
    }
    expect(statuses.length).toBeGreaterThan(2)
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/readyz')).status).toBe(503)
  })

  it('guessing the token costs more than asking, and is told once', async () => {
    const { ask, log } = await serve({ limits: { requestsPerSecond: 10 } })
    const statuses: number[] = []
    for (let guess = 0; guess < 6; guess++) {
      const headers = { authorization: `Bearer guess-${guess}` }
      statuses.push((await ask('/api/v1/log/level', { headers })).status)
    }
    expect(statuses.slice(0, 2)).toEqual([401, 401])
    expect(statuses.at(-1)).toBe(429)
    const told = log.lines.filter((line) => line.includes('without the right token'))
    expect(told).toHaveLength(1)
    expect(told[0]).not.toContain('guess-')
  })

  it('many requests at once on one connection are all answered, in order', async () => {
    const { service } = await serve()
    const many = rawConnection(
      service.url,
      `${head}\r\n`.repeat(50) + `${head}Connection: close\r\n\r\n`,
    )
    expect((await many.answer).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(51)
  })

  it('a peer that does not fetch its answers loses its connection, which others need', async () => {
    const { service, ask } = await serve({ limits: { connections: 1, answerMs: 200 } })
    const greedy = rawConnection(service.url, '')
    greedy.socket.pause()
    const request = `${head.replace('ping', 'openapi.json')}\r\n`
    greedy.socket.write(request.repeat(400))
    await eventually(async () => expect((await ask('/healthz')).status).toBe(200))
  })

  it('an answer that does not come is given up on, and the mapper goes on', async () => {
    const { ask, driver } = await serveMapper({ limits: { answerMs: 200 } })
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    driver.before = ({ kind }) => (kind === 'write' ? held : Promise.resolve())
    const body = { value: 7 }
    const path = '/api/v1/device/default/boiler-1/setpoint'
    const late = await ask(path, { method: 'PUT', headers: bearer, body })
    expect([late.status, late.text]).toEqual([504, expect.stringMatching(/200 ms.*open/)])
    release()
    await eventually(() => expect(driver.writes.map(({ value }) => value)).toEqual([7]))
  })
})

describe('where it listens', () => {
  it('nobody but this machine is let in unless told', async ({ skip }) => {
    const { service } = await serve()
    const outside = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
    if (outside === undefined) return skip('this machine has no address but loopback')
    const { port } = new URL(service.url)
    await expect(ask(`http://${outside}:${port}`, '/healthz')).rejects.toThrow('ECONNREFUSED')

    const open = await serve({ address: '0.0.0.0' })
    const url = `http://${outside}:${new URL(open.service.url).port}`
    expect((await ask(url, '/healthz')).status).toBe(200)
    expect(open.log.lines.join('\n')).toMatch(/warn .*without TLS.*token/)
    expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('a port that is taken is an error that says what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'invalid_config',
      detail: expect.stringMatching(
        new RegExp(`127\\.0\\.0\\.1 port ${port} \\(EADDRINUSE\\).*http\\.port`),
      ) as string,
    })
    await expect(serve({ address: '192.0.2.1' })).rejects.toMatchObject({
      detail: expect.stringContaining('http.address') as string,
    })
  })
})

test('closing ends requests under way and idle connections within a second, any number of times', async () => {
  const { ask, service, driver, stopping } = await serveMapper()
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  let isHeld = false
  driver.before = ({ kind }) => {
    isHeld ||= kind === 'write'
    return kind === 'write' ? held : Promise.resolve()
  }
  const path = '/api/v1/device/default/boiler-1/setpoint'
  const write = ask(path, { method: 'PUT', headers: bearer, body: { value: 1 } }).catch(() => 'cut')
  const idle = rawConnection(service.url, `${head}\r\n`)
  await eventually(() =>
    expect([isHeld, idle.received().includes('running')]).toEqual([true, true]),
  )
  stopping()
  expect((await ask('/readyz')).json).toEqual({
    ready: false,
    reasons: ['The mapper is stopping.'],
  })
  const begun = performance.now()
  await Promise.all([service.close(), service.close()])
  expect(performance.now() - begun).toBeLessThan(5_000)
  expect(await write).toBe('cut')
  await idle.answer
  await expect(ask('/healthz')).rejects.toThrow('ECONNREFUSED')
  release()
})
