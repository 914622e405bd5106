import { MapperError } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { parseMemberPath } from '../config/member-path.ts'
import { context } from './over-the-wire.suite.ts'
import { structureFields } from './structure-fields.ts'
import { Choice, Limits, Noted, received, Report } from './structures.suite.ts'
import { outcomeOf } from './value.ts'

const report = () =>
  received(Report, {
    name: 'Line "1"',
    mode: 7,
    limits: { low: -0.5, high: 0.1 },
    samples: [
      { count: [0xffffffff, 0xfffffffe], at: new Date(0), raw: Buffer.from([1, 2]) },
      { count: [0x7fffffff, 0xffffffff], at: new Date(1), raw: null },
    ],
    counts: [
      [0, 7],
      [0xffffffff, 0xffffffff],
    ],
    node: 'ns=2;s=a;b',
    title: { locale: 'de', text: 'Linie' },
    choice: { text: 'x' },
  })

const shown = (value: unknown, reading: object = {}, arrayType = 0) =>
  outcomeOf(
    { value: { dataType: 22, arrayType, value }, statusCode: { value: 0 } },
    { timestamps: 'local', ...reading },
    0,
  )

const reportText =
  '{"Name":"Line \\"1\\"","Mode":"Manual","Limits":{"Low":-0.5,"High":0.1},' +
  '"Samples":[{"Count":-2,"At":"1970-01-01T00:00:00.000Z","Raw":"AQI="},' +
  '{"Count":9223372036854775807,"At":"1970-01-01T00:00:00.001Z","Raw":null}],' +
  '"Counts":[7,18446744073709551615],"Node":"ns=2;s=a;b","Title":"Linie","Choice":{"Text":"x"}}'

describe('a structure', () => {
  it('is shown as JSON, its fields in the order and by the names of the server', () => {
    expect(shown(report(), { isEnumNamed: true })).toEqual({ ok: true, value: reportText })
  })

  it('shows enumerations as numbers where names are not wanted', () => {
    expect(shown(report())).toMatchObject({ value: expect.stringContaining('"Mode":7,') as string })
  })

  it('leaves out what is optional and not set', () => {
    expect(shown(received(Noted, { value: 3 }))).toEqual({ ok: true, value: '{"Value":3}' })
    const noted = received(Noted, { value: 3, note: 'n' })
    expect(shown(noted)).toEqual({ ok: true, value: '{"Value":3,"Note":"n"}' })
  })

  it('is shown with others in an array', () => {
    const limits = [received(Limits, { low: 1, high: 2 }), received(Limits, { low: NaN, high: 3 })]
    const value = '[{"Low":1,"High":2},{"Low":"NaN","High":3}]'
    expect(shown(limits, {}, 1)).toEqual({ ok: true, value })
  })

  it('whose type is unknown is shown as bytes with the type', () => {
    const opaque = {
      schema: { fields: [] },
      nodeId: { identifierType: 1, value: 5, namespace: 2 },
      buffer: Buffer.from([255]),
    }
    expect(shown(opaque)).toEqual({ ok: true, value: '{"typeId":"ns=2;i=5","body":"/w=="}' })
  })

  it.each([
    ['Name', 'Line "1"'],
    ['name', 'Line "1"'],
    ['Mode', 7],
    ['Limits.High', 0.1],
    ['limits', '{"Low":-0.5,"High":0.1}'],
    ['Samples[0].Count', -2],
    ['Samples[1].Count', 9223372036854775807n],
    ['Samples[0].At', '1970-01-01T00:00:00.000Z'],
    ['Samples[0].Raw', new Uint8Array([1, 2])],
    ['Counts', '[7,18446744073709551615]'],
    ['Counts[1]', 18446744073709551615n],
    ['Node', 'ns=2;s=a;b'],
    ['Title', 'Linie'],
    ['Title.locale', 'de'],
    ['Choice.Text', 'x'],
  ])('has the member %s', (member, value) => {
    expect(shown(report(), { member: parseMemberPath(member) })).toEqual({ ok: true, value })
  })

  it.each([
    ['Limits.Middle', 'bad_data', 'member Limits.Middle is not there: it has Low, High'],
    ['Samples.Count', 'bad_data', 'member Samples.Count is not there: an array takes an index'],
    ['Samples[2]', 'bad_data', 'member Samples[2] is not there: the array has 2 elements'],
    ['Name[0]', 'bad_data', 'member Name[0] is not there: the value is no array'],
    ['Name.x', 'bad_data', 'member Name.x is not there: the value is no structure'],
    ['Choice.Number', 'unsupported', 'member Choice.Number is not set'],
  ])('has no member %s', (member, code, detail) => {
    const outcome = shown(report(), { member: parseMemberPath(member) })
    if (outcome.ok) throw new Error(`it has ${String(outcome.value)}`)
    expect(outcome.error.code).toBe(code)
    expect(outcome.error.detail).toContain(detail)
  })
})

describe('structureFields', () => {
  it('makes the structure again that a text shows', () => {
    const fields = structureFields(reportText, Report.schema, context)
    if (fields instanceof MapperError) throw fields
    expect(shown(received(Report, fields), { isEnumNamed: true })).toMatchObject({
      value: reportText,
    })
  })

  it.each([
    ['1', 'the structure has to be a JSON object with Low, High'],
    ['{"Low":1}', 'the structure lacks the field High'],
    ['{"Low":1,"High":2,"Other":3}', 'the structure has no field Other; it has Low, High'],
    ['{"Low":1,"low":1,"High":2}', 'the structure has Low twice'],
    ['{"Low":"x","High":2}', 'Low "x" is not a finite number'],
    ['{"Low":1,"High":1e39}', 'High "1e+39" cannot be written: Float goes to about 3.4e38'],
    ['{"Low":1', 'is no JSON'],
  ])('refuses %s', (text, message) => {
    const refused = structureFields(text, Limits.schema, context)
    if (!(refused instanceof MapperError)) throw new Error('it was taken')
    expect(refused.code).toBe('bad_data')
    expect(refused.detail).toContain(message)
  })

  it('takes exactly one field of a union', () => {
    expect(structureFields('{"Number":1}', Choice.schema, context)).toEqual({ number: [0, 1] })
    expect(structureFields('{"Number":1,"Text":"x"}', Choice.schema, context)).toMatchObject({
      detail: 'the structure has to have exactly one of Number, Text',
    })
  })

  it('leaves out what is optional', () => {
    expect(structureFields('{"Value":1}', Noted.schema, context)).toEqual({ value: 1 })
  })

  it('names the place of what is wrong', () => {
    const text = reportText.replace('"Count":-2', '"Count":1.5')
    expect(structureFields(text, Report.schema, context)).toMatchObject({
      detail: 'Samples[0].Count "1.5" cannot be written: not a whole number that is exact',
    })
    const mode = reportText.replace('"Manual"', '"Sideways"')
    expect(structureFields(mode, Report.schema, context)).toMatchObject({
      detail: 'Mode has no value "Sideways" in Mode',
    })
  })
})
