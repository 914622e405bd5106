import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkFolder, checkPaths } from '../check-folder.ts'
import { createDriverChoice } from '../driver-choice.ts'
import { findDriver } from '../find-driver.ts'
import { fixPaths } from '../fix-paths.ts'
import { doneText, linesOf, reportOf } from './report.ts'

/*
 * Folders with all that people get wrong at once, and what is said of them. `findings.txt` and the folder
 * `plant-mended` are what `mapper check` and `mapper check --fix` make of `plant`, read by a person.
 */
const golden = fileURLToPath(new URL('golden', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mapper-golden-'))
  await cp(golden, folder, { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))

const choice = createDriverChoice([])
const driverOf = (name: string) => findDriver(choice(name))
const inside = (lines: readonly string[]) => lines.map((line) => line.replaceAll(`${folder}/`, ''))
const wanted = async (name: string) =>
  (await readFile(path.join(golden, name), 'utf8')).trimEnd().split('\n')

test.each(['plant', 'old', 'clean'])('what is said of the folder %s', async (name) => {
  const checked = await checkPaths([path.join(folder, name)], driverOf)
  expect(inside(linesOf(checked))).toEqual(
    name === 'clean' ? [] : await wanted(`${name}.findings.txt`),
  )
})

test('mending changes what is wanted and nothing else, and has nothing to do again', async () => {
  const plant = path.join(folder, 'plant')
  const { done, findings } = await fixPaths([plant], driverOf)
  expect(inside(done.map(doneText))).toEqual(await wanted('plant.fixed.txt'))
  expect(findings.filter(({ edit }) => edit !== undefined)).toEqual([])
  expect(await textsIn(plant)).toEqual(await textsIn(path.join(golden, 'plant-mended')))
  expect((await fixPaths([plant], driverOf)).done).toEqual([])
  expect(await textsIn(plant)).toEqual(await textsIn(path.join(golden, 'plant-mended')))
})

test('without a cluster, what matters there only is left out', async () => {
  const { findings } = await checkFolder(path.join(folder, 'plant'), driverOf)
  const named = new Set(findings.map(({ rule }) => rule))
  expect(named).not.toContain('node-missing')
  expect(named).not.toContain('cycle-seconds')
  expect(named).toContain('namespace-unroutable')
})

test('files and folders are taken, each file once', async () => {
  const device = path.join(folder, 'clean/device.yaml')
  const both = await checkPaths([device, path.join(folder, 'clean')], driverOf)
  expect(both).toMatchObject({ findings: [], files: 2, devices: 1 })
  await expect(checkPaths([path.join(folder, 'none')], driverOf)).rejects.toMatchObject({
    code: 'invalid_config',
  })
})

test('as JSON, each finding has its place, its rule and whether it can be mended', async () => {
  const report = reportOf(await checkPaths([path.join(folder, 'plant')], driverOf))
  const copy = JSON.parse(JSON.stringify(report)) as typeof report
  expect(copy.findings).toContainEqual({
    rule: 'cycle-nanoseconds',
    severity: 'warning',
    file: path.join(folder, 'plant/plant.yaml'),
    line: 33,
    column: 21,
    path: 'spec.properties[0].collectCycle',
    message: 'is 10000000000, which is taken as nanoseconds; write 10000, in ms',
    fixable: true,
  })
  const { error, warning, note } = copy.counts
  expect(error + warning + note).toBe(copy.findings.length)
})

async function textsIn(from: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const texts = files.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name)
    return [path.relative(from, file), await readFile(file, 'utf8')] as const
  })
  return Object.fromEntries((await Promise.all(texts)).sort(([a], [b]) => (a < b ? -1 : 1)))
}
