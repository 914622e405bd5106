import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isState, isUnroutable, twinDrop } from './rules.ts'
import { behaviourOf } from './version.ts'

const alphabet = [...'ABCXYZabcxyz0189-_.,:/@#']
const legal = (maxLength: number) =>
  fc
    .array(fc.constantFrom(...alphabet), { minLength: 1, maxLength })
    .map((letters) => letters.join(''))

test('texts of the alphabet pass, up to 128 letters of a name and 512 of a value', () => {
  fc.assert(
    fc.property(legal(128), legal(512), (name, value) => {
      expect(twinDrop(name, value, value)).toBeUndefined()
    }),
  )
  expect(twinDrop('a'.repeat(129), '1', '')).toBe('illegal-name')
  expect(twinDrop('', '1', '')).toBe('illegal-name')
  expect(twinDrop('a', '1'.repeat(513), '')).toBe('illegal-value')
  expect(twinDrop('a', '', '')).toBeUndefined()
})

test.each(['a b', 'YQ==', '1e+21', '50%', '(1)', '{}', '"a"', 'süd', 'a\n', 'a$', "it's", '~'])(
  'the value %j is dropped, and so is an observedDesired like it',
  (value) => {
    expect(twinDrop('p', value, '')).toBe('illegal-value')
    expect(twinDrop('p', '1', value)).toBe('illegal-observed-desired')
  },
)

test('1.5e-10 passes', () => {
  expect(twinDrop('p', '1.5e-10', '')).toBeUndefined()
})

test('only five states are known, in any case', () => {
  for (const state of ['online', 'OFFLINE', 'Ok', 'unknown', 'unhealthy']) {
    expect(isState(behaviourOf('1.23'), state)).toBe(true)
  }
  for (const state of ['disconnected', 'foo', '', 'ok '])
    expect(isState(behaviourOf('1.23'), state)).toBe(false)
})

test('namespaces that are part of the topic cannot be routed; before 1.16 it is the names', () => {
  const now = behaviourOf('1.23')
  for (const namespace of ['dev', 'device', 'event', 'events', 'e', 'hw', 'ice', 'vice']) {
    expect(isUnroutable(now, namespace, 'boiler')).toBe(true)
  }
  for (const namespace of ['default', 'test', 'prod', 'dev-1', 'iot-dev']) {
    expect(isUnroutable(now, namespace, 'device')).toBe(false)
  }
  expect(isUnroutable(behaviourOf('1.15'), 'dev', 'boiler')).toBe(false)
  expect(isUnroutable(behaviourOf('1.15'), 'default', 'device')).toBe(true)
})
