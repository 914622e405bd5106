import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageOf, root } from './docs/markdown.ts'
import { freePort } from './support/free-port.ts'
import { scratchFolder } from './support/scratch-folder.ts'
import { until } from './support/until.ts'

/**
 * The packages as they would be published: packed, installed outside the workspace into a project that
 * create-mapper made, and used there. The commands and what they print are those of the tutorial.
 */
const page = pageOf('docs/tutorial.md')
const block = (language: string, word: string) => {
  const found = page.blocks.find((each) => each.language === language && each.info.has(word))
  if (found === undefined) throw new Error(`${page.name} has no block ${language} ${word}`)
  return found.text.trimEnd()
}
const linesOf = (word: string) => block('text', word).split('\n')

interface Packed {
  readonly name: string
  readonly tarball: string
}
const pack = '../.config/pack.mjs'
const { packAll } = (await import(pack)) as {
  packAll(folder: string): Promise<readonly Packed[]>
}

interface Ended {
  readonly code: number
  readonly out: string
}
const run = (command: string, args: readonly string[], cwd: string) =>
  new Promise<Ended>((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 2 ** 26 }
    const child = execFile(command, args, options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out: out + err }),
    )
  })
const shell = (command: string, cwd: string) => run('sh', ['-c', command], cwd)
/** Fails with what was printed. */
async function mustRun(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, out } = await run(command, args, cwd)
  expect(code, `${command} ${args.join(' ')}: ${out}`).toBe(0)
  return out
}

let folder: string
let project: string
let temporary: string
let remove: () => Promise<void>
let packed: readonly Packed[]
let said: string
let begun: number

beforeAll(async () => {
  ;({ folder, remove } = await scratchFolder())
  project = path.join(folder, 'heater-mapper')
  temporary = path.join(folder, 'tmp')
  const tarballs = path.join(folder, 'packed')
  begun = performance.now()
  packed = await packAll(tarballs)
  const { tarball } = packed.find(({ name }) => name === '@mapper-sdk/create-mapper') ?? {}
  await mustRun('tar', ['-xzf', tarball ?? 'none'], folder)
  const create = path.join(folder, 'package/bin/create-mapper.js')
  said = await mustRun(
    process.execPath,
    [create, '../heater-mapper', '--yes', '--packages', tarballs],
    path.join(folder, 'package'),
  )
}, 240_000)

afterAll(() => remove())

test('a project is made and installed as the tutorial says', async () => {
  for (const line of linesOf('create')) expect(said.split('\n')).toContain(line)
  // npm leaves some files out of packages by their names.
  for (const file of ['.gitignore', '.dockerignore', 'package-lock.json']) {
    expect(existsSync(path.join(project, file)), file).toBe(true)
  }
  const { out, code } = await shell(block('sh', 'test'), project)
  for (const line of linesOf('test')) expect(out).toContain(line)
  expect(code).toBe(0)
})

interface Running {
  readonly firstTwinAt: number
  /** Resolves when it has said each of the lines since the last call. */
  says(lines: readonly string[]): Promise<void>
  /** As Ctrl-C on a terminal, which reaches all that run there. Resolves when all has ended. */
  interrupt(): Promise<void>
  kill(): Promise<void>
}

function start(command: string): Running {
  const child = spawn('sh', ['-c', command], {
    ...{ cwd: project, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    // What it leaves in its temporary directory can be seen there.
    env: { ...process.env, TMPDIR: temporary },
  })
  let output = ''
  let heard = 0
  let firstTwinAt = NaN
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += String(chunk)
      if (Number.isNaN(firstTwinAt) && /^default\/\S+ \S+ = /m.test(output)) {
        firstTwinAt = performance.now()
      }
    })
  }
  let isOver = false
  const ended = new Promise((resolve) => child.once('close', resolve)).then(() => (isOver = true))
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, name)
  }
  return {
    get firstTwinAt() {
      return firstTwinAt
    },
    async says(lines) {
      await until(
        `it says ${lines.join('\n')}`,
        () => output.slice(heard),
        (since) => lines.every((line) => isOver || since.includes(`${line}\n`)),
        60_000,
      )
      if (isOver) throw new Error(`it ended: ${output}`)
      heard = output.length
    },
    async interrupt() {
      signal('SIGINT')
      await ended
    },
    async kill() {
      signal('SIGKILL')
      await ended
    },
  }
}

/** Where Node is new enough, npm keeps its compiled code there. */
const leftOver = () => readdirSync(temporary).filter((name) => name !== 'node-compile-cache')

const edit = async (file: string, change: (text: string) => string) => {
  const whole = path.join(project, file)
  const before = await readFile(whole, 'utf8')
  expect(change(before), file).not.toBe(before)
  await writeFile(whole, change(before))
}

test('the tutorial goes as it says', { timeout: 120_000 }, async () => {
  const port = String(await freePort())
  for (const file of ['src/dev.js', 'src/driver.js', 'devices/device.yaml']) {
    await edit(file, (text) => text.replaceAll('4001', port))
  }
  await mkdir(temporary)
  let running = start(block('sh', 'start'))
  try {
    await running.says(linesOf('start'))
    const seconds = ((running.firstTwinAt - begun) / 1000).toFixed(1)
    process.stdout.write(`from nothing to the first twin of an own driver: ${seconds} s\n`)

    const written = await shell(block('sh', 'write'), project)
    for (const line of linesOf('write')) expect(written.out).toContain(`${line}\n`)
    await running.says(linesOf('knob'))

    await edit('devices/device.yaml', (text) => text.replace("value: '30'", "value: '70'"))
    await running.says(linesOf('wish'))
    await running.interrupt()
    expect(leftOver()).toEqual([])

    await edit('src/simulated-device.js', (text) =>
      text.replace(/.*'target', '30'.*\n/, (line) => `${line}    ${block('js', 'below')}\n`),
    )
    for (const { info, text, language } of page.blocks) {
      const file = info.get('file')
      if (language !== 'yaml' || file === undefined) continue
      await edit(file, (before) => before + text.replaceAll(/^/gm, '    ').trimEnd() + '\n')
    }
    const checked = await shell(block('sh', 'check'), project)
    expect(checked.code).toBe(1)
    for (const line of linesOf('check')) expect(checked.out).toContain(line)
    await edit('devices/device.yaml', (text) => text.replace('parameter: Mode', 'parameter: mode'))
    await mustRun('sh', ['-c', block('sh', 'check')], project)
    running = start(block('sh', 'start'))
    await running.says(linesOf('mode'))
    await running.interrupt()
    expect(leftOver()).toEqual([])
  } finally {
    await running.kill()
  }
})

describe('installed outside of the workspace', () => {
  const installed = (name: string) => path.join(project, 'node_modules', name)
  /** What can be imported of all packages. */
  const specifiers = async () => {
    const all: string[] = []
    for (const { name } of packed) {
      const text = await readFile(path.join(installed(name), 'package.json'), 'utf8')
      const { exports } = JSON.parse(text) as { readonly exports: object }
      all.push(...Object.keys(exports).map((key) => path.posix.join(name, key)))
    }
    return all.filter((each) => !each.endsWith('.json'))
  }

  test('only serialport runs a script, and one package that is kept from it', async () => {
    const lock = JSON.parse(await readFile(path.join(project, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: true }>>
    }
    const scripted = Object.entries(lock.packages).filter(
      ([, { hasInstallScript }]) => hasInstallScript,
    )
    // The script of protobufjs, which gRPC brings, looks at a version number and nothing else.
    expect(scripted.map(([place]) => place.replace(/^.*node_modules\//, '')).sort()).toEqual([
      ...['@serialport/bindings-cpp', 'protobufjs'],
    ])
    const { allowScripts } = JSON.parse(
      await readFile(path.join(project, 'package.json'), 'utf8'),
    ) as { readonly allowScripts: unknown }
    expect(allowScripts).toEqual({ '@serialport/bindings-cpp': true, protobufjs: false })
  })

  test('npm sbom lists what is in it', async () => {
    const text = await mustRun('npm', ['sbom', '--sbom-format', 'cyclonedx'], project)
    const { components } = JSON.parse(text) as {
      readonly components: readonly { readonly name: string; readonly version: string }[]
    }
    const names = components.map(({ name }) => name)
    for (const { name } of packed) {
      if (name !== '@mapper-sdk/create-mapper') expect(names).toContain(name)
    }
    expect(names).toContain('@grpc/grpc-js')
  })

  test('create-mapper makes the other project, whose tests pass', { timeout: 60_000 }, async () => {
    const { tarball = 'none' } = packed.find(({ name }) => name.endsWith('/create-mapper')) ?? {}
    const flags = ['--no-save', '--prefer-offline', '--no-audit', '--no-fund']
    await mustRun('npm', ['install', ...flags, tarball], project)
    const bin = path.join(project, 'node_modules/.bin/create-mapper')
    // Inside of the first one, so that it finds what is installed there.
    await mustRun(bin, ['scale-mapper', '--template=serial-line', '--yes', '--no-install'], project)
    const { out, code } = await shell('npm test', path.join(project, 'scale-mapper'))
    for (const line of linesOf('test')) expect(out).toContain(line)
    expect(code).toBe(0)
  })

  test('all can be imported and required', async () => {
    const script = `
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const found = {}
      for (const each of ${JSON.stringify(await specifiers())}) {
        const imported = Object.keys(await import(each)).sort()
        const required = Object.keys(require(each)).filter((key) => key !== '__esModule').sort()
        found[each] = { imported, required }
      }
      console.log(JSON.stringify(found))
    `
    await writeFile(path.join(project, 'all.mjs'), script)
    const args = ['--no-warnings', 'all.mjs']
    const found = JSON.parse(await mustRun(process.execPath, args, project)) as Readonly<
      Record<string, { readonly imported: readonly string[]; readonly required: readonly string[] }>
    >
    expect(Object.keys(found)).toEqual(await specifiers())
    for (const [name, { imported, required }] of Object.entries(found)) {
      expect(imported.length, name).toBeGreaterThan(0)
      expect(required, name).toEqual(imported)
    }
  })

  test('types resolve, and those of the projects are right', { timeout: 120_000 }, async () => {
    const types = path.join(project, 'node_modules/@types/node')
    if (!existsSync(types)) {
      await mkdir(path.dirname(types), { recursive: true })
      await symlink(path.join(root, 'node_modules/@types/node'), types)
    }
    const all = await specifiers()
    const imports = all.map((each, index) => `import * as all${index} from '${each}'\n`).join('')
    const uses = all.map((_, index) => `all${index}`).join(', ')
    // A package without types would be one of any, in which everything is there.
    const checks = all.map(
      (_, index) => `// @ts-expect-error\nexport const none${index} = all${index}.isNotThere\n`,
    )
    await writeFile(
      path.join(project, 'all.mts'),
      `${imports}export const all = [${uses}]\n${checks.join('')}`,
    )
    const config = { extends: './jsconfig.json', include: ['src', 'scale-mapper/src', 'all.mts'] }
    await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(config))
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    await mustRun(process.execPath, [tsc, '--noEmit', '-p', 'tsconfig.json'], project)
  })
})
