import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packAll } from './pack.mjs'

/**
 * Packs every package as it would be published, and checks that others can use it: publint and attw. That
 * they work where they are installed is checked by test/packed.test.ts.
 */
const target = mkdtempSync(path.join(tmpdir(), 'packages-'))
let failed = false
const run = (title, command, args) => {
  try {
    execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' })
    console.log(`ok    ${title}`)
  } catch (error) {
    failed = true
    console.log(`FAIL  ${title}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}
try {
  for (const { name, tarball, files } of await packAll(target)) {
    const strays = files.filter(
      (file) => /\.(test|suite)\.|tsbuildinfo/.test(file) && !file.startsWith('template/'),
    )
    if (strays.length > 0) {
      failed = true
      console.log(`FAIL  ${name} packs files that nobody needs: ${strays.join(', ')}`)
    }
    run(`${name}: publint`, 'npx', ['publint', 'run', tarball, '--strict'])
    run(`${name}: types`, 'npx', [
      'attw',
      tarball,
      '--profile',
      'esm-only',
      '--no-emoji',
      '--no-color',
    ])
  }
} finally {
  rmSync(target, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
