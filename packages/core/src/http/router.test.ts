import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Route } from './route.ts'
import { createRouter } from './router.ts'

const route = (method: Route['method'], path: string): Route => ({
  ...{ method, path, id: `${method} ${path}`, summary: '', access: 'open', failures: [] },
  answer: { type: 'application/json', schema: {} },
  run: () => ({ status: 200, json: {} }),
})
const find = createRouter([
  route('GET', '/a'),
  route('GET', '/d/{namespace}/{name}'),
  route('PUT', '/d/{namespace}/{name}'),
  route('POST', '/m/{name}/{data}'),
])

describe('a path', () => {
  it.each([
    ['GET', '/a', { kind: 'found', params: {} }],
    ['HEAD', '/a', { kind: 'found' }],
    ['GET', '/d/n/x%20y', { kind: 'found', params: { namespace: 'n', name: 'x y' } }],
    ['POST', '/m/n/a%2Fb', { kind: 'found', params: { data: 'a/b' } }],
    ['GET', '/d/__proto__/constructor', { kind: 'found' }],
    ['POST', '/d/n/x', { kind: 'wrong method', allow: 'GET, HEAD, PUT' }],
    ['DELETE', '/m/n/x', { kind: 'wrong method', allow: 'POST' }],
    ['GET', '/', { kind: 'unknown' }],
    ['GET', '/a/', { kind: 'unknown' }],
    ['GET', '//a', { kind: 'unknown' }],
    ['GET', '/A', { kind: 'unknown' }],
    ['GET', '/d/n/', { kind: 'unknown' }],
    ['GET', '/d/n/..', { kind: 'unknown' }],
    ['GET', '/d/n/%2e%2e', { kind: 'unknown' }],
    ['GET', '/d/../a', { kind: 'unknown' }],
    ['GET', '/d/n/a%2Fb', { kind: 'unknown' }],
    ['GET', `/d/n/${'x'.repeat(254)}`, { kind: 'unknown' }],
    ['GET', '/d/n/%00', { kind: 'malformed' }],
    ['GET', '/d/n/%0a', { kind: 'malformed' }],
    ['GET', '/d/n/%', { kind: 'malformed' }],
    ['GET', '/d/n/%C3', { kind: 'malformed' }],
    ['GET', `/${'x'.repeat(10_000)}`, { kind: 'malformed' }],
    ['GET', 'http://h/a', { kind: 'malformed' }],
    ['OPTIONS', '*', { kind: 'malformed' }],
    ['GET', '', { kind: 'malformed' }],
  ])('%s %s', (method, target, expected) => {
    expect(find(method, target)).toMatchObject(expected)
  })
})

// The `binary` unit of fast-check takes a second to prepare.
const unit = fc.oneof(
  fc.string({ minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    'ü',
    '日',
    '💡',
    '\u202e',
    '\u2028',
    '%',
    '%2f',
    '/',
    '.',
    ' ',
    '\0',
    '\n',
    '\x7f',
  ),
)

test('names come back as they were, and nothing throws', () => {
  const name = fc
    .string({ unit, minLength: 1, maxLength: 40 })
    .filter((text) => !/[\0-\x1F\x7F/]/.test(text) && text !== '.' && text !== '..')
  fc.assert(
    fc.property(name, name, (namespace, device) => {
      const target = `/d/${encodeURIComponent(namespace)}/${encodeURIComponent(device)}?x=1`
      expect(find('GET', target)).toMatchObject({
        kind: 'found',
        params: { namespace, name: device },
      })
    }),
  )
  fc.assert(
    fc.property(fc.string(), fc.string({ unit }), (method, rest) => {
      const found = find(method, `/d/${rest}`)
      if (found.kind !== 'found') return
      for (const value of Object.values(found.params)) expect(value).toMatch(/^[^/\0-\x1F\x7F]+$/)
    }),
  )
})
