import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLegalName, isLegalValue } from '../../alphabet.ts'
import {
  decodeResult,
  encodeState,
  encodeTwins,
  longestResult,
  stateTopic,
  twinTopic,
} from './payload.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const topic = '$hw/events/device/default/boiler/twin/update/result'

test('topics have namespace and name, the default namespace if there is none', () => {
  expect(twinTopic('plant/boiler')).toBe('$hw/events/device/plant/boiler/twin/update')
  expect(stateTopic('/boiler')).toBe('$hw/events/device/default/boiler/state/update')
  for (const bad of ['plant/a/b', 'plant/+', 'plant/#', 'pl+nt/a', 'plant/']) {
    expect(twinTopic(bad)).toBeUndefined()
  }
})

test('a twin goes out with both values and without a type', () => {
  const twin = { property: 'p', reported: '4', observedDesired: '', first: true }
  expect(JSON.parse(encodeTwins('e1', 5.5, [twin]))).toEqual({
    event_id: 'e1',
    timestamp: 5,
    twin: { p: { actual: { value: '4' }, expected: { value: '' } } },
  })
  expect(JSON.parse(encodeTwins('e1', 5, [twin], () => true))).toMatchObject({
    twin: { p: { actual: { value: '4' } } },
  })
  expect(encodeTwins('e1', 5, [twin], () => true)).not.toContain('expected')
  expect(encodeState('e2', 7, 'offline')).toBe('{"event_id":"e2","timestamp":7,"state":"offline"}')
})

test('every legal twin is in the message, whatever its name, and never with null', () => {
  const characters = [...'aZ0-_.,:/@#']
  const name = fc
    .oneof(
      fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 20 }),
      fc.constantFrom('__proto__', 'constructor', '1', 'toString'),
    )
    .filter(isLegalName)
  const value = fc.string({ unit: fc.constantFrom(...characters), maxLength: 20 })
  const twins = fc.uniqueArray(
    fc.record({ property: name, reported: value, observedDesired: value, first: fc.boolean() }),
    { selector: ({ property }) => property },
  )
  fc.assert(
    fc.property(twins, (each) => {
      const sent = encodeTwins('e', 0, each)
      expect(sent).not.toContain('null')
      const { twin } = JSON.parse(sent) as { twin: Record<string, Record<string, object>> }
      expect(Object.keys(twin).sort()).toEqual(each.map(({ property }) => property).sort())
      for (const { property, reported, observedDesired } of each) {
        expect(isLegalValue(reported)).toBe(true)
        expect(Object.getOwnPropertyDescriptor(twin, property)?.value).toEqual({
          actual: { value: reported },
          expected: { value: observedDesired },
        })
      }
    }),
  )
})

test('answers of EdgeCore are understood', () => {
  const of = (body: object, at = topic) => decodeResult(at, bytes(JSON.stringify(body)))
  const device = 'default/boiler'
  expect(of({ event_id: 'e', timestamp: 1, twin: {} })).toEqual({
    ...{ kind: 'twins', device, eventId: 'e' },
  })
  expect(of({ event_id: 'e', timestamp: 1, code: 400, reason: 'no' })).toEqual({
    ...{ kind: 'refused', device, eventId: 'e', code: 400, reason: 'no' },
  })
  const anonymous = '$hw/events/device//twin/update/result'
  expect(of({ event_id: '', timestamp: 1, code: 400, reason: 'x' }, anonymous)).toMatchObject({
    ...{ kind: 'refused', device: '', eventId: '' },
  })
  const state = { event_id: 'other', device: { name: 'boiler', state: 'ok' } }
  expect(of(state, '$hw/events/device/default/boiler/state/update/result')).toEqual({
    ...{ kind: 'state', device, eventId: 'other', state: 'ok' },
  })
})

test.each([
  ['nothing', ''],
  ['no JSON', '{"event_id":'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a BOM', '\uFEFF{"event_id":"e","twin":{}}'],
  ['no event id', '{"twin":{}}'],
  ['an event id that is no text', '{"event_id":1,"twin":{}}'],
  ['a code that is no number', '{"event_id":"e","code":"400"}'],
  ['no twins', '{"event_id":"e"}'],
  ['null twins', '{"event_id":"e","twin":null}'],
  ['deep nesting', '['.repeat(500_000)],
  ['deep nesting, closed', `{"event_id":${'['.repeat(500_000)}${']'.repeat(500_000)}}`],
  ['more than an answer can be', `{"event_id":"e","twin":{}}${' '.repeat(longestResult)}`],
])('%s is no answer', (_, text) => {
  expect(decodeResult(topic, bytes(text))).toBeUndefined()
})

test('bytes that are no UTF-8 are no answer', () => {
  const broken = Buffer.from('{"event_id":"\xff","twin":{}}', 'latin1')
  expect(decodeResult(topic, broken)).toBeUndefined()
})

test('whatever comes on whatever topic, decoding never throws', () => {
  const json = fc.json({ maxDepth: 4 }).map(bytes)
  const near = fc
    .record(
      {
        event_id: fc.jsonValue(),
        code: fc.jsonValue(),
        twin: fc.jsonValue(),
        device: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((body) => bytes(JSON.stringify(body)))
  const topics = fc.oneof(
    fc.string(),
    fc.constantFrom(
      topic,
      '$hw/events/device//twin/update/result',
      '$hw/events/device/twin/update/result',
    ),
  )
  fc.assert(
    fc.property(topics, fc.oneof(fc.uint8Array({ maxLength: 200 }), json, near), (at, payload) => {
      const result = decodeResult(at, payload)
      expect(result === undefined || typeof result.eventId === 'string').toBe(true)
    }),
    { numRuns: 1000 },
  )
})
