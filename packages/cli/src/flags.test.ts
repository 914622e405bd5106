import { describe, expect, test } from 'vitest'
import { choices, milliseconds, numbers, range, whole } from './flags.ts'

describe('option values', () => {
  test('lists of numbers', () => {
    expect(numbers('1-4,20,3', 1, 255)).toEqual([1, 2, 3, 4, 20])
    expect(numbers('7', 1, 255)).toEqual([7])
    for (const text of ['', '0', '256', '1-', '5-1', '1..3', 'x']) {
      expect(() => numbers(text, 1, 255)).toThrow()
    }
  })

  test('ranges', () => {
    expect(range('0-999', 0, 65_535)).toEqual({ from: 0, to: 999 })
    expect(range('5', 0, 65_535)).toEqual({ from: 5, to: 5 })
    expect(() => range('9-5', 0, 65_535)).toThrow('backwards')
  })

  test('single numbers and words', () => {
    expect(milliseconds('250')).toBe(250)
    expect(() => milliseconds('0')).toThrow('whole number from 1')
    expect(() => whole('1.5', 0, 9)).toThrow('whole number from 0 to 9')
    expect(choices('b,a', ['a', 'b'])).toEqual(['b', 'a'])
    expect(() => choices('a,c', ['a', 'b'])).toThrow('a, b')
  })
})
