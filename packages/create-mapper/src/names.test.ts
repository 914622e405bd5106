import { isLegalName } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageNameProblem, plainName, protocolNameProblem, usualProtocolName } from './names.ts'

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom(...'aZ09-_.,:/@#~ ') }),
  fc.constantFrom('true', 'No', 'NULL', 'on', '1e5', '0x10', '1.5', '2026-01-01', 'y'),
)

describe('names', () => {
  it.each(['my-mapper', '@acme/my-mapper', 'a', '7up', 'a.b_c'])('of packages: %s', (name) => {
    expect(packageNameProblem(name)).toBeUndefined()
  })

  it.each([
    ...['', '../x', 'a/b', 'My-Mapper', '.hidden', '_x', '@/x', '@acme/', 'a b', 'a\n', '-rf'],
    ...['node_modules', '@acme/node_modules', 'x'.repeat(101), '@acme/..', "a'b", '~x'],
  ])('not of packages: %j', (name) => {
    expect(packageNameProblem(name)).toContain(JSON.stringify(name))
  })

  it('of protocols are legal in EdgeCore, and texts in YAML', () => {
    fc.assert(
      fc.property(text, (name) => {
        if (protocolNameProblem(name) !== undefined) return
        expect(isLegalName(name)).toBe(true)
        expect(parse(`x: ${name}`, { version: '1.1' })).toEqual({ x: name })
      }),
    )
  })

  it.each(['oven', 'My.Proto_2', 'a'])('of protocols: %s', (name) => {
    expect(protocolNameProblem(name)).toBeUndefined()
  })

  it.each([
    '',
    'true',
    'No',
    'e0',
    'E-12',
    '7up',
    'a b',
    'a=b',
    'a/b',
    'a\n',
    "a'b",
    'x'.repeat(64),
  ])('not of protocols: %j', (name) =>
    expect(protocolNameProblem(name)).toContain(JSON.stringify(name)),
  )

  it('give a usual name of the protocol, which is always legal', () => {
    expect(['oven-mapper', '@acme/oven', 'mapper', '7up'].map(usualProtocolName)).toEqual([
      ...['oven', 'oven', 'my-protocol', 'my-protocol'],
    ])
    fc.assert(
      fc.property(text, (name) => {
        expect(protocolNameProblem(usualProtocolName(name))).toBeUndefined()
      }),
    )
    expect(plainName('@acme/oven')).toBe('oven')
  })
})
