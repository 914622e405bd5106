import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const here = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'gen-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the generated code is what its proto gives', () => {
  const bin = here('../../../../../node_modules/.bin')
  const { scripts } = JSON.parse(readFileSync(here('../../../package.json'), 'utf8')) as {
    scripts: { gen: string }
  }
  const [program = '', ...args] = scripts.gen
    .split(' ')
    .map((word) => (word === 'src/edge/dmi/gen' ? folder : word))
  execFileSync(path.join(bin, program), args, {
    cwd: here('../../..'),
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH']}` },
    timeout: 20_000,
  })
  expect(readFileSync(path.join(folder, 'dmi_pb.ts'), 'utf8')).toBe(
    readFileSync(here('gen/dmi_pb.ts'), 'utf8'),
  )
})
