import type { Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRecipe } from './compile-recipe.ts'
import { resolveParams } from './params.ts'
import { parseRecipe } from './parse-recipe.ts'
import { playTranscript } from './play-transcript.ts'
import { parseTranscript } from './transcript.ts'

const good = `name: Heater
params:
  address: { type: integer, minimum: 1, maximum: 99 }
frame: { type: delimiter, end: <CR> }
reserved: ';'
exchanges:
  read:
    request: '{address:02d}?'
    response:
      pattern: '^(?<from>\\d\\d)=(?<value>.*)$'
      groups: { from: '{address:02d}' }
values:
  temperature: { from: read, group: value, unit: °C }
writes:
  target:
    request: '{address:02d}={value:.1f}'
    maximum: 90
    noResponse: true
    readBack: temperature
  label:
    request: '{address:02d}L{value}'
    type: text
    noResponse: true
`

const told = (text: string): string => {
  try {
    parseRecipe(text, 'heater.yaml')
    return 'nothing'
  } catch (thrown) {
    return String(thrown).replace(/^MapperError: /, '')
  }
}
const changed = (from: string, to: string) => told(good.replace(from, to))

describe('a recipe', () => {
  it('is read as it is written', () => {
    const recipe = parseRecipe(good, 'heater.yaml')
    expect(recipe.name).toBe('Heater')
    expect(recipe.params?.['address']).toEqual({ type: 'integer', minimum: 1, maximum: 99 })
    const prefixed = good.replace('pattern:', 'prefix: 01\n      pattern:')
    expect(parseRecipe(prefixed, 'x').exchanges?.['read']?.response?.prefix).toBe('01')
    const escaped = good.replace('end: <CR>', 'end: <CR>, escape: { byte: <ESC>, xor: 0x20 }')
    expect(parseRecipe(escaped, 'x').frame).toMatchObject({ escape: { xor: 32 } })
  })

  it.each([
    ['name: Heater\n', '', 'heater.yaml:1:1: name is missing; add it, for example'],
    ['end: <CR>', 'ende: <CR>', 'heater.yaml:4:27: frame.ende is not known; did you mean end?'],
    ['type: delimiter', 'type: delimeter', 'heater.yaml:4:10: frame.type is the text "delimeter"'],
    ['end: <CR>', 'end: hex:0', 'heater.yaml:4:27: frame.end 0 is not hexadecimal'],
    ["';'", "'\\q'", 'heater.yaml:5:1: reserved "\\\\q", character 1: \\q means nothing'],
    [
      '{address:02d}?',
      '{adress:02d}?',
      'heater.yaml:8:5: exchanges.read.request "{adress:02d}?" has {adress}, which is not known; known are address',
    ],
    ['(?<value>.*)', '(?<value>.*', 'heater.yaml:9:5: exchanges.read.response pattern'],
    [
      'groups: { from:',
      'groups: { form:',
      'exchanges.read.response groups has form, but the pattern has only from, value',
    ],
    [
      'from: read',
      'from: reed',
      'heater.yaml:13:18: values.temperature.from is reed, which is not there; there are read',
    ],
    [
      'group: value',
      'group: valve',
      'heater.yaml:13:3: values.temperature group valve is not there; the pattern has from, value',
    ],
    ['{value:.1f}', '1', 'heater.yaml:16:5: writes.target.request does not have {value}'],
    [
      'readBack: temperature',
      'readBack: heat',
      'heater.yaml:19:5: writes.target.readBack is heat, which is not there; there are temperature',
    ],
    [
      'maximum: 90',
      'maximum: 90\n    minimum: 91',
      'writes.target.maximum is 90, which is less than minimum: 91',
    ],
    [
      'maximum: 90',
      'maximum: lots',
      'writes.target.maximum is the text "lots", but must be a number',
    ],
    [
      'maximum: 99 }',
      'maximum: 99 }\n  unit: {}',
      'heater.yaml:4:3: params.unit is never used; write {unit} or remove it',
    ],
    [
      'maximum: 99 }',
      'maximum: 99 }\n  baudrate: {}',
      'heater.yaml:4:3: params.baudrate is a word of every device on a line; rename it',
    ],
    ['maximum: 99 }', 'maximum: 0 }', 'params.address.maximum is 0, which is less than minimum: 1'],
    [
      'maximum: 99 }',
      'maximum: 99, default: 100 }',
      'params.address.default address: 100 is above the maximum 99',
    ],
    [
      'exchanges:',
      'init: [rest]\nexchanges:',
      'init[0] is rest, which is not there; there are read',
    ],
    [
      'exchanges:',
      'keepAlive: { everyMs: 100, exchange: rest }\nexchanges:',
      'keepAlive.exchange is rest',
    ],
    [
      "    request: '{address:02d}?'",
      "    noResponse: true\n    request: '{address:02d}?'",
      'exchanges.read.response contradicts noResponse: true',
    ],
    [
      'frame: { type: delimiter, end: <CR> }',
      "frame: { type: pattern, pattern: 'a' }",
      'frame is a pattern, which says nothing of how requests are framed; add send',
    ],
    ['  temperature:', '  "?":', 'values["?"] is no name'],
    [
      'exchanges:',
      'streams:\n  read: { match: { prefix: a } }\nexchanges:',
      'streams.read is the name of an exchange as well',
    ],
    ['name: Heater', 'name: [', 'heater.yaml:'],
    [
      "'{address:02d}?'",
      "'{address:02d}?'\n    first: [call]",
      'exchanges.read.first[0] is call, which is not there',
    ],
    [
      "'{address:02d}?'",
      "'{address:02d}?'\n    first: [read]",
      'exchanges.read.first[0] is read, which has a first of its own',
    ],
    [
      "'{address:02d}?'",
      "'{address:02d}?'\n    frame: { type: delimiter }",
      'exchanges.read.frame',
    ],
    ['maximum: 90', 'scale: 2\n    lookup: { a: b }', 'writes.target.scale contradicts lookup'],
    [
      'type: text',
      'type: text\n    scale: 2',
      'writes.label.scale is for numbers, but type is text',
    ],
    [
      'maximum: 99 }',
      "maximum: 99, pattern: 'a' }",
      'params.address.pattern is for texts, but type is integer',
    ],
    ['name: Heater', 'name: Heater\nname: Heater', 'heater.yaml:2:1: Map keys must be unique'],
    ['  temperature:', '  __proto__:', 'is not allowed as a name'],
  ])('with %j as %j is refused', (from, to, message) => {
    expect(changed(from, to)).toContain(message)
    expect(changed(from, to)).toMatch(/^\[invalid_config\] heater\.yaml:\d+:\d+: /)
  })

  it('needs something to do, and to be a block', () => {
    expect(told('name: x\nframe: { type: slip }\n')).toContain('has neither values nor writes')
    expect(told('')).toContain('heater.yaml:1:1: the file must be a block of keys')
    expect(told('- a')).toContain('must be a block of keys')
  })

  it('tells all that is wrong', () => {
    const text = good.replace('from: read', 'from: reed').replace('{value:.1f}', '1')
    expect(told(text).split('\n').length).toBe(2)
  })

  it('bounds what it reads', () => {
    expect(told(`name: ${'x'.repeat(300_000)}`)).toContain('the file is longer than 262144')
    expect(told(`name: ${'['.repeat(50_000)}`)).toContain('[invalid_config] heater.yaml:1:')
    const aliases = ['a: &a0 [x, x]']
    for (let n = 1; n < 40; n++) aliases.push(`b${n}: &a${n} [*a${n - 1}, *a${n - 1}]`)
    expect(told(aliases.join('\n'))).toContain('[invalid_config] heater.yaml:1:')
  })

  it('never fails otherwise, whatever is left of it', () => {
    const cut = fc.tuple(
      fc.nat(good.length),
      fc.nat(30),
      fc.constantFrom('', ':', '{', ' ', '\n', '?'),
    )
    fc.assert(
      fc.property(cut, ([at, length, instead]) => {
        const text = told(good.slice(0, at) + instead + good.slice(at + length))
        expect(text).toMatch(/^(nothing|\[invalid_config\] heater\.yaml:\d+:\d+: )/)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the settings of a device', () => {
  const recipe = parseRecipe(good, 'heater.yaml')

  it('are of their types', () => {
    expect(resolveParams(recipe, { address: '7' })).toEqual({ address: 7 })
    expect(resolveParams(recipe, { address: 7 })).toEqual({ address: 7 })
    const text = good
      .replace('type: integer, minimum: 1, maximum: 99', () => "pattern: '^[0-9A-Z]$'")
      .replaceAll('{address:02d}', '{address}')
    const lettered = parseRecipe(text, 'x')
    expect(resolveParams(lettered, { address: 'A' })).toEqual({ address: 'A' })
    expect(() => resolveParams(lettered, { address: 'AB' })).toThrow(
      '[invalid_config] address is "AB", but must look like ^[0-9A-Z]$',
    )
  })

  it.each([
    [{}, 'address is missing; add it'],
    [{ address: 'x' }, 'address is "x", but must be a whole number'],
    [{ address: 1.5 }, 'address is 1.5, but must be a whole number'],
    [{ address: 100 }, 'address: 100 is above the maximum 99'],
    [{ address: 1, unit: 2 }, 'unit is no setting of Heater, which has address'],
  ])('are refused: %j', (given, message) => {
    expect(() => resolveParams(recipe, given)).toThrow(message)
    expect(() => resolveParams(recipe, given)).toThrow('[invalid_config]')
  })
})

describe('a compiled recipe', () => {
  const ready = compileRecipe(parseRecipe(good, 'heater.yaml'))
  const read = ready.exchanges.get('read')
  const label = ready.writes.get('label')
  const target = ready.writes.get('target')
  const bytes = (text: string) => Uint8Array.from(text, (one) => one.charCodeAt(0))

  it('takes the answer of the address that was asked', () => {
    expect(read?.judge(bytes('07=21.5'), { address: 7 })).toMatchObject({ kind: 'answer' })
    expect(read?.judge(bytes('08=21.5'), { address: 7 })).toEqual({ kind: 'other' })
  })

  it('lets no text break out of its frame', () => {
    for (const value of ['a\r08=99', 'a;b']) {
      expect(() => label?.request({ address: 7, value })).toThrow('{value} has')
    }
    expect(label?.request({ address: 7, value: 'ok' })).toEqual(bytes('07Lok'))
  })

  it('checks what is written', () => {
    const request = (value: Value) => () => target?.request({ address: 7, value })
    expect(request(91)).toThrow('[bad_data] the value 91 is above the maximum 90')
    expect(request('90')).toThrow('the value is no number')
    expect(request(NaN)).toThrow('the value is no number')
    expect(() => label?.request({ address: 7, value: 1 })).toThrow('the value is no text')
    expect(() => target?.request({ address: 7 })).toThrow('{value} has no value')
    expect(request(90)()).toEqual(bytes('07=90.0'))
  })

  it('writes what the device calls it', () => {
    const scaled = compileRecipe(parseRecipe(good.replace('maximum: 90', 'scale: 1000'), 'x'))
    const power = good.replace(
      'maximum: 90',
      "type: boolean\n    lookup: { 'true': ON, 'false': OFF }",
    )
    const switched = compileRecipe(parseRecipe(power.replace('{value:.1f}', '{value}'), 'x'))
    const put = (ready: typeof scaled, value: Value) =>
      ready.writes.get('target')?.request({ address: 7, value })
    expect(put(scaled, 0.0011)).toEqual(bytes('07=1.1'))
    expect(put(switched, true)).toEqual(bytes('07=ON'))
    const on = power.replace('boolean', 'text').replace('{value:.1f}', '{value}')
    expect(() => put(compileRecipe(parseRecipe(on, 'x')), 'constructor')).toThrow(
      '[bad_data] the value "constructor" is not listed; lookup has true, false',
    )
  })

  it('says where a transcript is wrong', () => {
    const text = `recipe: heater.yaml
params: { address: 7 }
steps:
  - { exchange: read, sends: 08?<CR>, receives: 07=21<CR>, values: { temperature: 22 } }
  - { exchange: read, sends: 07?<CR>, receives: 08=21<CR> }
  - { write: target, value: 21, sends: 07=21.0<CR>, receives: ok<CR> }
`
    expect(playTranscript(ready, parseTranscript(text, 'x'))).toEqual([
      'step 1: sends 07?<CR>, not 08?<CR>',
      'step 1: temperature is 21, not 22',
      'step 2: timeout: no frame is meant among 08=21<CR>',
      'step 3: receives an answer, but none is to come',
    ])
    expect(() => parseTranscript('recipe: x\nsteps: [{}]', 'x')).toThrow(
      'x:2:9: steps[0] needs one of exchange, stream, write',
    )
  })
})
