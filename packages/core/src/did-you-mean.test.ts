import { expect, test } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

test.each([
  ['slave_id', 'slaveId'],
  ['SlaveID', 'slaveId'],
  ['prot', 'port'],
  ['adress', 'address'],
  ['offst', 'offset'],
])('%s probably means %s', (word, meant) =>
  expect(didYouMean(word, ['address', 'offset', 'port', 'slaveId', 'timeoutMs'])).toBe(meant),
)

test('a word that is like nothing means nothing', () => {
  expect(didYouMean('humidity', ['port', 'slaveId'])).toBeUndefined()
  expect(didYouMean('x', [])).toBeUndefined()
  expect(didYouMean('x'.repeat(100_000), ['x'.repeat(100_000)])).toBeDefined()
})
