import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  applyTwins,
  deltaOf,
  readTwinUpdate,
  type TwinChange,
  type WireTwin,
} from './twin-update.ts'

const value = fc.constantFrom('', '1', '-7', '1.5', 'true', 'x')
const change: fc.Arbitrary<TwinChange | null> = fc.option(
  fc.record(
    {
      expected: value,
      actual: value,
      optional: fc.boolean(),
      type: fc.constantFrom('int', 'float', 'boolean', 'string', 'double'),
    },
    { requiredKeys: [] },
  ),
)
const changes = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), change)

/** Applies messages one after another, as EdgeCore's database would. */
function after(messages: readonly Readonly<Record<string, TwinChange | null>>[]) {
  const twins = new Map<string, WireTwin>()
  for (const message of messages) {
    const applied = applyTwins(twins, new Map(Object.entries(message)), 1)
    if (applied.tag !== 'ok') continue
    for (const [name, { last, current }] of applied.documents) {
      expect(last ?? undefined).toEqual(twins.get(name))
      if (current === null) twins.delete(name)
      else twins.set(name, current)
    }
  }
  return twins
}

test('a twin keeps its type, and once it is not optional it stays', () => {
  fc.assert(
    fc.property(fc.array(changes), changes, (before, next) => {
      const known = after(before)
      const now = after([...before, next])
      for (const [name, { optional, metadata }] of known) {
        if (optional) continue
        expect(now.get(name)?.optional).toBe(false)
        expect(now.get(name)?.metadata).toEqual(metadata)
      }
      for (const { metadata } of now.values())
        expect(metadata.type).toMatch(/^(int|float|boolean|string|double)$/)
    }),
  )
})

test('the delta is what is desired and not so', () => {
  fc.assert(
    fc.property(fc.array(changes), (messages) => {
      const twins = after(messages)
      const { delta, twin } = deltaOf(twins) ?? { delta: {}, twin: {} }
      for (const [name, { expected, actual }] of twins) {
        const open = !!expected?.value && expected.value !== actual?.value
        expect(Object.hasOwn(delta, name)).toBe(open)
        if (open) expect(Object.hasOwn(twin, name)).toBe(true)
      }
    }),
  )
})

test('any payload is read or refused, and none throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
      expect(readTwinUpdate(payload).tag).toMatch(/^(ok|refused)$/)
      expect(readTwinUpdate(`{"twin":${payload}}`).tag).toMatch(/^(ok|refused)$/)
      expect(readTwinUpdate(`{"twin":{"a":${payload}}}`).tag).toMatch(/^(ok|refused)$/)
    }),
  )
})
