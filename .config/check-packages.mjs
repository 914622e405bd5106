import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Packs every package as it would be published, and checks that others can use it: publint and attw. */
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
  for (const folder of readdirSync('packages')) {
    const dir = `packages/${folder}`
    const { name } = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'))
    const packed = execFileSync(
      'npm',
      ['pack', '--json', '--silent', '--pack-destination', target, '-w', name],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    const answer = JSON.parse(packed)
    const [one] = Array.isArray(answer) ? answer : Object.values(answer)
    const files = one.files.map((file) => file.path)
    const strays = files.filter((file) => /\.(test|suite)\.|tsbuildinfo/.test(file))
    if (strays.length > 0) {
      failed = true
      console.log(`FAIL  ${name} packs files that nobody needs: ${strays.join(', ')}`)
    }
    const tarball = path.join(target, one.filename)
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
