import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from './shell-word.ts'

test('a path is one word for a shell, whatever is in it', () => {
  const paths = [
    '/etc/pki',
    '/a b',
    "/it's",
    '/x;touch y',
    '/$(id)',
    '/`id`',
    '/a\nb',
    '/"',
    '/\\',
    '',
  ]
  const command = `printf '%s\\0' ${paths.map(shellWord).join(' ')}`
  expect(execFileSync('sh', ['-c', command]).toString().split('\0').slice(0, -1)).toEqual(paths)
  expect(shellWord('/var/lib/mapper/opcua-pki')).toBe('/var/lib/mapper/opcua-pki')
})
