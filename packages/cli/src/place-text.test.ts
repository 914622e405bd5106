import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePlaceText } from './place-text.ts'

describe('parsePlaceText', () => {
  test.each([
    ['192.0.2.7:502,unit=3', { head: '192.0.2.7:502', words: { unit: '3' } }],
    ['tcp://h?unit=3', { head: 'tcp://h?unit=3', words: {} }],
    ['host=h,port=1502', { words: { host: 'h', port: '1502' } }],
    ['holding:10,type=float32', { head: 'holding:10', words: { type: 'float32' } }],
    ['5,map=0=off,1=on,scale=1', { head: '5', words: { map: '0=off,1=on', scale: '1' } }],
    ['nodeId=ns=2;s=Boiler', { words: { nodeId: 'ns=2;s=Boiler' } }],
    ['7,unit=', { head: '7', words: { unit: '' } }],
  ])('%s', (text, parts) => expect(parsePlaceText(text)).toEqual(parts))

  test.each([
    ['', 'begins with nothing'],
    [',unit=3', 'begins with nothing'],
    ['10,float32', 'has "float32" where key=value belongs'],
    ['10,type=int16,type=int32', 'says type twice'],
  ])('refuses %j', (text, message) => expect(() => parsePlaceText(text)).toThrow(message))

  test('takes apart whatever was put together', () => {
    const key = fc.stringMatching(/^[A-Za-z_][\w.-]{0,8}$/)
    const value = fc.stringMatching(/^[^,]{0,12}$/)
    const head = fc.stringMatching(/^[/\d:][^,]{0,12}$/)
    fc.assert(
      fc.property(
        head,
        fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k }),
        (text, pairs) => {
          const whole = [text, ...pairs.map(([k, v]) => `${k}=${v}`)].join(',')
          const { head: found, words } = parsePlaceText(whole)
          expect(found).toBe(text)
          expect(Object.entries(words).sort()).toEqual(pairs.map(([k, v]) => [k, v]).sort())
        },
      ),
    )
  })
})
