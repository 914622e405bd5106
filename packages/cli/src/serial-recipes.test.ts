import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkFolder, formatFinding } from './check-folder.ts'
import { fakeIo } from './command-io.suite.ts'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver } from './find-driver.ts'
import { useRecipesOf } from './recipe-folders.ts'
import { printRecipe, printRecipes } from './serial-recipes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mapper-recipes-'))
  await mkdir(path.join(folder, 'recipes'))
  vi.stubEnv('MAPPER_RECIPES', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const recipe = (values = 'level: { from: level, unit: cm }') => `name: Tank
params: { tank: { type: integer, minimum: 1, maximum: 9, description: Which tank. } }
frame: { type: delimiter, end: <CR> }
exchanges:
  level: { request: 'L{tank}' }
values: { ${values} }
writes:
  pump: { request: 'P{value}', type: text, lookup: { on: '1', off: '0' }, description: The pump. }
`
const put = (name: string, text: string) => writeFile(path.join(folder, 'recipes', name), text)

test('recipes beside device files are found first, and listed', async () => {
  await put('tank.yaml', recipe())
  await put('mt-sics-scale.yaml', recipe())
  await put('tank.transcript.yaml', 'nothing: here')
  useRecipesOf(folder)
  const screen = fakeIo()
  expect(printRecipes({ json: true }, screen.io)).toBe(true)
  const all = screen.objects()
  expect(all.find(({ recipe: name }) => name === 'tank')).toEqual({
    ...{ recipe: 'tank', name: 'Tank', file: path.join(folder, 'recipes/tank.yaml') },
    ...{ values: ['level'], writes: ['pump'] },
  })
  expect(all.filter(({ recipe: name }) => name === 'mt-sics-scale')).toMatchObject([
    { name: 'Tank' },
  ])
  expect(all.some(({ recipe: name }) => name === 'scpi-multimeter')).toBe(true)
})

test('a wrong one is told with its place, and spoils no other', async () => {
  await put('tank.yaml', recipe('level: { fro: level }'))
  useRecipesOf(folder)
  const screen = fakeIo()
  expect(printRecipes({ json: false }, screen.io)).toBe(false)
  expect(screen.err()).toContain(`${path.join(folder, 'recipes/tank.yaml')}:6:20: values.level.fro`)
  expect(screen.out()).toContain('mt-sics-scale  MT-SICS scale\n')
})

test('one is shown with all that it has', async () => {
  await put('tank.yaml', recipe())
  const screen = fakeIo()
  printRecipe(path.join(folder, 'recipes/tank.yaml'), { json: false }, screen.io)
  expect(screen.lines()).toEqual([
    'Tank',
    '',
    'values',
    '  level  number, cm  from level',
    '',
    'writes',
    '  pump  text: on, off  The pump.',
    '',
    'settings',
    '  tank  integer 1 … 9, needed  Which tank.',
  ])
})

test('the check of a folder finds its recipes, and what is wrong with them', async () => {
  const meta = (kind: string) => `apiVersion: devices.kubeedge.io/v1beta1
kind: ${kind}
metadata:
  name: tank
spec:
`
  const files = `${meta('DeviceModel')}  properties:
    - { name: level, type: DOUBLE, accessMode: ReadOnly }
---
${meta('Device')}  deviceModelRef: { name: tank }
  protocol:
    protocolName: serial
    configData: { recipe: tank, host: 127.0.0.1, port: 4001, tank: 3 }
  properties:
    - name: level
      reportToCloud: true
      visitors: { protocolName: serial, configData: {} }
`
  await writeFile(path.join(folder, 'tank.yaml'), files)
  const choice = createDriverChoice([])
  const check = async () => {
    const { findings } = await checkFolder(folder, (name) => findDriver(choice(name)))
    return findings.map((finding) => path.relative(folder, formatFinding(finding)))
  }
  useRecipesOf(path.join(folder, 'tank.yaml'))
  await put('tank.yaml', recipe())
  expect(await check()).toEqual([])
  await put('tank.yaml', recipe('level: { fro: level }'))
  await put('unused.yaml', 'name: [')
  const found = await check()
  expect(found).toHaveLength(4)
  expect(found[0]).toContain('recipes/tank.yaml:6:11: error: values.level.from is missing')
  expect(found[1]).toContain('recipes/tank.yaml:6:20: error: values.level.fro is not known')
  expect(found.some((line) => line.startsWith('recipes/unused.yaml:1:'))).toBe(true)
  expect(found.at(-1)).toContain('tank.yaml:17:27: error: spec.protocol.configData.recipe: ')
})
