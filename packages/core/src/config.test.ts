import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { createChecker, formatPath } from './config.ts'
import type { RawConfig, RawValue } from './device.ts'

const schema = Type.Object(
  {
    host: Type.String({
      description: 'Name or address of the device. More.',
      examples: ['10.0.0.5'],
    }),
    port: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65535, default: 502, description: 'TCP port.' }),
    ),
    timeoutMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    rs485: Type.Optional(Type.Boolean({ default: false })),
    parity: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')], {
        default: 'none',
      }),
    ),
    order: Type.Optional(Type.Enum(['ABCD', 'DCBA'])),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 5, pattern: '^[a-z]*$' })),
    step: Type.Optional(Type.Number({ multipleOf: 5, not: { const: 0 } })),
  },
  { additionalProperties: false },
)
const checker = createChecker(schema, ['scale'])
const path = ['spec', 'protocol', 'configData']
const check = (raw: RawConfig) => checker.check(raw, path)
const told = (raw: RawConfig) =>
  check(raw).issues.map(
    ({ severity, path, message }) => `${severity}: ${formatPath(path.slice(3))} ${message}`,
  )

describe('a checked configuration', () => {
  test('has its types and its defaults, and never changes', () => {
    const { value, issues } = check({ host: 'plc', port: '1502', rs485: 1, timeoutMs: '2.5e3' })
    expect(issues).toEqual([])
    expect(value).toEqual({ host: 'plc', port: 1502, rs485: true, timeoutMs: 2500, parity: 'none' })
    expect(Object.isFrozen(value)).toBe(true)
  })

  test.each<[RawValue, string]>([
    [10, '10'],
    [1e21, '1000000000000000000000'],
    [true, 'true'],
    [7n, '7'],
    [2n ** 70n, String(2n ** 70n)],
  ])('%s is the text %j where a text is wanted', (host, text) =>
    expect(check({ host }).value).toMatchObject({ host: text }),
  )

  test.each<[RawValue, boolean]>([
    ['true', true],
    ['False', false],
    ['off', false],
    ['1', true],
    [0, false],
    [1n, true],
  ])('%s is %s where a boolean is wanted', (rs485, value) =>
    expect(check({ host: 'h', rs485 }).value).toMatchObject({ rs485: value }),
  )

  test('an integer as bigint is one if it is exact', () => {
    expect(check({ host: 'h', port: 502n }).value).toMatchObject({ port: 502 })
    expect(told({ host: 'h', port: 2n ** 60n })).toEqual([
      'error: port is 1152921504606846976, beyond the integers that are exact (±9007199254740991)',
    ])
  })
})

describe('what is wrong is said in a sentence', () => {
  test.each<[RawConfig, string]>([
    [{}, 'host is missing; add it, for example host: 10.0.0.5 (Name or address of the device)'],
    [
      { host: 'h', port: 70000 },
      'port is 70000, but must be at most 65535 and at least 1 (TCP port)',
    ],
    [{ host: 'h', port: '0' }, 'port is 0, but must be at least 1 and at most 65535 (TCP port)'],
    [{ host: 'h', port: '' }, 'port is empty, but must be a whole number (TCP port)'],
    [{ host: 'h', port: ' 502' }, 'port is the text " 502", but must be a whole number (TCP port)'],
    [
      { host: 'h', port: '0x1F6' },
      'port is the text "0x1F6", but must be a whole number (TCP port)',
    ],
    [{ host: 'h', port: true }, 'port is true, but must be a whole number (TCP port)'],
    [{ host: 'h', port: 502.5 }, 'port is 502.5, but must be a whole number (TCP port)'],
    [{ host: 'h', port: null }, 'port is null; give it a value or leave it out'],
    [{ host: 'h', timeoutMs: 0 }, 'timeoutMs is 0, but must be more than 0'],
    [{ host: 'h', timeoutMs: Infinity }, 'timeoutMs is Infinity, but must be a finite number'],
    [{ host: null }, 'host is null; give it a value or leave it out'],
    [{ host: ['a'] }, 'host is a list, but must be a text (Name or address of the device)'],
    [{ host: { a: 1 } }, 'host is an object, but must be a text (Name or address of the device)'],
    [{ host: 'h', rs485: 2 }, 'rs485 is 2, but must be true or false'],
    [
      { host: 'h', parity: 'None' },
      'parity is the text "None", but must be one of none, even, odd; did you mean none?',
    ],
    [{ host: 'h', parity: 3 }, 'parity is the text "3", but must be one of none, even, odd'],
    [{ host: 'h', order: 'BADC' }, 'order is the text "BADC", but must be one of ABCD, DCBA'],
    [{ host: 'h', name: '' }, 'name is empty, but must have at least 1 characters'],
    [
      { host: 'h', name: 'abcdef' },
      'name is the text "abcdef", but must have at most 5 characters',
    ],
    [{ host: 'h', name: 'A' }, 'name is the text "A", but must match ^[a-z]*$'],
    [{ host: 'h', step: 7 }, 'step is 7, but must be a multiple of 5'],
    [{ host: 'h', step: 0 }, 'step is 0, but must not be 0'],
  ])('%j', (raw, sentence) => {
    expect(told(raw)).toEqual([`error: ${sentence}`])
    expect(check(raw).value).toBeUndefined()
  })

  test('unknown keys are warnings, with the key that was probably meant', () => {
    const { value, issues } = check({ host: 'h', prot: 1502, scal: 2, humidity: null })
    expect(value).toEqual({ host: 'h', port: 502, rs485: false, parity: 'none' })
    expect(issues.map(({ severity }) => severity)).toEqual(['warning', 'warning', 'warning'])
    expect(told({ host: 'h', prot: 1502, scal: 2, humidity: 1 })).toEqual([
      'warning: prot is not known and ignored; did you mean port?',
      'warning: scal is not known and ignored; did you mean scale?',
      'warning: humidity is not known and ignored; known are host, port, timeoutMs, rs485, parity, order, name, step, scale',
    ])
  })

  test.each(['__proto__', 'constructor', 'prototype'])('the key %s is an error', (key) => {
    const raw = JSON.parse(`{"host":"h","${key}":{"polluted":true}}`) as RawConfig
    expect(told(raw)).toEqual([`error: ${key} is not allowed as a name; remove it`])
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('any JSON Schema', () => {
  const issuesOf = (schema: object, raw: RawConfig) =>
    createChecker(schema)
      .check(raw, [])
      .issues.map(({ path, message }) => `${formatPath(path)} ${message}`)

  const forms = {
    type: 'object',
    anyOf: [
      {
        type: 'object',
        properties: { mode: { const: 'tcp' }, host: { type: 'string' } },
        required: ['mode', 'host'],
      },
      {
        type: 'object',
        properties: { mode: { const: 'rtu' }, path: { type: 'string' }, baud: { type: 'integer' } },
        required: ['mode', 'path'],
      },
    ],
  }

  test('with alternatives: the one that was meant is explained', () => {
    expect(issuesOf(forms, { mode: 'rtu', path: '/dev/ttyS0', baud: '9600' })).toEqual([])
    expect(issuesOf(forms, { mode: 'rtu', baud: 9600 })).toEqual(['path is missing; add it'])
    expect(issuesOf(forms, { mode: 'tcp', host: 'h', pth: 'x' })).toEqual([
      'pth is not known and ignored; did you mean path?',
    ])
    expect(issuesOf(forms, { mode: 'udp' })).toEqual([
      'mode is the text "udp", but must be one of tcp, rtu',
    ])
    expect(issuesOf(forms, {})).toEqual(['mode is missing; it must be one of tcp, rtu'])
  })

  test('one of several required', () => {
    const schema = {
      type: 'object',
      properties: { host: { type: 'string' }, path: { type: 'string' } },
      anyOf: [{ required: ['host'] }, { required: ['path'] }],
    }
    expect(issuesOf(schema, {})).toEqual([' needs one of host, path'])
  })

  test('with references, lists and inner objects', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      $defs: { unit: { type: 'integer', minimum: 0 } },
      properties: {
        units: { type: 'array', items: { $ref: '#/$defs/unit' } },
        inner: { type: 'object', properties: { a: { type: 'boolean', default: true } } },
        tags: { type: 'object', additionalProperties: { type: 'number' } },
        free: {},
      },
    }
    const raw = { units: ['1', 2n], inner: { b: 1 }, tags: { x: '1.5' }, free: { any: [null] } }
    expect(createChecker(schema).check(raw, []).value).toEqual({
      units: [1, 2],
      inner: { a: true },
      tags: { x: 1.5 },
      free: { any: [null] },
    })
    expect(issuesOf(schema, { units: [1, -1] })).toEqual(['units[1] is -1, but must be at least 0'])
    expect(issuesOf(schema, { inner: { aa: 1 } })).toEqual([
      'inner.aa is not known and ignored; did you mean a?',
    ])
  })

  test('an empty one expects nothing; none at all takes everything', () => {
    expect(issuesOf({ type: 'object', properties: {} }, { a: 1 })).toEqual([
      'a is not known and ignored; nothing is expected here',
    ])
    expect(createChecker({ type: 'object' }).check({ a: [1] }, []).value).toEqual({ a: [1] })
  })

  test('that is wrong is a bug of the driver', () => {
    for (const schema of [{ type: 'objekt' }, { tpye: 'object' }]) {
      expect(() => createChecker(schema)).toThrow('[internal] the schema of the driver')
    }
  })
})

describe('whatever comes', () => {
  const json = fc.jsonValue() as fc.Arbitrary<RawValue>
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(schema.properties), '__proto__', 'toString', 'constructor'),
    fc.string(),
  )
  const scalar = fc.oneof(
    json,
    fc.bigInt(),
    fc.double(),
    fc.string().map((text) => text + '0'),
  )

  test('raw stays as it is, Object.prototype too, and there is a value or an error', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    fc.assert(
      fc.property(fc.array(fc.tuple(key, scalar)), (entries) => {
        const raw: RawConfig = Object.fromEntries<RawValue>(entries)
        const copy = structuredClone(raw)
        const { value, issues } = check(raw)
        expect(raw).toEqual(copy)
        const hasError = issues.some(({ severity }) => severity === 'error')
        expect(hasError).toBe(value === undefined)
        for (const issue of issues) {
          expect(issue.path.slice(0, 3)).toEqual(path)
          expect(issue.message).toMatch(/^(is|has|needs) [^\n]{1,300}$/)
        }
      }),
      { numRuns: 500 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })

  test('a checked value passes again and comes out the same', () => {
    const good = fc.record(
      { host: fc.string(), port: fc.integer({ min: 1, max: 65535 }), rs485: fc.boolean() },
      { requiredKeys: ['host'] },
    )
    fc.assert(
      fc.property(good, (raw) => {
        const { value } = check(raw)
        expect(check(value as RawConfig)).toEqual({ value, issues: [] })
      }),
    )
  })

  test('a very deep configuration is refused', () => {
    let deep: RawValue = 1
    for (let depth = 0; depth < 100_000; depth++) deep = { a: deep }
    const { issues } = createChecker({ type: 'object' }).check({ a: deep }, [])
    expect(issues[0]?.message).toMatch(/nested more than 32 levels/)
  })
})

test('a path reads like the custom resource', () => {
  expect(formatPath(['spec', 'properties', 2, 'visitors', 'configData', 'address'])).toBe(
    'spec.properties[2].visitors.configData.address',
  )
  expect(formatPath(['spec', 'a b', 'x.y'])).toBe('spec["a b"]["x.y"]')
  expect(formatPath([])).toBe('')
})
