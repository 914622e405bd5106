import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from './driver.ts'
import { applyOptions, invertOptions, isChange, readValueOptions } from './value-options.ts'
import type { ValueOptions } from './value-options.ts'

const withOptions = (options: Omit<ValueOptions, 'desiredPolicy'>): ValueOptions => ({
  desiredPolicy: 'onChange',
  ...options,
})
const none = withOptions({})

describe('applyOptions', () => {
  test.each<[Value, Omit<ValueOptions, 'desiredPolicy'>, Value]>([
    [215, { scale: 0.1 }, 21.5],
    [3, { scale: 0.1 }, 0.3],
    [-7, { scale: 0.001, offset: 40 }, 39.993],
    [0.1, { offset: 0.2 }, 0.3],
    [0, { scale: -1 }, 0],
    [2.5, { decimals: 0 }, 2],
    [3.5, { decimals: 0 }, 4],
    [2.675, { decimals: 2 }, 2.68],
    [21.4567, { decimals: 1 }, 21.5],
    [2n ** 63n, { scale: 1, offset: 0 }, 2n ** 63n],
    [9007199254740993n, { scale: 2, offset: 1 }, 18014398509481987n],
    [9007199254740993n, { decimals: 2 }, 9007199254740993n],
    [9007199254740993n, { scale: 0.1 }, 900719925474099.2],
    [2 ** 40, { scale: 2 ** 20 }, 2n ** 60n],
    [true, { scale: 10 }, true],
    ['21.5', { scale: 10 }, 215],
  ])('%s with %o is %s', (value, options, result) =>
    expect(applyOptions(value, withOptions(options))).toBe(result),
  )

  test.each([NaN, Infinity, 'abc', '1e3', Uint8Array.of(1)])('%s cannot be scaled', (value) => {
    expect(() => applyOptions(value, withOptions({ scale: 2 }))).toThrow('[bad_data]')
  })

  test('without options every value is itself', () => {
    const any = fc.oneof(fc.double(), fc.bigInt(), fc.string(), fc.boolean(), fc.uint8Array())
    fc.assert(
      fc.property(any, (value) => {
        expect(applyOptions(value, none)).toBe(value)
        expect(invertOptions(value, none)).toBe(value)
      }),
    )
  })
})

describe('invertOptions', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const power = fc.nat(9).map((k) => Number(`1e-${k}`))

  test('gives back every int32, whatever power of ten and offset', () => {
    const offset = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000)
    fc.assert(
      fc.property(int32, power, offset, (raw, scale, offset) => {
        const options = withOptions({ scale, offset })
        expect(invertOptions(applyOptions(raw, options), options)).toBe(raw)
      }),
      { numRuns: 1000 },
    )
  })

  test('gives back every int32 with any scale', () => {
    const scale = fc
      .double({ min: 1e-6, max: 1e6, noNaN: true })
      .chain((size) => fc.constantFrom(size, -size))
    fc.assert(
      fc.property(int32, scale, (raw, scale) => {
        const options = withOptions({ scale })
        expect(invertOptions(applyOptions(raw, options), options)).toBe(raw)
      }),
      { numRuns: 1000 },
    )
  })

  test('gives back every int64 with integer scale and offset', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(int64, fc.integer({ min: 1, max: 1000 }), fc.integer(), (raw, scale, offset) => {
        const options = withOptions({ scale, offset })
        const back = invertOptions(applyOptions(raw, options), options)
        expect(BigInt(back as bigint | number)).toBe(raw)
      }),
    )
  })

  test('gives back floats as near as doubles are', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(float, power, (raw, scale) => {
        const options = withOptions({ scale })
        const back = invertOptions(applyOptions(raw, options), options) as number
        expect(Math.abs(Number(back) - raw)).toBeLessThanOrEqual(Math.abs(raw) * 1e-9)
      }),
    )
  })

  test('what was written reads the same again', () => {
    const decimals = fc.option(fc.nat(6), { nil: undefined })
    fc.assert(
      fc.property(int32, power, decimals, (raw, scale, decimals) => {
        const options = withOptions({ scale, ...(decimals !== undefined && { decimals }) })
        const shown = applyOptions(raw, options)
        expect(applyOptions(invertOptions(shown, options), options)).toBe(shown)
      }),
    )
  })

  test('an inexact scale still gives whole numbers, but fractions are kept', () => {
    expect(invertOptions(1, withOptions({ scale: 0.3333333333333333 }))).toBe(3)
    expect(invertOptions(21.57, withOptions({ scale: 0.1 }))).toBe(215.7)
    expect(invertOptions(1234567895.5, withOptions({ offset: 5 }))).toBe(1234567890.5)
    expect(invertOptions(1, withOptions({ scale: 3 }))).toBe(1 / 3)
  })

  test('more decimals than are shown could never be read back', () => {
    const options = withOptions({ scale: 0.1, decimals: 1 })
    expect(invertOptions(21.5, options)).toBe(215)
    expect(() => invertOptions(21.57, options)).toThrow(/21.57 has more than 1 decimals/)
    expect(() => invertOptions(1e308, withOptions({ scale: 1e-10 }))).toThrow(/too large/)
    expect(() => invertOptions('auto', withOptions({ scale: 2 }))).toThrow(/"auto" is not a finite/)
  })
})

describe('a map', () => {
  const modes = readValueOptions({ map: '0=off, 1=on ,2=auto,-1=fault' })

  test.each<[Value, Value]>([
    [0, 'off'],
    [1n, 'on'],
    [-1, 'fault'],
    [true, 'on'],
    ['2', 'auto'],
    [7, 7],
  ])('%s reads as %s', (raw, text) => expect(applyOptions(raw, modes)).toBe(text))

  test('is inverted on write', () => {
    expect(invertOptions('auto', modes)).toBe(2)
    expect(invertOptions('fault', modes)).toBe(-1)
    expect(invertOptions(true, modes)).toBe(1)
    expect(() => invertOptions('Auto', modes)).toThrow(/"Auto" is not in the map; it has off, on/)
    expect(() => invertOptions('7', modes)).toThrow('[bad_data]')
  })

  test('comes after scaling', () => {
    const options = readValueOptions({ scale: 0.1, map: '0.5=half,1=full' })
    expect(applyOptions(5, options)).toBe('half')
    expect(invertOptions('full', options)).toBe(10)
  })

  test('may be an object, and may swap booleans', () => {
    const options = readValueOptions({ map: { 0: 'true', 1: 'false' } })
    expect(applyOptions(false, options)).toBe('true')
    expect(invertOptions(true, options)).toBe(0)
    const coil = readValueOptions({ map: 'true=open,false=closed' })
    expect(invertOptions('open', coil)).toBe(true)
    expect(applyOptions(false, coil)).toBe('closed')
  })

  test('never shows one value as another', () => {
    expect(() => applyOptions(7, readValueOptions({ map: '0=7,1=8' }))).toThrow(/another value/)
  })

  test.each(['', 'off,on', '0=off,', '=off', '0=a,0=b', '1=a,01=b', '1=a,1.0=b'])(
    '%j makes no sense',
    (map) => expect(() => readValueOptions({ map })).toThrow('[invalid_config]'),
  )
})

describe('isChange', () => {
  test.each<[string | undefined, string, boolean]>([
    [undefined, '', true],
    ['1', '1', false],
    ['1', '2', true],
    ['off', 'on', true],
  ])('without a deadband %s → %s: %s', (previous, next, change) =>
    expect(isChange(previous, next, none)).toBe(change),
  )

  test.each<[string, string, number, number, boolean]>([
    ['21.5', '21.6', 0.1, 0, false],
    ['21.5', '21.4', 0.1, 0, false],
    ['21.5', '21.61', 0.1, 0, true],
    ['100', '101', 0, 1, false],
    ['100', '98.9', 0, 1, true],
    ['-100', '-101.1', 0, 1, true],
    ['0', '0.001', 0, 1, true],
    ['0', '0.4', 0.5, 1, false],
    ['1000', '1005', 0.5, 1, false],
    ['1000', '1011', 0.5, 1, true],
    ['off', 'on', 5, 0, true],
    ['off', '1', 5, 0, true],
    ['9007199254740993', '9007199254740994', 1, 0, false],
    ['9007199254740993', '9007199254740995', 1, 0, true],
  ])('%s → %s with ±%s and %s %%: %s', (previous, next, deadband, deadbandPercent, change) =>
    expect(isChange(previous, next, withOptions({ deadband, deadbandPercent }))).toBe(change),
  )

  test('texts of any kind are compared', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isChange(a, a, withOptions({ deadband: 1 }))).toBe(false)
        expect(isChange(a, b, none)).toBe(a !== b)
      }),
    )
  })
})
