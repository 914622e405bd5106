import { expect, it } from 'vitest'
import { parseEventFields } from './event-fields.ts'

const name = (namespace: number | string, text: string) => ({ namespace, name: text })

it('reads fields and fields of fields', () => {
  expect(parseEventFields('Time, EnabledState/Id,2:Batch,nsu=urn:a,b/c;Lot,{urn:x,y}Z')).toEqual([
    { label: 'Time', path: [name(0, 'Time')] },
    { label: 'EnabledState/Id', path: [name(0, 'EnabledState'), name(0, 'Id')] },
    { label: '2:Batch', path: [name(2, 'Batch')] },
    { label: 'nsu=urn:a,b/c;Lot', path: [name('urn:a,b/c', 'Lot')] },
    { label: '{urn:x,y}Z', path: [name('urn:x,y', 'Z')] },
  ])
})

it('takes escaped commas and slashes for a part of the name', () => {
  expect(parseEventFields('a&,b,c&/d')).toEqual([
    { label: 'a&,b', path: [name(0, 'a,b')] },
    { label: 'c&/d', path: [name(0, 'c/d')] },
  ])
})

it.each([
  ['', /has an empty field/],
  ['Time,', /has an empty field/],
  ['a//b', /has no name/],
  ['2:', /has no name/],
  ['Time,Time', /has Time twice/],
  [Array.from({ length: 65 }, (_, at) => `f${at}`).join(), /more than 64 fields/],
])('refuses %j', (text, message) => {
  expect(() => parseEventFields(text)).toThrow(message)
})
