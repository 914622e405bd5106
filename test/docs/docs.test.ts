import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  createResolver,
  errorPolicies,
  formatPath,
  type Driver,
  type PropertyType,
} from '@mapper-sdk/core'
import { deviceOf, loadFolder, modelOf } from '@mapper-sdk/edge-sim'
import { formatAddress, modbusDriver, normalize, parseAddress } from '@mapper-sdk/modbus'
import { opcuaDriver } from '@mapper-sdk/opcua'
import { parseBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { serialDriver } from '@mapper-sdk/serial'
import { describe, expect, test, vi } from 'vitest'
import { parseDocument } from 'yaml'
import { driver as jsonOverHttp } from '../../examples/json-over-http/driver.ts'
import { driver as oven } from '../../examples/custom-driver/driver.ts'
import { checkFolder, formatFinding } from '../../packages/cli/src/check-folder.ts'
import { useRecipesOf } from '../../packages/cli/src/recipe-folders.ts'
import { parseConfig } from '../../packages/core/src/main/config-file.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { compileBlocks } from './compile.ts'
import { deployCommandProblems, isDeployCommand } from './deploy-commands.ts'
import {
  anchorsOf,
  blocks,
  pageOf,
  pages,
  root,
  tableBelow,
  titleOf,
  type Block,
} from './markdown.ts'
import { runDevices } from './run-devices.ts'

const drivers: readonly Driver[] = [modbusDriver, opcuaDriver, serialDriver, jsonOverHttp, oven]
const driverOf = async (protocolName: string): Promise<Driver> => {
  const driver = drivers.find((each) => each.protocolName === protocolName)
  if (driver === undefined) throw new Error(`no driver for ${protocolName}`)
  return driver
}

const inRoot = (name: string) => path.join(root, name)
const of = (language: string) => blocks.filter((block) => block.language === language)

test('every block says what it is', () => {
  // JSON has tests of its own.
  const known = ['ts', 'js', 'yaml', 'sh', 'text', 'json']
  expect(blocks.filter(({ language }) => !known.includes(language)).map(titleOf)).toEqual([])
})

test('every link leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...page.text.replaceAll(/^```.*?^```$/gms, '').matchAll(/\]\(([^)]+)\)/g)].flatMap(
      ([, link = '']) => {
        if (/^https?:/.test(link)) return []
        const [file = '', anchor] = link.split('#')
        const target =
          file === '' ? page.name : path.posix.join(path.posix.dirname(page.name), file)
        if (!existsSync(inRoot(target))) return [`${page.name}: ${link}`]
        if (anchor === undefined || anchorsOf(pageOf(target)).includes(anchor)) return []
        return [`${page.name}: ${link}`]
      },
    ),
  )
  expect(broken).toEqual([])
})

test('every example is on the page of the examples', () => {
  const { text } = pageOf('examples/README.md')
  const listed = [...text.matchAll(/^\| \[[\w-]+\]\(([\w-]+)\)/gm)].map(([, name = '']) => name)
  const folders = readdirSync(inRoot('examples'), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'dist',
  )
  expect(listed.toSorted()).toEqual(folders.map(({ name }) => name).toSorted())
})

describe('TypeScript', () => {
  test('compiles', { timeout: 120_000 }, () => {
    expect(compileBlocks(of('ts').filter(({ info }) => !info.has('file')))).toEqual([])
  })

  test('of the shortest driver is at most 40 lines', () => {
    const [driver] = pageOf('README.md').blocks.filter(({ language }) => language === 'ts')
    expect(driver?.info.get('file')).toBe('examples/json-over-http/driver.ts')
    expect(driver?.text).toBe(readFileSync(inRoot('examples/json-over-http/driver.ts'), 'utf8'))
    expect(driver?.text.trim().split('\n').length).toBeLessThanOrEqual(40)
  })
})

// What the tutorial changes is in a project that is made: test/packed.test.ts follows it.
const excerpts = blocks.filter(({ info, page }) => info.has('file') && page !== 'docs/tutorial.md')
test.each(excerpts.map((block) => [titleOf(block), block]))(
  'the excerpt at %s stands in its file',
  (_, { info, text }) => {
    const lines = (source: string) =>
      source
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .join('\n')
    expect(lines(readFileSync(inRoot(info.get('file') ?? ''), 'utf8'))).toContain(lines(text))
  },
)

describe('commands', () => {
  const scripts = (name: string) =>
    (JSON.parse(readFileSync(inRoot(name), 'utf8')) as { scripts: Record<string, string> }).scripts
  const subcommands = [
    'commands.ts',
    'check-commands.ts',
    'device-commands.ts',
    'modbus-commands.ts',
    'opcua-commands.ts',
    'serial-commands.ts',
  ].flatMap((file) =>
    [
      ...readFileSync(inRoot(`packages/cli/src/${file}`), 'utf8').matchAll(/\.command\('(\w+)'/g),
    ].map(([, name]) => name),
  )
  const commands = of('sh').flatMap((block) =>
    block.text
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split(/\n|&&/)
      .map((command): [string, string] => [command.replace(/ #.*/, '').trim(), titleOf(block)]),
  )

  test.each(commands)('%s (%s) exists', (command) => {
    const [program = '', first = '', second = '', third = ''] = command.split(' ')
    // What npm run build makes is not there before it.
    for (const word of command.split(/[ =]/)) {
      if (!word.startsWith('examples/') || word.startsWith('examples/dist/')) continue
      expect(existsSync(inRoot(word)), word).toBe(true)
    }
    if (isDeployCommand(command)) expect(deployCommandProblems(command)).toEqual([])
    else if (program === 'node') {
      expect(first).toMatch(/\/dist\/.*\.js$/)
      const source = first.startsWith('packages/')
        ? first.replace('/dist/', '/src/')
        : first.replace('/dist/', '/')
      expect(existsSync(inRoot(source.replace(/\.js$/, '.ts')))).toBe(true)
    } else if (program === 'npm' && first === 'run') {
      expect(Object.keys(scripts('package.json'))).toContain(second)
      if (second === 'mapper')
        expect(subcommands).toContain(command.split(' -- ')[1]?.split(' ')[0])
    } else if (program === 'npm' && ['start', 'test'].includes(first)) {
      expect(Object.keys(scripts('package.json'))).toContain(first)
    } else if (program === 'curl') {
      // Those of the REST API are run in http.test.ts.
      expect(command).toContain(' http://127.0.0.1:7777/')
    } else if (program === 'npm' && first === 'create') {
      expect(second).toBe('@mapper-sdk/mapper')
    } else if (program === 'npx') {
      expect(first).toBe('mapper')
      expect(subcommands).toContain(second)
    } else if (program === 'cd') {
      expect(first).toMatch(/^\.\.\/[a-z-]+$/)
    } else if (program === 'apt-get') {
      expect([first, third]).not.toContain('')
    } else if (program === 'mosquitto') {
      // The path was looked at above; examples/mqtt-uplink runs it.
      expect(command).toMatch(/^mosquitto -c examples\/\S+$/)
    } else expect(command).toBe('npm ci')
  })
})

describe('YAML', () => {
  const yaml = of('yaml').filter(({ info }) => !info.has('file'))
  const keysOf = (block: Block) => Object.keys((parseDocument(block.text).toJS() ?? {}) as object)
  const isResource = ({ text }: Block) => /^kind: Device/m.test(text)
  const isConfig = (block: Block) => keysOf(block).includes('common')

  /** Recipes stand beside the device files that use them. */
  const recipeName = ({ info }: Block) => /\/recipes\/(.+)$/.exec(info.get('title') ?? '')?.[1]

  test.each(pages.filter(({ blocks }) => blocks.some(isResource)).map((page) => [page.name, page]))(
    'the resources of %s pass the check',
    async (_, page) => {
      const { folder, remove } = await scratchFolder()
      try {
        for (const [index, block] of page.blocks.filter(isResource).entries()) {
          await writeFile(path.join(folder, `${index}.yaml`), block.text)
        }
        await mkdir(path.join(folder, 'recipes'))
        for (const block of page.blocks) {
          const name = recipeName(block)
          if (name !== undefined) await writeFile(path.join(folder, 'recipes', name), block.text)
        }
        useRecipesOf(folder)
        const { findings, devices } = await checkFolder(folder, driverOf)
        expect(findings.map(formatFinding)).toEqual([])
        expect(devices).toBeGreaterThan(0)
      } finally {
        await remove()
      }
    },
  )

  test.each(yaml.filter(isConfig).map((block) => [titleOf(block), block]))(
    'the configuration file at %s is right',
    (_, { text }) => expect(parseConfig(text).problems).toEqual([]),
  )

  // Those of recipes and of Prometheus have their own tests.
  const fragments = yaml.filter(
    (block) =>
      !isResource(block) &&
      !isConfig(block) &&
      !block.info.has('prometheus') &&
      recipeName(block) === undefined &&
      block.page !== 'docs/drivers/serial.md',
  )
  test.each(fragments.map((block) => [titleOf(block), block]))(
    'the fragment at %s is right',
    async (_, { info, text }) => {
      const value = parseDocument(text).toJS() as Record<string, unknown>
      const name = info.get('title')
      if (name !== undefined) expect(() => parseBank(text, name)).not.toThrow()
      else if (info.has('property')) await checkPlaygroundProperty(value)
      else {
        const configData = info.has('protocol') ? value : { host: 'h' }
        const visitor = info.has('visitor') ? value : { address: 0 }
        expect(modbusIssues(configData, visitor, info.get('visitor') ?? 'INT')).toEqual([])
      }
    },
  )
})

const meta = { apiVersion: 'devices.kubeedge.io/v1beta1', metadata: { name: 'a' } }

function modbusIssues(protocol: object, visitor: object, type: string): readonly string[] {
  const model = {
    ...meta,
    kind: 'DeviceModel',
    spec: { properties: [{ name: 'p', type, accessMode: 'ReadWrite' }] },
  }
  const device = {
    ...meta,
    kind: 'Device',
    spec: {
      deviceModelRef: { name: 'a' },
      protocol: { protocolName: 'modbus', configData: protocol },
      properties: [{ name: 'p', visitors: { protocolName: 'modbus', configData: visitor } }],
    },
  }
  const { issues } = createResolver(modbusDriver)(deviceOf(device, model), modelOf(model))
  return issues.map(({ path: at, message }) => `${formatPath(at)} ${message}`)
}

/** A property as somebody adds it to the playground's device: it must be there, and take the value. */
async function checkPlaygroundProperty(added: Record<string, unknown>): Promise<void> {
  const { documents } = await loadFolder(inRoot('examples/playground'))
  const found = documents.flatMap(({ kind, manifest }) => {
    const { properties = [] } = manifest.spec as { properties?: Record<string, unknown>[] }
    const index = properties.findIndex(({ name }) => name === added['name'])
    if (kind !== 'Device' || index === -1) return []
    const changed = properties.map((each, at) => (at === index ? { ...each, ...added } : each))
    return [{ ...manifest, spec: { ...manifest.spec, properties: changed } }]
  })
  expect(found).toHaveLength(1)
  for (const manifest of found) {
    const device = deviceOf(manifest)
    const model = documents.find(
      ({ kind, id }) => kind === 'DeviceModel' && id === `${device.namespace}/${device.model}`,
    )
    if (model === undefined) throw new Error('the playground has no model for it')
    const { device: resolved, issues } = createResolver(modbusDriver)(
      deviceOf(manifest, model.manifest),
      modelOf(model.manifest),
    )
    expect(issues).toEqual([])
    const wished = resolved?.properties.find(({ name }) => name === added['name'])
    expect(wished?.desired).toBe((added['desired'] as { value: string }).value)
  }
}

test('the quick start does what it says', async () => {
  const { blocks } = pageOf('docs/quick-start.md')
  const titled = (title: string) =>
    blocks.find(({ info }) => info.get('title') === title)?.text ?? ''
  const { folder, remove } = await scratchFolder()
  const { bank } = parseBank(titled('tank.yaml'), 'tank.yaml')
  const tank = await serveTcp(bank)
  try {
    await writeFile(path.join(folder, 'model.yaml'), titled('my-devices/model.yaml'))
    const device = titled('my-devices/device.yaml').replace('port: 5020', `port: ${tank.port}`)
    await writeFile(path.join(folder, 'device.yaml'), device)
    const { sim, stop } = await runDevices({ folder, driver: modbusDriver })
    try {
      await vi.waitFor(
        () => {
          expect(sim.twin('default/tank-1', 'level')?.reported).toBe('3.12')
          expect(sim.twin('default/tank-1', 'inlet')?.reported).toBe('true')
        },
        { timeout: 20_000, interval: 20 },
      )
      expect(bank.getBit('coil', 0)).toBe(true)
    } finally {
      await stop()
    }
  } finally {
    await tank.close()
    await remove()
  }
})

test('the generated parts are as the generator makes them', async () => {
  const module = '../../docs/generate.mjs'
  const { generate } = (await import(module)) as {
    generate(): Promise<{ file: string; text: string }[]>
  }
  const made = await generate()
  expect(made.length).toBeGreaterThan(0)
  for (const { file, text } of made) expect(text).toBe(await readFile(file, 'utf8'))
})

test('every error code has a section, in the order of the list', () => {
  const page = pageOf('docs/reference/errors.md')
  expect([...page.text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(
    Object.keys(errorPolicies),
  )
})

describe('the Modbus page', () => {
  const page = pageOf('docs/drivers/modbus.md')
  const samples: Readonly<
    Record<string, readonly [given: string | number | boolean, taken: unknown]>
  > = {
    host: ['h', 'h'],
    transport: ['RTU', 'rtu'],
    unit: [3, 3],
    path: ['/dev/ttyS0', '/dev/ttyS0'],
    rs485: [true, true],
    timeoutMs: [2_000_000_000, 2000],
    table: ['CoilRegister', 'coil'],
    address: [7, 7],
    length: [3, 3],
    type: ['float32', 'float32'],
  }

  test.each(tableBelow(page, '## Existing resources').map(([from = [], to = []]) => [from, to]))(
    'is right about %j, here %j',
    (from, to) => {
      const [word = ''] = to
      for (const alias of from.filter((each) => each !== 'address' || word !== 'address')) {
        const [key = '', value] = alias.split(': ')
        const given = key.startsWith('is') ? value === 'true' : (value ?? samples[word]?.[0])
        const raw = { [key]: given === '0' ? 0 : (given ?? '') }
        const all = { ...normalize(raw, 'visitor'), ...normalize(raw, 'protocol') }
        if (key === 'address')
          expect(normalize({ address: 'h:7' }, 'protocol')).toMatchObject({ host: 'h', port: '7' })
        else if (key === 'serialType') expect(all).toMatchObject({ rs485: true })
        else if (to.length === 0) expect(normalize(raw, 'visitor')).toEqual({})
        else if (word.includes(': ')) {
          const [order = '', little] = word.split(': ')
          expect(all).toMatchObject({ [order]: little })
        } else expect(all).toMatchObject({ [word]: samples[word]?.[1] })
      }
    },
  )

  test.each(
    tableBelow(page, '### Without a type').map(([[from = ''] = [], to = []]) => [from, to]),
  )('is right about the model type %s', (from, to) => {
    const property = { name: 'p', type: from as PropertyType, accessMode: 'ReadOnly' } as const
    expect([normalize({}, 'visitor', property)['type']]).toEqual(to)
  })

  test.each(
    tableBelow(page, '### Addresses').map(([written = [], means = []]) => [written, means]),
  )('is right about the addresses %j', (written, [means = 'input:500']) => {
    for (const word of written) {
      const place = { table: 'input', ...parseAddress(word.replaceAll("'", '')) } as const
      expect(formatAddress(place)).toBe(means)
    }
  })

  test.each(
    tableBelow(page, '### Byte and word order').map(([from = [], to = []]) => [from[0] ?? '', to]),
  )('is right about %s', (letters, orders) => {
    for (const word of ['byteOrder', 'wordOrder']) {
      const said = Object.fromEntries(orders.map((order) => order.split(': ') as [string, string]))
      expect(normalize({ [word]: letters }, 'visitor')).toEqual(said)
    }
  })
})
