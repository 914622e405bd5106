import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startOpcuaSimulator, type OpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkFolder } from './check-folder.ts'
import { fakeIo } from './command-io.suite.ts'
import { deviceTarget } from './device-target.ts'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver } from './find-driver.ts'
import { printTree, writeTree, type FilesWish } from './opcua-browse.ts'
import { opcua, wishOf } from './opcua-field.suite.ts'
import { read } from './read.ts'
import { createTarget } from './target.ts'
import { write } from './write.ts'

let field: OpcuaSimulator
let where: string
beforeAll(async () => {
  field = await startOpcuaSimulator({
    treeNodes: 100,
    nodes: [
      { name: 'On.\u001b[31mRed', type: 'Int32', value: 1 },
      { name: 'On.yes', type: 'Boolean', value: true, writable: false },
    ],
  })
  // The simulator takes its time to refuse a text of 16 MB when the machine is busy.
  where = `127.0.0.1:${field.port},timeoutMs=30000`
})
afterAll(() => field.close())

const uri = 'nsu=urn:mapper-sdk:simulator'

describe('the tree', () => {
  test('has a line for each node', async () => {
    const screen = fakeIo()
    expect(await printTree(wishOf(where, '/3:Simulator/3:Analog'), screen.io)).toBe(2)
    expect(screen.lines()).toEqual([
      `3:Analog  ${uri};s=Analog`,
      `  3:Temperature  ${uri};s=Analog.Temperature  Double  rw  21.5 °C`,
    ])
    expect(screen.err()).toBe(`browsing ${field.url}; Ctrl-C stops\n`)
  })

  test('has the whole way to what a filter names, as mapper read takes it', async () => {
    const screen = fakeIo()
    const wish = wishOf(where, undefined, { filter: '*emp*ture', byIndex: true })
    expect(await printTree(wish, screen.io)).toBe(1)
    const [line = ''] = screen.lines()
    expect(line).toBe(
      '/3:Simulator/3:Analog/3:Temperature  ns=3;s=Analog.Temperature  Double  rw  21.5 °C',
    )
    const target = createTarget(opcua, { where, places: line.split('  ').slice(0, 2) })
    const other = fakeIo()
    await read(target, { json: false, raw: false, identify: false, timeoutMs: 10_000 }, other.io)
    expect(other.lines().map((each) => each.split(/ {2,}/)[1])).toEqual(['21.5', '21.5'])
  })

  test('has errors beside those that fail, and nothing that a terminal obeys', async () => {
    const screen = fakeIo()
    await printTree(wishOf(where, 'ns=3;s=Quality', { onlyVariables: true }), screen.io)
    expect(screen.lines()).toContain(
      `/3:BadWithValue  ${uri};s=Quality.BadWithValue  Double  rw  – [rejected] BadSensorFailure, the sensor behind the server failed`,
    )
    const other = fakeIo()
    await printTree(wishOf(where, 'ns=3;s=On'), other.io)
    expect(other.out()).toContain('3:?[31mRed')
    expect(other.out()).not.toContain('\u001b')
  })

  test('is one object a line', async () => {
    const screen = fakeIo()
    await printTree(wishOf(where, 'ns=3;s=Analog', { json: true }), screen.io)
    expect(screen.objects()[1]).toMatchObject({
      ...{ nodeID: `${uri};s=Analog.Temperature`, browsePath: '/3:Temperature' },
      ...{ dataType: 'Double', value: 21.5, unit: '°C', range: { low: -50, high: 150 } },
    })
  })

  test('ends where it is stopped, and says where', async () => {
    const screen = fakeIo()
    screen.onWrite(screen.stop)
    expect(await printTree(wishOf(where, '/3:Simulator/3:Tree'), screen.io)).toBe(1)
    expect(screen.err()).toContain('stopped at /3:Simulator/3:Tree, after 1 nodes')
    await expect.poll(() => field.sessionCount).toBe(0)
  })

  test('says that there is more', async () => {
    const screen = fakeIo()
    expect(await printTree(wishOf(where, 'ns=3;s=Tree', { most: 4 }), screen.io)).toBe(4)
    expect(screen.err()).toContain('only the first 4 nodes, up to /3:2; begin further down')
    const nothing = fakeIo()
    const wish = wishOf(where, 'ns=3;s=Analog', { filter: 'nope' })
    expect(await printTree(wish, nothing.io)).toBe(0)
    expect(nothing.err()).toContain('no node there that "nope" names')
  })
})

describe('the files', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-browse-'))))
  afterEach(() => rm(folder, { recursive: true }))
  const files = (more: Partial<FilesWish> = {}): FilesWish => ({
    ...{ folder, nodeName: 'edge-1', words: { url: field.url } },
    ...{ withMethods: false, force: false, ...more },
  })
  const check = async () => {
    const choice = createDriverChoice([])
    return (await checkFolder(folder, (name) => findDriver(choice(name)))).findings
  }

  test('pass the check, with names and types of all there is, and give its values', async () => {
    const screen = fakeIo()
    const wish = wishOf(where, '/3:Simulator')
    const count = await writeTree(wish, files({ withMethods: true }), screen.io)
    expect(count).toBeGreaterThan(250)
    expect(screen.err()).toContain(
      'left out: /3:Simulator/3:Access/3:WriteOnly: it cannot be read\n',
    )
    expect(screen.err()).toContain('/3:Simulator/3:Big/3:Array: its value is 40001 long')
    expect(screen.err()).toContain('/3:Simulator/3:Big/3:String16MB: the server does not give')
    expect(await check()).toEqual([])

    const names = ['Temperature', 'Scalars.UInt64', 'Scalars.ByteString', 'Color', 'yes', 'Recipe']
    const target = await deviceTarget(
      { file: path.join(folder, 'simulator-device.yaml'), properties: names },
      createDriverChoice([]),
    )
    expect(target.items).toMatchObject([
      { type: 'DOUBLE', unit: '°C', limits: { minimum: -50, maximum: 150 } },
      { type: 'INT' },
      { type: 'BYTES' },
      { type: 'STRING' },
      { type: 'BOOLEAN', isReadOnly: true },
      { type: 'STRING' },
    ])
    const other = fakeIo()
    const once = { json: true, raw: false, identify: false, timeoutMs: 10_000 }
    expect(await read(target, once, other.io)).toBe(true)
    const values = other.lines().map((line) => (JSON.parse(line) as { value: unknown }).value)
    expect(values.slice(0, 5)).toEqual([21.5, '18446744073709551615', '0001feff', 'Green', true])
    expect(JSON.parse(String(values[5]))).toMatchObject({ Name: 'Grüße' })
  })

  test('hold methods as properties that call them', async () => {
    const screen = fakeIo()
    await writeTree(wishOf(where, 'ns=3;s=Methods'), files({ withMethods: true }), screen.io)
    expect(await check()).toEqual([])
    const target = await deviceTarget(
      { file: path.join(folder, 'methods-device.yaml'), properties: ['Add'] },
      createDriverChoice([]),
    )
    const called = fakeIo()
    const once = { json: false, timeoutMs: 10_000 }
    expect(await write(target, '[1.5,2]', once, called.io), called.err()).toBe(true)
    expect(called.lines().at(-1)).toBe('  after   [3.5]')
    const device = await readFile(path.join(folder, 'methods-device.yaml'), 'utf8')
    expect(device).toContain(`methodID: ${uri};s=Methods.Add`)
    expect(device).toContain('propertyNames:\n        - Add')
  })

  test('that exist stay, unless they are to be replaced', async () => {
    const file = path.join(folder, 'analog-model.yaml')
    await writeFile(file, 'mine')
    const wish = wishOf(where, 'ns=3;s=Analog')
    await expect(writeTree(wish, files(), fakeIo().io)).rejects.toThrow('add --force to replace it')
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect(await readdir(folder)).toHaveLength(1)
    expect(await writeTree(wish, files({ force: true }), fakeIo().io)).toBe(1)
    expect(await readFile(file, 'utf8')).toContain('kind: DeviceModel')
  })

  test('are not written when it is stopped, or when there is nothing to write', async () => {
    const screen = fakeIo()
    screen.stop()
    expect(await writeTree(wishOf(where, 'ns=3;s=Tree'), files(), screen.io)).toBe(0)
    expect(screen.err()).toContain('nothing was written')
    const other = fakeIo()
    const wish = wishOf(where, 'ns=3;s=Analog', { filter: 'nope' })
    expect(await writeTree(wish, files(), other.io)).toBe(0)
    expect(other.err()).toContain('no variable to write down that "nope" names')
    expect(await readdir(folder)).toEqual([])
  })
})
