import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createProject } from './create-project.ts'
import { templateNames } from './templates.ts'

let parent: string
let folder: string

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'create-mapper-'))
  folder = path.join(parent, 'oven')
})
afterEach(() => rm(parent, { recursive: true }))

const options = { name: '@acme/oven-mapper', protocol: 'Oven.2', template: 'custom' } as const
const read = (file: string) => readFile(path.join(folder, file), 'utf8')

describe.each(templateNames)('a project of the template %s', (template) => {
  it('has the names everywhere, and all files that npm would leave out of a package', async () => {
    const files = await createProject({ ...options, template, folder })
    expect(files).toEqual(
      expect.arrayContaining([
        ...[
          '.dockerignore',
          '.gitignore',
          'Dockerfile',
          'README.md',
          'config.yaml',
          'package.json',
        ],
        ...['devices/device.yaml', 'devices/model.yaml', 'src/dev.js', 'src/driver.js'],
        ...['src/driver.test.js', 'src/main.js', 'src/simulated-device.js'],
      ]),
    )
    for (const file of files) expect(await read(file), file).not.toMatch(/my-mapper|my-protocol/)
    expect(await read('src/driver.js')).toContain("protocolName: 'Oven.2'")
    expect(await read('devices/device.yaml')).toContain('protocolName: Oven.2')
    expect(parse(await read('config.yaml'))).toMatchObject({
      grpc_server: { socket_path: '/etc/kubeedge/oven-mapper.sock' },
      common: { name: 'oven-mapper', protocol: 'Oven.2' },
    })
    const manifest = JSON.parse(await read('package.json')) as Record<string, unknown>
    expect(manifest['name']).toBe('@acme/oven-mapper')
    expect(manifest['dependencies']).toHaveProperty('@mapper-sdk/core', '^0.1.0')
    expect(manifest).not.toHaveProperty('overrides')
  })
})

it('teaches with a driver of at most 60 lines, on a serial line of at most 40', async () => {
  const lines = async (template: (typeof templateNames)[number]) => {
    const own = path.join(parent, template)
    await createProject({ ...options, template, folder: own })
    const text = await readFile(path.join(own, 'src/driver.js'), 'utf8')
    return text.trimEnd().split('\n').length
  }
  expect(await lines('custom')).toBeLessThanOrEqual(60)
  expect(await lines('serial-line')).toBeLessThanOrEqual(40)
})

describe('a project is not made', () => {
  const refused = async (changes: object, reason: string) => {
    await expect(createProject({ ...options, folder, ...changes })).rejects.toThrow(reason)
  }

  it('where something is already', async () => {
    await mkdir(folder)
    await writeFile(path.join(folder, 'mine'), 'x')
    await refused({}, 'oven is not empty (there is mine): name a new folder')
    await writeFile(path.join(folder, 'ours'), 'x')
    await refused({}, ' and 1 more): name a new folder')
    expect(await readdir(folder)).toEqual(['mine', 'ours'])
    await refused({ folder: path.join(folder, 'mine') }, 'mine is a file: name a new folder')
  })

  it.each([
    [{ name: '../x' }, 'the name "../x" is no name of a package'],
    [{ protocol: "a'b" }, `the protocol "a'b" is no name for one`],
    [{ packages: '/nowhere' }, '--packages /nowhere: cannot be read (ENOENT); name a folder'],
  ])('with %j', async (changes, reason) => {
    await refused(changes, reason)
    expect(await readdir(parent)).toEqual([])
  })

  it('without all packed packages, each once', async () => {
    const packages = path.join(parent, 'packed')
    await mkdir(packages)
    await refused({ packages }, 'there is no mapper-sdk-core-….tgz')
    for (const name of ['core-0.1.0', 'core-0.2.0-rc.1', 'create-mapper-0.1.0']) {
      await writeFile(path.join(packages, `mapper-sdk-${name}.tgz`), 'x')
    }
    await refused({ packages }, 'there is more than one mapper-sdk-core-….tgz')
  })
})

it('takes an empty folder, and packed packages into it', async () => {
  const packages = path.join(parent, 'packed')
  await mkdir(packages)
  await mkdir(folder)
  for (const name of ['core', 'cli', 'edge-sim', 'modbus', 'opcua', 'serial']) {
    await writeFile(path.join(packages, `mapper-sdk-${name}-0.1.0.tgz`), name)
  }
  await createProject({ ...options, folder, packages })
  expect(await read('vendor/mapper-sdk-edge-sim-0.1.0.tgz')).toBe('edge-sim')
  const manifest = JSON.parse(await read('package.json')) as Record<string, object>
  const from = (name: string) => `file:vendor/mapper-sdk-${name}-0.1.0.tgz`
  expect(manifest['dependencies']).toEqual({ '@mapper-sdk/core': from('core') })
  expect(manifest['devDependencies']).toEqual({ '@mapper-sdk/cli': from('cli') })
  expect(manifest['overrides']).toEqual(
    Object.fromEntries(
      ['edge-sim', 'modbus', 'opcua', 'serial'].map((name) => [`@mapper-sdk/${name}`, from(name)]),
    ),
  )
})
