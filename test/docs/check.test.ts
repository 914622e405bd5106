import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { scratchFolder } from '../support/scratch-folder.ts'
import { blocks, pageOf, root } from './markdown.ts'

/* What the page about checking files says, against the command itself. */
const page = pageOf('docs/reference/check.md')
const golden = path.join(root, 'packages/cli/src/check/golden')
const bin = path.join(root, 'packages/cli/dist/bin.js')

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const mapper = (args: readonly string[], cwd: string) =>
  new Promise<Ended>((resolve) => {
    const limits = { cwd, maxBuffer: 16 * 1024 * 1024, timeout: 60_000 }
    execFile(process.execPath, [bin, ...args], limits, (error, out, err) => {
      const { code } = (error ?? { code: 0 }) as { readonly code?: number | string }
      resolve({ code: typeof code === 'number' ? code : -1, out, err })
    })
  })

const outputs = page.blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.split('\n'))
  .filter((line) => line.includes('--output'))
  .map((line) => (line.split(' -- ')[1] ?? '').split(' '))

test('the settings of the editor name the schemas that the page has written', async () => {
  const { folder, remove } = await scratchFolder()
  try {
    const json = blocks.filter(({ language }) => language === 'json')
    expect(json.map(({ page: name }) => name)).toEqual([page.name])
    const settings = JSON.parse(json[0]?.text ?? '') as Record<string, Record<string, string[]>>
    const named = Object.keys(settings['yaml.schemas'] ?? {}).map((name) => path.normalize(name))
    expect(outputs.map((args) => args.at(-1))).toEqual(named)
    const ended = await Promise.all(outputs.map((args) => mapper(args, folder)))
    for (const [index, args] of outputs.entries()) {
      expect(ended[index]).toEqual({ code: 0, out: '', err: '' })
      const text = await readFile(path.join(folder, args.at(-1) ?? ''), 'utf8')
      const ajv = new Ajv2020({ strict: false })
      expect(ajv.validateSchema(JSON.parse(text) as object)).toBe(true)
    }
  } finally {
    await remove()
  }
})

test('the example of the page is what the command prints', async () => {
  const [example] = page.blocks.filter(({ language }) => language === 'text')
  const [finding = ''] = example?.text.split('\n') ?? []
  const text = await readFile(path.join(golden, 'plant.findings.txt'), 'utf8')
  expect(text.split('\n')).toContain(`plant/${finding}`)
})

test('exit codes and options are as the page says', async () => {
  const { folder, remove } = await scratchFolder()
  try {
    await cp(golden, folder, { recursive: true })
    const found = await mapper(['check', 'plant'], folder)
    expect(found).toEqual({
      code: 1,
      out: await readFile(path.join(golden, 'plant.findings.txt'), 'utf8'),
      err: '',
    })
    expect(await mapper(['check', 'clean'], folder)).toEqual({ code: 0, out: '', err: '' })
    expect(await mapper(['check', 'nowhere'], folder)).toMatchObject({ code: 2, out: '' })
    const warned = ['check', 'clean/device.yaml', 'config.yaml']
    await cp(path.join(golden, 'plant/config.yaml'), path.join(folder, 'config.yaml'))
    expect(await mapper([...warned, '--fix', '--json'], folder)).toMatchObject({ code: 1 })
    const { out } = await mapper([...warned, '--json'], folder)
    expect(JSON.parse(out)).toMatchObject({
      findings: [{ rule: 'mapper-config-value', file: 'config.yaml', line: 5, fixable: false }],
      fixed: [],
      counts: { error: 1, warning: 0, note: 0 },
      files: 2,
      devices: 1,
    })
    const device = await readFile(path.join(golden, 'clean/device.yaml'), 'utf8')
    await writeFile(path.join(folder, 'cycle.yaml'), device.replace('1000', '1000000000'))
    expect(await mapper(['check', 'cycle.yaml'], folder)).toMatchObject({ code: 0 })
    expect(await mapper(['check', 'cycle.yaml', '--strict'], folder)).toMatchObject({ code: 1 })
    expect(await mapper(['check', 'cycle.yaml', '--strict', '--fix'], folder)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /: fixed: .*: 1000000000 is now 1000 \[cycle-nanoseconds\]\n$/,
      ) as string,
    })
    expect(await readFile(path.join(folder, 'cycle.yaml'), 'utf8')).toBe(device)
  } finally {
    await remove()
  }
})
