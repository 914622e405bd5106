import { isLegalName } from '@mapper-sdk/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { propertyNames, resourceName } from './property-names.ts'

test.each<readonly [ways: string, names: string]>([
  ['Line/Speed Line/Power', 'Speed Power'],
  ['A/Speed B/Speed', 'A.Speed B.Speed'],
  ['Hall/A/x/Speed Hall/B/x/Speed Speed', 'A.x.Speed B.x.Speed Speed'],
  ['A/Speed A/Speed', 'A.Speed A.Speed_2'],
  ['größe/%', 'gro_e'],
  ['température', 'temperature'],
  ['温度 圧力', 'node node_2'],
  ['ns=2;s=in.ner', 'ns_2_s_in_ner'],
  ['Speed Speed Speed_2', 'Speed Speed_3 Speed_2'],
])('%s are called %s', (ways, names) => {
  const all = ways.split(' ').map((way) => way.split('/'))
  expect(propertyNames(all)).toEqual(names.split(' '))
})

const part = fc.oneof(fc.constantFrom('A', 'B', 'A.B', 'ä', '', '_', 'x'.repeat(90)), fc.string())

test('all names are legal and unique, and come again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { maxLength: 30 }),
      (ways) => {
        const names = propertyNames(ways)
        expect(names).toHaveLength(ways.length)
        expect(new Set(names).size).toBe(ways.length)
        for (const name of names) expect(isLegalName(name), name).toBe(true)
        expect(propertyNames(ways)).toEqual(names)
      },
    ),
  )
})

test('thousands of one name are named in no time', () => {
  const names = propertyNames(Array.from({ length: 20_000 }, () => ['Speed']))
  expect(new Set(names).size).toBe(20_000)
})

test('a resource has lower case letters', () => {
  expect(resourceName('Line 1_Süd!')).toBe('line-1-sud')
  expect(resourceName('温度')).toBe('')
})
