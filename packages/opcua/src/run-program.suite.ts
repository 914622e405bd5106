import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const dist = path.join(import.meta.dirname, '../dist')

/** Runs a program in a process of its own; what it prints is all that it and the library print. */
export async function run(
  program: string,
  options: { readonly env?: object; readonly uid?: number } = {},
) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { cwd: '/', ...options, env: { ...process.env, ...options.env } },
  )
  return { stdout, stderr }
}
/** A file of the built package as an import takes it. */
export const at = (file: string) => JSON.stringify(path.join(dist, file))
