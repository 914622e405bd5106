import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatValue, limitProblem, parseLimits, parseValue } from './convert.ts'
import type { ModelProperty, PropertyType } from './device.ts'
import type { Value } from './driver.ts'
import { MapperError } from './errors.ts'
import { isLegalValue } from './alphabet.ts'

const codeOf = (call: () => unknown) => {
  try {
    call()
  } catch (thrown) {
    if (thrown instanceof MapperError) return thrown.code
    throw thrown
  }
  return 'no error'
}

describe('formatValue', () => {
  test.each<[PropertyType, Value, string]>([
    ['INT', 42, '42'],
    ['INT', -0, '0'],
    ['INT', 1e15, '1000000000000000'],
    ['INT', 2 ** 60, '1152921504606846976'],
    ['INT', -(2n ** 63n), '-9223372036854775808'],
    ['INT', 2n ** 64n - 1n, '18446744073709551615'],
    ['INT', true, '1'],
    ['INT', false, '0'],
    ['INT', '0042', '42'],
    ['FLOAT', 0.10000000149011612, '0.1'],
    ['FLOAT', 21.5, '21.5'],
    ['DOUBLE', 0.10000000149011612, '0.10000000149011612'],
    ['DOUBLE', 1e21, '1000000000000000000000'],
    ['DOUBLE', 1e-7, '0.0000001'],
    ['DOUBLE', -0, '0'],
    ['DOUBLE', 2n ** 64n, '18446744073709551616'],
    ['BOOLEAN', true, 'true'],
    ['BOOLEAN', 0, 'false'],
    ['BOOLEAN', 1n, 'true'],
    ['BOOLEAN', 'ON', 'true'],
    ['STRING', 'Kessel 1', 'Kessel 1'],
    ['STRING', 1e21, '1000000000000000000000'],
    ['STRING', 2n ** 70n, '1180591620717411303424'],
    ['STRING', false, 'false'],
    ['STRING', Uint8Array.of(0, 255), '00ff'],
    ['BYTES', Uint8Array.of(0, 171, 255), '00abff'],
    ['BYTES', new Uint8Array(), ''],
    ['BYTES', '0xABcd', 'abcd'],
  ])('%s of %s is %s', (type, value, text) => expect(formatValue(value, type)).toBe(text))

  test.each<[PropertyType, Value]>([
    ['INT', 1.5],
    ['INT', NaN],
    ['INT', Infinity],
    ['INT', -(2n ** 63n) - 1n],
    ['INT', 2n ** 64n],
    ['INT', 1e30],
    ['INT', '1.0'],
    ['INT', Uint8Array.of(1)],
    ['FLOAT', NaN],
    ['DOUBLE', -Infinity],
    ['DOUBLE', '21,5'],
    ['DOUBLE', 10n ** 600n],
    ['DOUBLE', Uint8Array.of(1)],
    ['BOOLEAN', 2],
    ['BOOLEAN', NaN],
    ['BOOLEAN', 'ok'],
    ['STRING', NaN],
    ['BYTES', 'zz'],
    ['BYTES', 255],
  ])('%s refuses %s', (type, value) =>
    expect(codeOf(() => formatValue(value, type))).toBe('bad_data'),
  )

  test('a stream is no twin', () => {
    expect(codeOf(() => formatValue(1, 'STREAM'))).toBe('unsupported')
    expect(codeOf(() => parseValue('1', 'STREAM'))).toBe('unsupported')
  })
})

describe('parseValue', () => {
  const traps = ['', ' ', '12abc', '１２', '0x10', ' 12', '12 ', '1_000', 'NaN', 'Infinity', 'null']

  test.each([...traps, '1e3', '42.0', '+-1', '--1', '1'.repeat(600), '18446744073709551616'])(
    'INT refuses %j',
    (text) => expect(codeOf(() => parseValue(text, 'INT'))).toBe('bad_data'),
  )
  test.each([...traps, '1e400', '1,5', '.', 'e5', '1'.repeat(600)])('DOUBLE refuses %j', (text) =>
    expect(codeOf(() => parseValue(text, 'DOUBLE'))).toBe('bad_data'),
  )
  test.each(['', ' ', 'null', '2', 'truee', '"false"', ' true', 'ok', '０'])(
    'BOOLEAN refuses %j',
    (text) => expect(codeOf(() => parseValue(text, 'BOOLEAN'))).toBe('bad_data'),
  )
  test.each(['0x1', 'abc', '00 11', 'gg', '0x0x00'])('BYTES refuses %j', (text) =>
    expect(codeOf(() => parseValue(text, 'BYTES'))).toBe('bad_data'),
  )

  test.each<[PropertyType, string, Value]>([
    ['INT', '-42', -42],
    ['INT', '+7', 7],
    ['INT', '007', 7],
    ['INT', '-0', 0],
    ['INT', '9007199254740993', 9007199254740993n],
    ['DOUBLE', '-21.5', -21.5],
    ['DOUBLE', '1e-3', 0.001],
    ['DOUBLE', '.5', 0.5],
    ['DOUBLE', '-0', 0],
    ['FLOAT', '3', 3],
    ['STRING', ' as it is ', ' as it is '],
    ['BYTES', '0x0aFF', Uint8Array.of(10, 255)],
  ])('%s %j is %s', (type, text, value) => expect(parseValue(text, type)).toEqual(value))

  const yes = ['1', 't', 'T', 'TRUE', 'true', 'True', 'on', 'ON', 'yes', 'Yes']
  const no = ['0', 'f', 'F', 'FALSE', 'false', 'False', 'off', 'Off', 'no', 'NO']
  test.each(yes)('BOOLEAN %s is true', (text) => expect(parseValue(text, 'BOOLEAN')).toBe(true))
  test.each(no)('BOOLEAN %s is false', (text) => expect(parseValue(text, 'BOOLEAN')).toBe(false))

  test('any text gives a value of the type or bad_data', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[-+0-9.eExX ]{0,12}$/),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const type of ['INT', 'FLOAT', 'DOUBLE', 'BOOLEAN', 'BYTES'] as const) {
          const code = codeOf(() => {
            const value = parseValue(text, type)
            expect(isLegalValue(formatValue(value, type))).toBe(true)
          })
          expect(['no error', 'bad_data']).toContain(code)
        }
      }),
    )
  })

  test('an error says what is accepted, and does not repeat a novel', () => {
    expect(() => parseValue('12abc', 'INT')).toThrow(/"12abc" is not an integer; write digits/)
    expect(() => parseValue('x'.repeat(1_000_000), 'BOOLEAN')).toThrow(/^.{1,250}$/)
  })
})

describe('round trips', () => {
  const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
  const isSame = (value: Value, type: PropertyType) => {
    expect(parseValue(formatValue(value, type), type)).toEqual(value)
  }

  test('INT', () => {
    fc.assert(
      fc.property(int, (value) => {
        const back = parseValue(formatValue(value, 'INT'), 'INT')
        expect(BigInt(back as number | bigint)).toBe(value)
        expect(typeof back).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint')
      }),
    )
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => isSame(value, 'INT')))
  })
  test('DOUBLE', () => {
    fc.assert(fc.property(finite, (value) => isSame(value + 0, 'DOUBLE')))
  })
  test('FLOAT keeps the float32', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(float, (value) => {
        const back = parseValue(formatValue(value, 'FLOAT'), 'FLOAT')
        expect(Math.fround(back as number)).toBe(value + 0)
      }),
    )
  })
  test('BOOLEAN, STRING and BYTES', () => {
    fc.assert(fc.property(fc.boolean(), (value) => isSame(value, 'BOOLEAN')))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => isSame(value, 'STRING')))
    fc.assert(fc.property(fc.uint8Array(), (value) => isSame(value, 'BYTES')))
  })
  test('numbers, booleans and bytes always fit the alphabet of EdgeCore', () => {
    fc.assert(
      fc.property(finite, int, (real, integer) => {
        for (const type of ['FLOAT', 'DOUBLE', 'STRING'] as const) {
          expect(isLegalValue(formatValue(real, type))).toBe(true)
        }
        expect(isLegalValue(formatValue(integer, 'INT'))).toBe(true)
      }),
    )
  })
})

describe('limits', () => {
  const property = (limits: Partial<ModelProperty>): ModelProperty => ({
    name: 'level',
    type: 'DOUBLE',
    accessMode: 'ReadWrite',
    ...limits,
  })

  test('are read from the texts of the model', () => {
    expect(parseLimits(property({ minimum: '-20', maximum: '150.5' }))).toEqual({
      limits: { minimum: -20, maximum: 150.5 },
    })
    expect(parseLimits(property({ minimum: '', maximum: ' 5 ' }))).toEqual({
      limits: { maximum: 5 },
    })
    expect(parseLimits(property({}))).toEqual({ limits: {} })
  })

  test('are exact beyond 2^53', () => {
    const { limits } = parseLimits(property({ type: 'INT', maximum: '9007199254740993' }))
    expect(limits).toEqual({ maximum: 9007199254740993n })
    expect(limitProblem(9007199254740993n, limits)).toBeUndefined()
    expect(limitProblem(9007199254740994n, limits)).toBe(
      '9007199254740994 is above the maximum 9007199254740993',
    )
  })

  test.each(['ten', '1,5', '0x10', 'NaN', 'Infinity', '--1'])('%j is no limit', (maximum) => {
    const { limits, problem } = parseLimits(property({ minimum: '1', maximum }))
    expect(limits).toEqual({ minimum: 1 })
    expect(problem).toMatch(/maximum .* is not a number and is ignored/)
  })

  test('that exclude everything are ignored', () => {
    expect(parseLimits(property({ minimum: '10', maximum: '5' }))).toEqual({
      limits: {},
      problem: 'minimum 10 is above maximum 5; both are ignored',
    })
  })

  test('of a text mean nothing', () => {
    const { limits, problem } = parseLimits(property({ type: 'STRING', maximum: '5' }))
    expect(limits).toEqual({})
    expect(problem).toMatch(/no meaning for STRING/)
  })

  test('say which one is violated', () => {
    const limits = { minimum: -20, maximum: 150 }
    expect(limitProblem(150.5, limits)).toBe('150.5 is above the maximum 150')
    expect(limitProblem(-21n, limits)).toBe('-21 is below the minimum -20')
    expect(limitProblem('151', limits)).toBe('151 is above the maximum 150')
    for (const fine of [-20, 150, 0n, true, 'text', Uint8Array.of(1)]) {
      expect(limitProblem(fine, limits)).toBeUndefined()
    }
  })
})
