import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHostCheck, isLoopback } from './authority.ts'
import { createTokenCheck } from './bearer-token.ts'
import { createRateLimit } from './rate-limit.ts'

test('on loopback only names of this machine and listed ones are ours', () => {
  for (const address of ['127.0.0.1', '::1', 'localhost']) {
    const isOurs = createHostCheck(address, ['Gateway.example'])
    for (const host of [
      'localhost',
      '127.0.0.1:7777',
      '[::1]:1',
      'LOCALHOST:80',
      'gateway.example',
    ])
      expect(isOurs(host), host).toBe(true)
    const strangers = [
      undefined,
      '',
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]
    for (const host of [
      ...strangers,
      '192.168.0.1',
      '[::2]',
      'localhost:x',
      'a b',
      '127.0.0.1@evil',
    ])
      expect(isOurs(host), host).toBe(false)
  }
  expect(isLoopback('0.0.0.0')).toBe(false)
  expect(isLoopback('127.evil.example')).toBe(false)
})

test('beyond loopback any host is taken, or those that are listed', () => {
  expect(createHostCheck('0.0.0.0', [])('anything')).toBe(true)
  const isOurs = createHostCheck('10.0.0.7', ['gateway'])
  expect(['gateway', '10.0.0.7:7777', 'other', '127.0.0.1'].map((host) => isOurs(host))).toEqual([
    ...[true, true, false, false],
  ])
})

test('only the token itself admits', () => {
  const check = createTokenCheck('secret-word')
  expect(check('Bearer secret-word')).toBeUndefined()
  expect(check('bearer  secret-word ')).toBeUndefined()
  expect(check(undefined)).toMatch(/Authorization/)
  expect(check('Basic secret-word')).toMatch(/form/)
  expect(check('Bearer secret-word x')).toMatch(/form/)
  expect(createTokenCheck(undefined)('Bearer undefined')).toMatch(/token_file/)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const why = check(`Bearer ${text}`)
      if (text.trim() === 'secret-word') return
      expect(why).toBeDefined()
      expect(why).not.toContain('secret-word')
    }),
  )
})

test('a peer never gets more than its rate and its burst, and waiting helps', () => {
  const steps = fc.array(
    fc.record({
      peer: fc.constantFrom('a', 'b'),
      waitMs: fc.nat(400),
      cost: fc.constantFrom(1, 10),
    }),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(steps, (all) => {
      const limit = createRateLimit(5)
      const allowed = { a: 0, b: 0 }
      let now = 0
      for (const { peer, waitMs, cost } of all) {
        now += waitMs
        if (limit.take(peer, now, cost)) allowed[peer]++
      }
      for (const count of Object.values(allowed)) expect(count).toBeLessThanOrEqual(11 + now / 200)
      // The deepest debt is a burst: it is over after that time and one more request.
      expect(limit.take('a', now + 2_200)).toBe(true)
    }),
  )
  const limit = createRateLimit(5)
  for (let peer = 0; peer < 5_000; peer++) expect(limit.take(`p${peer}`, 0)).toBe(true)
})
