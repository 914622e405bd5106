import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** What a project needs, directly or by way of others. */
const needed = ['core', 'cli', 'edge-sim', 'modbus', 'opcua', 'serial']

/**
 * The packages of the SDK in a folder of `npm pack`: the tarball of each, by name. Rejects unless each is
 * there exactly once.
 */
export async function packedPackages(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    throw new Error(`--packages ${folder}: cannot be read (${thrown.code}); name a folder`)
  })
  return new Map(
    needed.map((name) => {
      const found = files.filter((file) => {
        const [, what] = /^mapper-sdk-(.+?)-\d+\.\d+\.\d+.*\.tgz$/.exec(file) ?? []
        return what === name
      })
      const [one] = found
      if (one === undefined || found.length > 1) {
        const count = found.length === 0 ? 'no' : 'more than one'
        throw new Error(
          `--packages ${folder}: there is ${count} mapper-sdk-${name}-….tgz; make the files with: ` +
            'npm pack --workspaces --pack-destination FOLDER',
        )
      }
      return [`@mapper-sdk/${name}`, path.join(folder, one)]
    }),
  )
}
