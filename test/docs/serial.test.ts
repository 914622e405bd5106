import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createResolver, formatPath, MapperError, type Value } from '@mapper-sdk/core'
import { deviceOf, modelOf } from '@mapper-sdk/edge-sim'
import {
  checksumNames,
  compileExtract,
  compileRecipe,
  compileTemplate,
  createChecksum,
  createFramer,
  createSerialDriver,
  createShelf,
  formatHex,
  ownRecipes,
  parseBytes,
  parseRecipe,
  parseTranscript,
  playTranscript,
  type FrameSpec,
} from '@mapper-sdk/serial'
import { describe, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { scratchFolder } from '../support/scratch-folder.ts'
import { pageOf, root, tableBelow, titleOf } from './markdown.ts'
import { runDevices } from './run-devices.ts'

const page = pageOf('docs/drivers/serial.md')
const example = path.join(root, 'examples/serial-scale')
const recipes = path.join(example, 'recipes')
const recipeText = readFileSync(path.join(recipes, 'k2-controller.yaml'), 'utf8')
const driver = createSerialDriver(createShelf(() => [recipes, ownRecipes]))

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Blocks of the same name become one; all else is replaced by what comes later. */
const merged = (first: Tree, later: Tree): Tree =>
  Object.entries(later).reduce<Tree>((all, [key, value]) => {
    const known = all[key]
    return { ...all, [key]: isTree(known) && isTree(value) ? merged(known, value) : value }
  }, first)

const yaml = page.blocks.filter(({ language }) => language === 'yaml')
const stepBlocks = yaml.filter(({ info }) => info.has('recipe'))
/** The recipe as it is after each step. */
const grown = stepBlocks.reduce<readonly Tree[]>(
  (all, { text }) => [...all, merged(all.at(-1) ?? {}, parse(text) as Tree)],
  [],
)

describe('the recipe of the page', () => {
  // The first block has no frame yet.
  const steps = grown.slice(1).map((recipe, index) => {
    const block = stepBlocks[index + 1]
    return [block === undefined ? '' : titleOf(block), recipe] as const
  })

  test.each(steps)('is right after %s', (_, recipe) => {
    const problems = () => {
      try {
        compileRecipe(parseRecipe(stringify(recipe), 'page'))
        return undefined
      } catch (thrown) {
        return MapperError.from(thrown).detail
      }
    }
    const unfinished: unknown = expect.stringMatching(
      /^page:1:1: has neither values nor writes, [^\n]*$/,
    )
    expect(problems()).toEqual(recipe['values'] === undefined ? unfinished : undefined)
  })

  test('is the one of the example in the end', () => {
    expect(stepBlocks.length).toBeGreaterThan(7)
    expect(parseRecipe(stringify(grown.at(-1)), 'page')).toEqual(parseRecipe(recipeText, 'example'))
  })

  test('does what its transcript says, and shows all it can', async () => {
    const file = 'k2-controller.transcript.yaml'
    const transcript = parseTranscript(await readFile(path.join(recipes, file), 'utf8'), file)
    const ready = compileRecipe(parseRecipe(stringify(grown.at(-1)), 'page'))
    expect(playTranscript(ready, transcript)).toEqual([])
    const done = transcript.steps.map(({ exchange, stream, write }) => exchange ?? stream ?? write)
    const all = [...ready.exchanges.keys(), ...ready.streams.keys(), ...ready.writes.keys()]
    expect(new Set(done)).toEqual(new Set(all))
  })

  test('has the checksum of the manual, and no other fits', () => {
    const manual = page.blocks.find(({ text }) => text.startsWith('K2 temperature controller'))
    const messages = [...(manual?.text.matchAll(/<STX>(\S+)(..)<CR>/g) ?? [])]
    expect(messages).toHaveLength(2)
    for (const [, covered = '', check] of messages) {
      const fitting = checksumNames.filter((type) => {
        const found = createChecksum({ type, as: 'HEX' }).of(parseBytes(covered))
        return Buffer.from(found).toString() === check
      })
      expect(fitting).toEqual(['SUM-8'])
    }
  })
})

describe('the page', () => {
  test('has no block of YAML that nobody looks at', () => {
    const isLookedAt = ({ info, text }: (typeof yaml)[number]) =>
      ['recipe', 'protocol', 'file'].some((word) => info.has(word)) ||
      /^kind: Device|^common:/m.test(text)
    expect(yaml.filter((block) => !isLookedAt(block)).map(titleOf)).toEqual([])
  })

  test.each(
    yaml.filter(({ info }) => info.has('protocol')).map((block) => [titleOf(block), block.text]),
  )('is right about the device at %s', (_, text) => {
    const meta = { apiVersion: 'devices.kubeedge.io/v1beta1', metadata: { name: 'a' } }
    const properties = [{ name: 'temperature', type: 'DOUBLE', accessMode: 'ReadOnly' }]
    const model = { ...meta, kind: 'DeviceModel', spec: { properties } }
    const protocol = { protocolName: 'serial', configData: parse(text) as object }
    const visitors = { protocolName: 'serial', configData: { value: 'temperature' } }
    const spec = {
      ...{ deviceModelRef: { name: 'a' }, protocol },
      properties: [{ name: 'temperature', visitors }],
    }
    const device = deviceOf({ ...meta, kind: 'Device', spec }, model)
    const { issues } = createResolver(driver)(device, modelOf(model))
    expect(issues.map(({ path: at, message }) => `${formatPath(at)} ${message}`)).toEqual([])
  })

  const rowsOf = (heading: string) =>
    tableBelow(page, heading).map(([first = [], second = [], third = []]) => [
      first[0] ?? '',
      second[0] ?? '',
      third[0] ?? '',
    ])

  test.each(rowsOf('### Bytes'))('is right about the bytes %s', (written, bytes) => {
    expect(formatHex(parseBytes(written))).toBe(bytes)
  })

  test.each(rowsOf('### Placeholders'))('is right about %s of %s', (written, value, sent) => {
    const given: Value = /[A-Z]/.test(value) ? value : Number(value)
    const template = compileTemplate(written, ['value'])
    const wanted = parseBytes(sent.replaceAll('␣', ' '))
    expect(formatHex(template.render({ value: given }))).toBe(formatHex(wanted))
  })

  test.each(rowsOf('#### Expressions'))('is right about %s of %s', (expression, raw, value) => {
    const extract = compileExtract({ expression })
    expect(String(extract(Buffer.from(raw)))).toBe(value)
  })

  test('lists all recipes that come with the driver', () => {
    const listed = tableBelow(page, '## Recipes that are there').map(([first = []]) => first[0])
    const files = readdirSync(ownRecipes).filter((file) => /^[^.]+\.yaml$/.test(file))
    expect(listed).toEqual(files.map((file) => file.replace('.yaml', '')).sort())
  })
})

/** A controller as the manual has it. */
async function startController() {
  const spec: FrameSpec = {
    ...{ type: 'delimiter', start: '<STX>', end: '<CR>' },
    checksum: { type: 'SUM-8', as: 'HEX' },
  }
  const heard: string[] = []
  const sockets = new Set<Socket>()
  let setpoint = '+0600'
  const answerTo = (text: string): string => {
    if (text === 'RT') return `RT+0234${setpoint}H`
    if (text.startsWith('RM')) return 'RMOK'
    setpoint = /^WS([+-]\d{4})$/.exec(text)?.[1] ?? setpoint
    return text.startsWith('WS') ? 'WSOK' : 'ER1'
  }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const framer = createFramer(spec)
    const say = (text: string) => socket.write(framer.encode(Buffer.from(`07${text}`)))
    socket.on('data', (bytes) => {
      for (const frame of framer.push(bytes, performance.now())) {
        if (!frame.good) continue
        const message = Buffer.from(frame.payload).toString()
        if (!message.startsWith('07')) continue
        const text = message.slice(2)
        heard.push(text)
        say(answerTo(text))
        if (text === 'RT') say('AL1')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

test('the example brings the controller of the page into the cloud', async () => {
  const { folder, remove } = await scratchFolder()
  const controller = await startController()
  try {
    await copyFile(path.join(example, 'model.yaml'), path.join(folder, 'model.yaml'))
    const devices = (await readFile(path.join(example, 'device.yaml'), 'utf8')).split('\n---\n')
    const device = devices.find((text) => text.includes('recipe: k2-controller')) ?? ''
    expect(device).toContain('port: 4002')
    const placed = device.replace('port: 4002', `port: ${controller.port}`)
    await writeFile(path.join(folder, 'device.yaml'), placed)
    const { sim, stop } = await runDevices({ folder, driver })
    try {
      await vi.waitFor(
        () => {
          const twin = (name: string) => sim.twin('default/controller-7', name)
          expect(twin('temperature')?.reported).toBe('23.4')
          expect(twin('state')?.reported).toBe('heating')
          expect(twin('alarm')?.reported).toBe('too-hot')
          expect(twin('setpoint')?.observedDesired).toBe('65.5')
          expect(twin('setpoint')?.reported).toBe('65.5')
        },
        { timeout: 20_000, interval: 20 },
      )
    } finally {
      await stop()
    }
    expect(controller.heard[0]).toBe('RM1')
    expect(controller.heard).toContain('WS+0655')
    expect(controller.heard.at(-1)).toBe('RM0')
  } finally {
    await controller.close()
    await remove()
  }
})
