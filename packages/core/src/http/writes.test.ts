import { describe, expect, it, test } from 'vitest'
import { MapperError } from '../errors.ts'
import { property } from '../mapper-rig.suite.ts'
import { bearer, eventually, serveMapper, token } from './http-rig.suite.ts'

const device = '/api/v1/device/default/boiler-1'
const method = '/api/v1/devicemethod/default/boiler-1/set'

/** Every way to write or to change something. */
const writes = [
  ['PUT', `${device}/setpoint`, { value: 7 }],
  ['POST', `${device}/setpoint`, { value: 7 }],
  ['PUT', `${method}/setpoint`, { value: '7' }],
  ['POST', `${method}/setpoint`, { value: '7' }],
  ['PUT', `${method}/setpoint/7`, undefined],
  ['POST', `${method}/setpoint/7`, undefined],
  ['GET', `${method}/setpoint/7`, undefined],
] as const

describe('every way to write', () => {
  it('writes once, reads back and reports', async () => {
    const { ask, driver, edge } = await serveMapper({ writesByGet: true })
    for (const [index, [verb, path, body]] of writes.entries()) {
      const more = { method: verb, headers: bearer, ...(body && { body }) }
      const answer = await ask(path, more)
      expect([answer.status, answer.json], `${verb} ${path}`).toMatchObject([
        200,
        {
          Message: 'Write data 7 to device default/boiler-1 successfully.',
          Data: { PropertyName: 'setpoint', Value: '7' },
        },
      ])
      expect(driver.writes).toHaveLength(index + 1)
      expect(driver.writes.at(-1)).toEqual({ host: 'h', key: 'setpoint', value: 7 })
    }
    await eventually(() => expect(edge.twin('default/boiler-1', 'setpoint')?.reported).toBe('7'))
  })

  it('does nothing without the token, whatever is sent instead', async () => {
    const { ask, driver } = await serveMapper({ writesByGet: true })
    for (const [verb, path, body] of writes) {
      const more = { method: verb, ...(body && { body }) }
      for (const authorization of [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        `Basic ${token}`,
        token,
        `Bearer ${token}x`,
        `Bearer ${token.slice(1)}`,
        `Bearer ${token.toUpperCase()}`,
      ]) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
        const answer = await ask(path, { ...more, headers })
        expect(answer.status, `${verb} ${path} ${authorization}`).toBe(401)
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="mapper"')
      }
      expect((await ask(`${path}?token=${token}`, more)).status).toBe(401)
    }
    expect(driver.writes).toEqual([])
  })

  it('is closed where no token is configured', async () => {
    const rig = await serveMapper({ writesByGet: true, hasToken: false })
    for (const [verb, path, body] of writes) {
      for (const headers of [{}, bearer, { authorization: 'Bearer undefined' }]) {
        const answer = await rig.ask(path, { method: verb, headers, ...(body && { body }) })
        expect([answer.status, answer.text]).toEqual([401, expect.stringMatching(/no token is/)])
      }
    }
    expect(rig.driver.writes).toEqual([])
  })
})

test('GET writes nothing unless it is switched on', async () => {
  const { ask, driver } = await serveMapper()
  const answer = await ask(`${method}/setpoint/7`, { headers: bearer })
  expect([answer.status, answer.headers.allow]).toEqual([405, 'POST, PUT'])
  expect(driver.writes).toEqual([])
})

describe('what cannot be written says why', () => {
  it('because of what was asked', async () => {
    const { ask, driver } = await serveMapper()
    for (const [what, path, value, status, text] of [
      ['a device that is not there', '/api/v1/device/default/nobody/setpoint', 1, 404, /device/],
      ['a property that is not there', `${device}/pressure`, 1, 404, /property/],
      [
        'a method that is not there',
        '/api/v1/devicemethod/default/boiler-1/x/setpoint',
        1,
        404,
        /method/,
      ],
      ['a property that the method does not list', `${method}/label`, 'x', 404, /not list/],
      ['a read-only property', `${device}/temperature`, 1, 403, /access_denied.*read-only/],
      ['a text that is no number', `${device}/setpoint`, 'warm', 422, /bad_data/],
      ['a fraction as INT', `${device}/setpoint`, 1.5, 422, /bad_data/],
      ['a value above the limits', `${device}/setpoint`, 101, 422, /rejected.*maximum/],
      ['an empty text as INT', `${device}/setpoint`, '', 422, /bad_data/],
    ] as const) {
      const answer = await ask(path, { method: 'PUT', headers: bearer, body: { value } })
      expect([answer.status, answer.text], what).toEqual([status, expect.stringMatching(text)])
      expect(answer.text).toMatch(/^Write device data error: /)
    }
    expect(driver.writes).toEqual([])
  })

  it('a device that is away, and one that fails', async () => {
    const { ask, driver, log } = await serveMapper()
    const put = () =>
      ask(`${device}/setpoint`, { method: 'PUT', headers: bearer, body: { value: 1 } })
    const fail = (error: Error) => {
      driver.before = async ({ kind }) => {
        if (kind === 'write') throw error
      }
    }
    fail(new MapperError('timeout', 'no answer in 1000 ms'))
    expect(await put()).toMatchObject({
      status: 504,
      text: expect.stringMatching(/1000 ms/) as string,
    })
    // What a bug says may tell more than anybody outside should know.
    fail(new TypeError('x of undefined at /srv/secret/driver.ts'))
    // The connection is made anew first.
    const bug = await eventually(async () => {
      const answer = await put()
      expect(answer.status).toBe(500)
      return answer
    })
    expect(bug.text).toMatch(/^internal error/)
    expect(bug.text).not.toContain('secret')
    expect(log.lines.join('\n')).toContain('x of undefined')
  })
})

test('a property that does not run, because its configuration is wrong, says so', async () => {
  const wrong = property('label', { visitor: {} })
  const { ask, driver } = await serveMapper(
    {},
    { properties: [property('temperature', { collectCycle: 20 }), wrong] },
  )
  const put = { method: 'PUT', headers: bearer, body: { value: 'a' } }
  expect((await ask(`${device}/label`, put)).status).toBe(503)
  const read = await ask(`${device}/label`)
  expect([read.status, read.text]).toEqual([503, expect.stringMatching(/configuration is wrong/)])
  expect(driver.writes).toEqual([])
})

test('texts, booleans and numbers reach the device as they are, a slash in the path too', async () => {
  const { ask, driver } = await serveMapper()
  const put = async (value: unknown) =>
    (await ask(`${device}/label`, { method: 'PUT', headers: bearer, body: { value } })).status
  expect([await put('a "b" \\ ü/'), await put(true), await put(0.1), await put(-0)]).toEqual([
    ...[200, 200, 200, 200],
  ])
  expect(driver.writes.map(({ value }) => value)).toEqual(['a "b" \\ ü/', 'true', '0.1', '0'])
})

test('the log level changes with the token only, and to levels only', async () => {
  const { ask, level } = await serveMapper()
  const path = '/api/v1/log/level'
  expect((await ask(path)).status).toBe(401)
  expect((await ask(path, { method: 'PUT', body: { level: 'debug' } })).status).toBe(401)
  expect((await ask(path, { headers: bearer })).json).toMatchObject({ Data: { level: 'info' } })
  const put = (body: object) => ask(path, { method: 'PUT', headers: bearer, body })
  for (const body of [{ level: 'loud' }, { level: 1 }, {}, [], { level: '__proto__' }])
    expect((await put(body)).status).toBe(400)
  expect(level()).toBe('info')
  expect((await put({ level: 'debug' })).json).toMatchObject({ Data: { level: 'debug' } })
  expect(level()).toBe('debug')
})
