import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const dist = path.join(import.meta.dirname, '../dist')

/** Runs a program in a process of its own; what it prints is all that it and the library print. */
export async function run(program: string, options: { readonly env?: object } = {}) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { cwd: '/', ...options, env: { ...process.env, ...options.env } },
  )
  return { stdout, stderr }
}
/** A file of the built package as an import takes it. */
export const at = (file: string) => JSON.stringify(path.join(dist, file))

/** The user that a program is after `becomeSomebody`: root may write everywhere. */
export const somebody = process.geteuid?.() === 0 ? 65_534 : process.geteuid?.()
/** For within a program, once it has loaded what it needs: another user may not see this folder or Node.js. */
export const becomeSomebody = 'if (process.geteuid?.() === 0) process.setuid(65534)'
