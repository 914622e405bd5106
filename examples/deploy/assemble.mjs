import { execFile, execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const usage = `node examples/deploy/assemble.mjs DRIVER FOLDER
Makes a folder that runs the mapper of a driver (modbus, opcua or serial), and nothing else: the packed
packages of this workspace and what they need at run time, in the versions of package-lock.json.
Build first (npm run build). Start it with: node FOLDER/mapper --config-file FILE
`
const root = fileURLToPath(new URL('../..', import.meta.url))
const drivers = ['modbus', 'opcua', 'serial']

async function assemble(driver, target) {
  const names = ['core', driver]
  for (const name of names) {
    if (!existsSync(path.join(root, 'packages', name, 'dist/index.js'))) {
      throw new Error(`packages/${name} is not built: run npm run build first`)
    }
  }
  mkdirSync(target, { recursive: true })
  if (readdirSync(target).length > 0) throw new Error(`${target} is not empty`)

  const work = mkdtempSync(path.join(target, '.assemble-'))
  const packed = mkdtempSync(path.join(tmpdir(), 'packed-'))
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      cpSync(path.join(root, file), path.join(work, file))
    }
    for (const name of names) {
      const manifest = path.join('packages', name, 'package.json')
      cpSync(path.join(root, manifest), path.join(work, manifest), { recursive: true })
    }
    const spaces = names.flatMap((name) => ['-w', `packages/${name}`])
    // No script of a package runs: what is native comes prebuilt inside its package.
    const quiet = ['--ignore-scripts', '--loglevel=error']
    const npm = (cwd, ...args) =>
      promisify(execFile)('npm', [...args, ...quiet, ...spaces], { cwd })
    await Promise.all([
      npm(work, 'ci', '--omit=dev', '--omit=optional'),
      npm(root, 'pack', '--pack-destination', packed),
    ])
    const scope = path.join(work, 'node_modules/@mapper-sdk')
    rmSync(scope, { recursive: true })
    for (const name of names) {
      const tarball = readdirSync(packed).find((file) => file.startsWith(`mapper-sdk-${name}-`))
      mkdirSync(path.join(scope, name), { recursive: true })
      const into = ['-C', path.join(scope, name), '--strip-components=1']
      execFileSync('tar', ['-xzf', path.join(packed, tarball), ...into])
    }
    // Commands of dependencies: nobody needs them on a gateway.
    rmSync(path.join(work, 'node_modules/.bin'), { recursive: true })
    renameSync(path.join(work, 'node_modules'), path.join(target, 'node_modules'))
  } finally {
    rmSync(work, { recursive: true })
    rmSync(packed, { recursive: true })
  }
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const dependencies = Object.fromEntries(names.map((name) => [`@mapper-sdk/${name}`, version]))
  writeFileSync(
    path.join(target, 'package.json'),
    `${JSON.stringify({ name: `${driver}-mapper`, version, private: true, dependencies }, null, 2)}\n`,
  )
  symlinkSync(
    `node_modules/@mapper-sdk/${driver}/bin/${driver}-mapper.js`,
    path.join(target, 'mapper'),
  )
}

function measure(folder) {
  let bytes = 0
  let packages = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    bytes += statSync(file).size
    if (/\/node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file)) packages++
  }
  return { packages, megabytes: Math.round(bytes / 1e6) }
}

const [driver, folder, ...more] = process.argv.slice(2)
if (!drivers.includes(driver) || folder === undefined || more.length > 0) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  const target = path.resolve(folder)
  try {
    await assemble(driver, target)
    const { packages, megabytes } = measure(target)
    console.log(`${driver}-mapper in ${target}: ${packages} packages, ${megabytes} MB`)
  } catch (error) {
    process.stderr.write(`${error.message.trimEnd()}\n`)
    process.exitCode = 1
  }
}
