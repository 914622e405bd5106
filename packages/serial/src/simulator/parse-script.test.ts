import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { parseSimulatorScript } from './parse-script.ts'
import { scriptedDevice } from './scripted-device.ts'

const folder = new URL('../../recipes/', import.meta.url)
const recipeOf = (file: string) => parseRecipe(readFileSync(new URL(file, folder), 'utf8'), file)
const parse = (lines: readonly string[], recipe = 'mt-sics-scale.yaml') =>
  parseSimulatorScript([`recipe: ${recipe}`, ...lines].join('\n'), 'x.yaml', recipeOf)

const answers = ['answers:', '  - when: { pattern: x }']

describe('a simulator script', () => {
  it.each<[readonly string[], string]>([
    [[], 'x.yaml:1:1: neither answers nor sends anything; add answers'],
    [['stat: {}'], 'x.yaml:2:1: stat is not known; did you mean state?'],
    [
      ['state:', '  a: { initial: 1, vary: { shape: walk, minimum: 3, maximum: 2 } }', ...answers],
      'x.yaml:3:53: state.a.vary.maximum is 2, which is less than minimum: 3',
    ],
    [
      ['state:', '  a: { initial: 1, vary: { shape: wlak } }', ...answers],
      'x.yaml:3:28: state.a.vary.shape is the text "wlak", but must be one of walk, sine, ramp',
    ],
    [['state: { a: { initial: x } }', ...answers], 'x.yaml:2:15: state.a.initial a is "x"'],
    [['state: { a: {} }', ...answers], 'x.yaml:2:10: state.a has no initial value; add initial'],
    [
      ['state: { a: { initial: 1, vary: { shape: follow, target: b, step: 1 } } }', ...answers],
      'state.a.vary.target is b, which is no state',
    ],
    [
      [
        'state: { a: { type: integer, initial: 1, vary: { shape: follow, target: a, step: 0.5 } } }',
      ],
      'state.a.vary.step is 0.5, but the state is an integer',
    ],
    [
      ['state: { a: { type: text, initial: 1, vary: { shape: ramp, minimum: 1, maximum: 2 } } }'],
      'state.a.vary.shape is ramp, but a text can only cycle',
    ],
    [
      ['state: { a: { initial: 1, vary: { shape: cycle, values: [1, b] } } }', ...answers],
      'x.yaml:2:61: state.a.vary.values[1] a is "b", but must be a number',
    ],
    [
      ['state: { a: { expression: a + 1 } }', ...answers],
      'x.yaml:2:15: state.a.expression has a, which is no number that is kept',
    ],
    [['state: { a: { initial: 1, expression: 1 } }', ...answers], 'contradicts initial'],
    [['state: { 1a: { initial: 1 } }', ...answers], 'state.1a is no name'],
    [['answers:', '  - when: { pattern: "(" }'], 'x.yaml:3:5: answers[0].when pattern ('],
    [
      [...answers, '    answer: [x, "{b}"]'],
      'x.yaml:4:17: answers[0].answer[1] "{b}" has {b}, which is not known; there is none',
    ],
    [[...answers, '    set: { a: { to: "1" } }'], 'x.yaml:4:12: answers[0].set.a is no state'],
    [[...answers, '    if: { a: "1" }'], 'x.yaml:4:11: answers[0].if.a is no state'],
    [
      ['state: { a: { initial: 1 } }', ...answers, '    set: { a: { to: b } }'],
      'x.yaml:5:17: answers[0].set.a.to a is "b", but must be a number',
    ],
    [
      ['state: { a: { initial: 1 } }', ...answers, '    set: { a: { group: b } }'],
      'x.yaml:5:12: answers[0].set.a group b is not there',
    ],
    [
      ['state: { a: { initial: 1 } }', ...answers, '    set: { a: { to: "1", group: b } }'],
      'answers[0].set.a.to contradicts the rest',
    ],
    [
      ['state: { a: { initial: 1 } }', 'answers:', '  - when: { pattern: "(?<a>x)" }'],
      'has the group a, which is a state or setting; rename it',
    ],
    [[...answers, '    frame: { type: delimiter }'], 'x.yaml:4:5: answers[0].frame'],
    [
      ['sends:', '  - { everyMs: 1, payload: x }'],
      'x.yaml:3:7: sends[0].everyMs is 1, but must be at least 10',
    ],
  ])('%j is refused with its place', (lines, message) => {
    expect(() => parse(lines)).toThrow(message)
  })

  it('has the settings of its recipe', () => {
    const station = 'weather-station.yaml'
    expect(() => parse(['params: { address: 12 }', ...answers], station)).toThrow(
      'x.yaml:2:1: params address is "12", but must look like',
    )
    expect(() => parse(['state: { address: { initial: 1 } }', ...answers], station)).toThrow(
      'state.address is a setting of the recipe as well; rename it',
    )
    const { script, recipe } = parse([...answers, '    answer: "{address}"'], station)
    const say = (params: Record<string, string>) => {
      const payload = Buffer.from('x')
      const request = { good: true as const, payload, raw: payload, offset: 0, atMs: 0 }
      const [said] = scriptedDevice(script, recipe, { params }).answer(request) ?? []
      return Buffer.from(said?.bytes ?? []).toString()
    }
    expect(say({})).toBe('0\r\n')
    expect(say({ address: 'q' })).toBe('q\r\n')
    expect(() => say({ address: '' })).toThrow('must look like')
  })

  it('is refused where it is given as data as well', () => {
    const recipe = recipeOf('mt-sics-scale.yaml')
    const wrong = { recipe: 'x', answers: [{ when: {} }] }
    expect(() => scriptedDevice(wrong, recipe)).toThrow('answers.0.when says nothing')
  })

  it('changes nothing by a request that is half wrong, and sets before it answers', () => {
    const { script, recipe } = parse([
      'state: { a: { initial: 1 }, b: { initial: 2 }, sum: { expression: a + b } }',
      'answers:',
      '  - when: { pattern: "^(?<one>[^,]*),(?<two>.*)$" }',
      '    set: { a: { group: one }, b: { group: two, scale: 10 } }',
      '    answer: ["{a} {b}", "{sum}"]',
    ])
    const device = scriptedDevice(script, recipe)
    const ask = (text: string) => {
      const payload = Buffer.from(text)
      const said = device.answer({ good: true, payload, raw: payload, offset: 0, atMs: 0 })
      return said?.map(({ bytes }) => Buffer.from(bytes).toString())
    }
    expect(ask('3,0.4')).toEqual(['3 4\r\n', '7\r\n'])
    expect(() => ask('5,x')).toThrow('no number')
    expect(device.state.get('a')).toBe(3)
    expect(ask('nothing')).toBeUndefined()
    expect(() => device.state.set('sum', 1)).toThrow('sum is computed by a + b')
    expect(() => device.state.set('c', 1)).toThrow('c is no state; the device has a, b, sum')
    expect(() => device.state.set('a', 'x')).toThrow('must be a number')
  })
})
