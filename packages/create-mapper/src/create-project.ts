import { readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageNameProblem, plainName, protocolNameProblem } from './names.ts'
import { packedPackages } from './packed-packages.ts'
import type { TemplateName } from './templates.ts'

export interface ProjectOptions {
  /** Is made; must be empty if it is there. */
  readonly folder: string
  /** Of the package. */
  readonly name: string
  /** The protocolName of its devices. */
  readonly protocol: string
  readonly template: TemplateName
  /** A folder with packed packages of the SDK, which then come from there; from the registry if left out. */
  readonly packages?: string
}

const root = fileURLToPath(new URL('../', import.meta.url))
const templateFolder = path.join(root, 'template')

/** npm leaves files with this name out of packages. */
const realNames: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

/** Where packed packages go in the project, so that it can be moved, built into an image, and installed again. */
const vendorFolder = 'vendor'

/**
 * Writes a project; answers the paths of its files, relative to its folder. Rejects before anything is
 * written if a name is wrong, the folder is not empty, or a packed package is missing.
 */
export async function createProject(options: ProjectOptions): Promise<readonly string[]> {
  const { folder, name, protocol, template, packages } = options
  const problem = packageNameProblem(name) ?? protocolNameProblem(protocol)
  if (problem !== undefined) throw new Error(problem)
  await refuseUnlessEmpty(folder)
  const packed = packages === undefined ? new Map<string, string>() : await packedPackages(packages)

  const files = new Map<string, string>()
  for (const layer of ['shared', template]) {
    for (const file of await filesIn(path.join(templateFolder, layer))) {
      files.set(realNames[file] ?? file, path.join(templateFolder, layer, file))
    }
  }
  for (const [file, source] of files) {
    const text = (await readFile(source, 'utf8'))
      .replaceAll('my-mapper', plainName(name))
      .replaceAll('my-protocol', protocol)
    const target = path.join(folder, file)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, file === 'package.json' ? manifest(text, name, packed) : text)
  }
  const vendored: string[] = []
  for (const tarball of packed.values()) {
    const file = path.join(vendorFolder, path.basename(tarball))
    await mkdir(path.join(folder, vendorFolder), { recursive: true })
    await copyFile(tarball, path.join(folder, file))
    vendored.push(file)
  }
  return [...files.keys(), ...vendored].sort()
}

/** Rejects with what is in the way. */
async function refuseUnlessEmpty(folder: string): Promise<void> {
  const found = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return []
    if (thrown.code === 'ENOTDIR') throw new Error(`${folder} is a file: name a new folder`)
    throw thrown
  })
  const [first] = found
  if (first === undefined) return
  const more = found.length === 1 ? '' : ` and ${found.length - 1} more`
  throw new Error(`${folder} is not empty (there is ${first}${more}): name a new folder`)
}

type Dependencies = Readonly<Record<string, string>>
interface Manifest {
  readonly dependencies: Dependencies
  readonly devDependencies: Dependencies
}

function manifest(text: string, name: string, packed: ReadonlyMap<string, string>): string {
  const read = JSON.parse(text) as Manifest
  const from = (each: string) => {
    const tarball = packed.get(each)
    return tarball === undefined ? undefined : `file:${vendorFolder}/${path.basename(tarball)}`
  }
  const chosen = (all: Dependencies) =>
    Object.fromEntries(Object.keys(all).map((each) => [each, from(each) ?? `^${version()}`]))
  const dependencies = chosen(read.dependencies)
  const devDependencies = chosen(read.devDependencies)
  // Those that come by way of the others would else be looked for in the registry.
  const indirect = [...packed.keys()].filter(
    (each) => !Object.hasOwn(dependencies, each) && !Object.hasOwn(devDependencies, each),
  )
  const overrides = Object.fromEntries(indirect.map((each) => [each, from(each)]))
  const whole = {
    ...{ ...read, name, dependencies, devDependencies },
    ...(indirect.length > 0 && { overrides }),
  }
  return `${JSON.stringify(whole, undefined, 2)}\n`
}

/** All packages of the SDK have the same version. */
function version(): string {
  const text = readFileSync(path.join(root, 'package.json'), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
}
