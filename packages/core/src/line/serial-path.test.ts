import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { MapperError } from '../errors.ts'
import { serialPath } from './serial-path.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'serial-path-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const at = (name: string) => path.join(scratch, name)
const link = (name: string, target: string) => {
  symlinkSync(target, at(name))
  return at(name)
}
writeFileSync(at('ttyS0'), 'planted-5ecret')
execFileSync('mkfifo', [at('ttyUSB0')])

test.each([
  ['a file of the system', '/etc/shadow'],
  ['a way out of /dev', '/dev/../etc/passwd'],
  ['a link to a file', link('to-file', '/etc/passwd')],
  ['a link that leads over another', link('to-link', at('to-file'))],
  ['a file with the name of a terminal', at('ttyS0')],
  ['a pipe with the name of a terminal', at('ttyUSB0')],
  ['a link to a device that is no terminal', link('to-null', '/dev/null')],
  ['memory', '/dev/zero'],
  ['the terminal of whoever started it', '/dev/tty'],
  ['a folder', '/dev'],
  ['a path from here', 'dev/ttyS0'],
  ['nothing', ''],
])('%s is no serial line', async (_, place) => {
  const error: unknown = await serialPath(place).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(MapperError)
  const { code, detail } = error as MapperError
  expect(code).toBe('invalid_config')
  expect(detail).toContain(`"${place}"`)
  expect(detail).not.toContain('planted')
})

test('what is not there yet may come', async () => {
  await expect(serialPath('/dev/ttyUSB-not-there')).rejects.toMatchObject({ code: 'unreachable' })
  const dangling = link('dangling', '/dev/ttyUSB-not-there')
  await expect(serialPath(dangling)).rejects.toMatchObject({ code: 'unreachable' })
})
