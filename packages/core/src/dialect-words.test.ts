import { expect, test } from 'vitest'
import { aliases, inOurWords, numberIn } from './dialect-words.ts'

const known = aliases({ url: ['endpoint', 'serverUrl'], timeoutMs: ['timeout'] })
const dialect = { known, groups: new Set(['common']), idle: new Set(['browsename']) }

test('aliases become our words, whatever their case and in whatever group they stand', () => {
  const raw = { Common: { ENDPOINT: 'a' }, timeout: 5, browseName: 'x', other: 1 }
  expect(inOurWords(raw, dialect)).toEqual({ url: 'a', timeoutMs: 5, other: 1 })
  expect(raw).toEqual({ Common: { ENDPOINT: 'a' }, timeout: 5, browseName: 'x', other: 1 })
})

test('our own word wins over its aliases, and the first of them over the others', () => {
  for (const raw of [
    { url: 'ours', endpoint: 'first', serverUrl: 'second' },
    { serverUrl: 'second', endpoint: 'first', url: 'ours' },
  ]) {
    expect(inOurWords(raw, dialect)).toEqual({ url: 'ours' })
  }
  expect(inOurWords({ serverUrl: 'second', endpoint: 'first' }, dialect)).toEqual({ url: 'first' })
})

test('nulls and empty texts are as if they were left out', () => {
  expect(inOurWords({ url: '', endpoint: null, serverUrl: 'x' }, dialect)).toEqual({ url: 'x' })
})

test('numbers are found in texts that are nothing else', () => {
  expect(['5', 5, 5n, ' 5 '].map(numberIn)).toEqual([5, 5, 5, 5])
  expect(['', ' ', 'x', true, null].map(numberIn)).toEqual(Array(5).fill(undefined))
})
