import { readdirSync, rmSync } from 'node:fs'

/** Removes all build output, so that the next build starts from nothing. */
for (const folder of readdirSync('packages')) {
  rmSync(`packages/${folder}/dist`, { recursive: true, force: true })
}
rmSync('examples/dist', { recursive: true, force: true })
rmSync('node_modules/.cache/test.tsbuildinfo', { force: true })
