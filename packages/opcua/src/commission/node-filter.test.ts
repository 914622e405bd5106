import { expect, test } from 'vitest'
import type { BrowsedNode } from './browsed-node.ts'
import { matches, nodeFilter } from './node-filter.ts'

const step = (name: string) => ({ namespace: 2, name })
const node: BrowsedNode = {
  ...{ nodeId: 'nsu=urn:plant;s=B.T1', indexedId: 'ns=2;s=B.T1', parentId: 'i=85', depth: 2 },
  ...{ path: [step('Boiler'), step('Temperature')], name: step('Temperature') },
  ...{ displayName: 'Kessel', nodeClass: 'Variable' },
}

test.each([
  'temp',
  'TEMPERATURE',
  'kess',
  '*ature',
  't?mp*',
  '/boiler/*',
  'boiler/t',
  'b.t1',
  'ns=2',
])('%s names it', (text) => expect(nodeFilter(text)(node)).toBe(true))

test.each(['pressure', '*temp', '?emp', '/pressure', 'boiler/?'])('%s does not', (text) =>
  expect(nodeFilter(text)(node)).toBe(false),
)

test.each([
  ['*', '', true],
  ['?', '', false],
  ['a*b*c', 'a1b2b3c', true],
  ['a*b*c', 'a1b2b3', false],
  ['**a', 'ba', true],
  ['a.c', 'abc', false],
])('%s for %j: %s', (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected))

test('a pattern of many stars takes no time', () => {
  expect(matches(`${'a*'.repeat(50)}b`, 'a'.repeat(20_000))).toBe(false)
})
