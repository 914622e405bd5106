import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { coerceNodeId } from 'node-opcua-client'
import { describe, expect, test } from 'vitest'
import {
  formatNodeId,
  nodeIdText,
  parseExpandedNodeId,
  parseNodeId,
  placeNodeId,
  type ParsedNodeId,
} from './node-id.ts'

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789ABCDEF'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
const guid = fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join('-'))
const text = fc.string({ minLength: 1, unit: 'binary' })
const index = fc.integer({ min: 0, max: 0xffff })
const uri = fc.oneof(
  fc.constantFrom('urn:a;b', 'urn:50%', 'http://x.org/a%3Bb', 'urn:x=y'),
  fc.string({ minLength: 1 }).map((some) => `urn:${some.trim()}`),
)
const identifier = fc.oneof(
  fc.record({ kind: fc.constant('i' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('s' as const), value: text }),
  fc.record({ kind: fc.constant('g' as const), value: guid }),
  fc.record({
    kind: fc.constant('b' as const),
    value: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
  }),
)
const nodeIds = (namespace: fc.Arbitrary<number | string>): fc.Arbitrary<ParsedNodeId> =>
  fc.tuple(identifier, namespace).map(([one, where]) => ({ ...one, namespace: where }))

describe('parseNodeId', () => {
  test.each([
    ['i=2258', 0, 'i', 2258],
    ['ns=2;i=0', 2, 'i', 0],
    ['ns=65535;i=4294967295', 65535, 'i', 4294967295],
    ['ns=1,i=1005', 1, 'i', 1005],
    [' ns=2; i=5 ', 2, 'i', 5],
    ['svr=0;ns=2;i=5', 2, 'i', 5],
    ['svr=0;nsu=urn:x;i=5', 'urn:x', 'i', 5],
    ['ns=2;s=a;b=c', 2, 's', 'a;b=c'],
    ['ns=2;s=x;ns=3;i=7', 2, 's', 'x;ns=3;i=7'],
    ['s=ns=3;i=7', 0, 's', 'ns=3;i=7'],
    ['ns=2;s= with spaces ', 2, 's', ' with spaces '],
    ['ns=2;s=two\nlines', 2, 's', 'two\nlines'],
    ['nsu=urn:plant:line1;s=Boiler.Temperature', 'urn:plant:line1', 's', 'Boiler.Temperature'],
    ['nsu=urn:a%3Bb%253b;i=1', 'urn:a;b%3b', 'i', 1],
    ['nsu=urn:a%20b;i=1', 'urn:a%20b', 'i', 1],
    ['ns=1;g=09087e75-8e5e-499b-954f-f2a9603db28a', 1, 'g', '09087E75-8E5E-499B-954F-F2A9603DB28A'],
    ['ns=1;b=M/RbKBsRVkePCePcx24oRA==', 1, 'b', Buffer.from('M/RbKBsRVkePCePcx24oRA==', 'base64')],
  ])('%j', (given, namespace, kind, value) => {
    expect(parseNodeId(given)).toEqual({ namespace, kind, value })
  })

  test.each([
    ['', /is no node id: "".*ns=2;s=Boiler\.Temperature/],
    ['85', /is no node id: "85"/],
    ['ns=2', /is no node id/],
    ['ns=2;1001', /is no node id/],
    ['ns=2;x=1', /is no node id/],
    ['ns=70000;i=1', /namespace index 70000, but the highest is 65535/],
    ['i=-1', /has "-1" after i=/],
    ['i=4294967296', /has "4294967296" after i=/],
    ['i=1.5', /after i=/],
    ['ns=1;s=', /has nothing after s=/],
    ['nsu=;i=1', /has no namespace after nsu=/],
    ['ns=1;g=1234', /has "1234" after g=, which takes a GUID/],
    ['ns=1;b=a', /has "a" after b=, which takes base64/],
    ['ns=1;b=ab$=', /after b=/],
    ['svr=1;i=5', /another server \(svr=1\)/],
  ])('refuses %j', (given, message) => {
    expect(() => parseNodeId(given)).toThrow(MapperError)
    expect(() => parseNodeId(given)).toThrow(message)
  })

  test('reads what formatNodeId writes', () => {
    fc.assert(
      fc.property(nodeIds(fc.oneof(index, uri)), (nodeId) => {
        expect(parseNodeId(formatNodeId(nodeId))).toEqual(nodeId)
      }),
    )
  })

  test('throws nothing but invalid_config', () => {
    const part = fc.constantFrom('ns=', 'nsu=', 'svr=', '2', ';', ',', 'i=', 's=', 'g=', 'b=', '%')
    const mixed = fc.array(fc.oneof(part, fc.string())).map((parts) => parts.join(''))
    fc.assert(
      fc.property(mixed, (given) => {
        try {
          parseNodeId(given)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid_config' })
        }
      }),
    )
  })

  test('reads the index of another server where that is allowed', () => {
    const nodeId = { kind: 'i', value: 7, namespace: 'urn:x', server: 3 } as const
    expect(parseExpandedNodeId('svr=3;nsu=urn:x;i=7')).toEqual(nodeId)
    expect(formatNodeId(nodeId)).toBe('svr=3;nsu=urn:x;i=7')
  })
})

describe('placeNodeId', () => {
  const namespaces = ['http://opcfoundation.org/UA/', 'urn:server', 'urn:plant']

  test('finds the index of a namespace', () => {
    const nodeId = parseNodeId('nsu=urn:plant;s=Boiler')
    expect(placeNodeId(nodeId, namespaces)).toEqual({
      namespace: 2,
      identifierType: 2,
      value: 'Boiler',
    })
  })

  test('names a namespace that is missing and those that are there', () => {
    const nodeId = parseNodeId('nsu=urn:other;s=Boiler')
    expect(() => placeNodeId(nodeId, namespaces)).toThrow(
      'is in the namespace urn:other, which the server does not have; it has 0 http://opcfoundation.org/UA/, 1 urn:server, 2 urn:plant',
    )
  })

  test('names the same node to node-opcua, whatever stands in its text', () => {
    fc.assert(
      fc.property(nodeIds(index), (nodeId) => {
        const made = coerceNodeId(placeNodeId(nodeId, []))
        expect(made.namespace).toBe(nodeId.namespace)
        expect(made.identifierType).toBe(' isgb'.indexOf(nodeId.kind))
        expect(made.value).toEqual(nodeId.value)
        expect(nodeIdText(made)).toBe(formatNodeId(nodeId))
      }),
    )
  })
})
