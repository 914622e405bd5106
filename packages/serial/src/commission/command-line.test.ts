import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDriverConfig, type RawConfig } from '@mapper-sdk/core'
import { afterAll, describe, expect, it } from 'vitest'
import { serialDriver } from '../driver.ts'
import { commandLine } from './command-line.ts'

const config = createDriverConfig(serialDriver)
const checked = (raw: RawConfig) => {
  const issues: Parameters<typeof config.protocol>[1] = []
  const protocol = config.protocol(raw, issues)?.protocol
  expect(issues).toEqual([])
  if (protocol === undefined) throw new Error('no protocol')
  return protocol
}

const folder = mkdtempSync(path.join(tmpdir(), 'mapper-recipe-'))
afterAll(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string) => {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

describe('devices', () => {
  const recipe = 'mt-sics-scale'
  it.each([
    ['@/dev/ttyUSB0', { recipe, transport: 'serial', path: '/dev/ttyUSB0' }],
    ['@192.0.2.7:4001', { recipe, transport: 'tcp', host: '192.0.2.7', port: 4001 }],
    ['@[::1]:4001', { transport: 'tcp', host: '::1' }],
    ['@udp://scale.example:4001', { transport: 'udp', host: 'scale.example', port: 4001 }],
    ['@/dev/ttyS0?baudRate=4800&parity=even', { baudRate: 4800, parity: 'even' }],
  ])('mt-sics-scale%s', (text, expected) => {
    expect(checked(commandLine.protocol(`${recipe}${text}`))).toMatchObject(expected)
  })

  it('have settings of their recipe', () => {
    const { params } = checked(commandLine.protocol('stepper-controller@h:1?address=3'))
    expect(params).toEqual({ address: '3' })
  })

  it('have a recipe in a file', () => {
    const file = write(
      'own.yaml',
      'name: own\nframe: { type: delimiter, end: <CR> }\nexchanges: { a: { request: A } }\nvalues: { a: { from: a } }\n',
    )
    const { recipeText, recipe: name } = checked(commandLine.protocol(`${file}@h:1`))
    expect(name).toBeUndefined()
    expect(recipeText).toContain('name: own')
  })

  it('whose recipe is wrong are refused with its place', () => {
    const file = write('bad.yaml', 'name: own\nframe: { type: delimiter, ende: <CR> }\n')
    expect(() => commandLine.protocol(`${file}@h:1`)).toThrow(`${file}:2:`)
  })

  it.each([
    ['/dev/ttyUSB0', 'names no recipe'],
    ['mt-sics-scale@', 'names no line'],
    ['mt-sics-scale@192.0.2.7', 'names no line'],
    ['mt-sics-scale@/dev/ttyUSB0?address', 'has "address" where key=value belongs'],
    ['nothing@/dev/ttyUSB0', 'there is no nothing.yaml in'],
    ['./nothing.yaml@/dev/ttyUSB0', 'cannot read the recipe'],
  ])('refuses %s', (text, message) => {
    expect(() => commandLine.protocol(text)).toThrow(message)
  })
})

describe('places', () => {
  const scale = checked(commandLine.protocol('mt-sics-scale@h:1'))
  const meter = checked(commandLine.protocol('scpi-multimeter@h:1'))

  it('are values and writes by their names, with the type that is written', () => {
    expect(commandLine.visitor('weight')).toEqual({ value: 'weight' })
    expect(commandLine.valueType?.({ value: 'tare' }, scale)).toBe('DOUBLE')
    expect(commandLine.valueType?.({ value: 'weight' }, scale)).toBeUndefined()
    expect(commandLine.valueType?.({ value: 'displayText' }, meter)).toBe('STRING')
  })

  it('are read back after a write if they can be read', () => {
    expect(commandLine.readsBack?.({ value: 'tare' }, scale)).toBe(true)
    expect(commandLine.readsBack?.({ value: 'displayText' }, meter)).toBe(false)
  })
})
