import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatBrowsePath,
  parseBrowsePath,
  parseName,
  placeBrowsePath,
  type BrowseStep,
} from './browse-path.ts'

const short = (step: BrowseStep) => {
  const { referenceType, isInverse, includeSubtypes, target } = step
  const flags = (includeSubtypes ? '' : '#') + (isInverse ? '!' : '')
  return `${flags}${referenceType.value} ${target.namespace} ${target.name}`
}

describe('parseBrowsePath', () => {
  test.each([
    ['/2:Line1/2:Boiler', ['33 2 Line1', '33 2 Boiler']],
    ['2:Line1/2:Boiler', ['33 2 Line1', '33 2 Boiler']],
    ['/Server/ServerStatus', ['33 0 Server', '33 0 ServerStatus']],
    ['/2:Line1.2:Unit', ['33 2 Line1', '44 2 Unit']],
    ['/2:Line1&.a/2:x&/y&&', ['33 2 Line1.a', '33 2 x/y&']],
    ['/nsu=http://x.org/UA/;Boiler/2:T', ['33 http://x.org/UA/ Boiler', '33 2 T']],
    ['/nsu=urn:a%3Bb;Boiler', ['33 urn:a;b Boiler']],
    ['/{http://x.org/UA/}Boiler', ['33 http://x.org/UA/ Boiler']],
    ['<HasComponent>2:Pump', ['47 2 Pump']],
    ['<0:HasComponent>2:Pump', ['47 2 Pump']],
    ['<!HasComponent>2:Pump', ['!47 2 Pump']],
    ['<#!HasChild>2:Wheel/3:x', ['#!34 2 Wheel', '33 3 x']],
    ['<ns=2;i=4001>2:Other', ['4001 2 Other']],
    ['/2:12:30', ['33 2 12:30']],
    ['/Zähler 1', ['33 0 Zähler 1']],
  ])('%j', (text, steps) => {
    expect(parseBrowsePath(text).map(short)).toEqual(steps)
  })

  test.each([
    ['', /has no name/],
    ['/2:Line1//2:x', /has no name at "\/\/2:x"/],
    ['/2:', /has no name/],
    ['/70000:x', /namespace index 70000/],
    ['<HasComponent', /has a < without its >/],
    ['<1:ConnectedTo>2:x', /reference type "1:ConnectedTo".*write its node id/],
    ['/x'.repeat(65), /more than 64 steps/],
  ])('refuses %j', (text, message) => {
    expect(() => parseBrowsePath(text)).toThrow(MapperError)
    expect(() => parseBrowsePath(text)).toThrow(message)
  })

  test('reads what formatBrowsePath writes', () => {
    const namespace = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom('urn:a;b', 'http://x.org/a/b.c', 'urn:50%'),
    )
    const name = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.constantFrom('2:x', 'nsu=a;b', '{a}b', '/.<>&', '#!'),
    )
    const step = fc.record({
      referenceType: fc.oneof(
        fc.record({
          kind: fc.constant('i' as const),
          namespace: fc.constant(0),
          value: fc.integer({ min: 30, max: 50 }),
        }),
        fc.record({ kind: fc.constant('s' as const), namespace, value: name }),
      ),
      isInverse: fc.boolean(),
      includeSubtypes: fc.boolean(),
      target: fc.record({ namespace, name }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const text = formatBrowsePath(steps)
        // White space around a path is not part of it, and only a last name can end in some.
        fc.pre(text === text.trim())
        expect(parseBrowsePath(text)).toEqual(steps)
      }),
    )
  })

  test('throws nothing but invalid_config', () => {
    const part = fc.constantFrom('/', '.', '<', '>', '&', '2:', 'nsu=', ';', '{', '}', '#', '!')
    const mixed = fc.array(fc.oneof(part, fc.string())).map((parts) => parts.join(''))
    fc.assert(
      fc.property(mixed, (text) => {
        try {
          parseBrowsePath(text)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid_config' })
        }
      }),
    )
  })
})

test('placeBrowsePath finds the indexes of namespaces', () => {
  const steps = parseBrowsePath('/nsu=urn:plant;Line1')
  expect(placeBrowsePath(steps, ['http://opcfoundation.org/UA/', 'urn:plant'])).toEqual([
    {
      referenceTypeId: { namespace: 0, identifierType: 1, value: 33 },
      isInverse: false,
      includeSubtypes: true,
      targetName: { namespaceIndex: 1, name: 'Line1' },
    },
  ])
  expect(() => placeBrowsePath(steps, [])).toThrow(/namespace urn:plant, which the server/)
})

test.each([
  ['Time', { namespace: 0, name: 'Time' }],
  ['2:Batch/7', { namespace: 2, name: 'Batch/7' }],
  ['nsu=urn:x;Batch', { namespace: 'urn:x', name: 'Batch' }],
  ['{urn:x}Batch', { namespace: 'urn:x', name: 'Batch' }],
])('parseName %j', (text, name) => {
  expect(parseName(text)).toEqual(name)
})
