import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Packs all packages as they would be published, into a folder whose older ones are removed. */
export async function packAll(folder) {
  const target = path.resolve(folder)
  mkdirSync(target, { recursive: true })
  for (const file of readdirSync(target)) {
    if (file.endsWith('.tgz')) rmSync(path.join(target, file))
  }
  const args = ['pack', '--json', '--silent', '--workspaces', '--pack-destination', target]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 2 ** 26 })
  // npm 11 answers an object where others answer a list.
  const packed = Object.values(JSON.parse(stdout))
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: path.join(target, path.basename(filename)),
    files: files.map((file) => file.path),
  }))
}

if (import.meta.filename === process.argv[1]) await packAll(process.argv[2])
