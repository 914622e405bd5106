import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver, findDriverModule, findSimulator } from './find-driver.ts'

const driverSource = (name: string) =>
  `{ protocolName: '${name}', protocolSchema: {}, visitorSchema: {}, connectionKey: () => '', connect: async () => ({}) }`

describe('findDriver', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-driver-'))))
  afterAll(() => rm(folder, { recursive: true }))
  const put = async (name: string, source: string) => {
    await writeFile(path.join(folder, name), source)
    return path.join(folder, name)
  }

  test.each(['modbus', 'opcua'])('knows %s by its short name', async (name) => {
    expect((await findDriver(name)).protocolName).toBe(name)
  })

  test('takes the export named driver, or else the only one that is a driver', async () => {
    const named = await put(
      'named.mjs',
      `export const a = ${driverSource('a')}; export const driver = ${driverSource('b')}`,
    )
    expect((await findDriver(named)).protocolName).toBe('b')
    const only = await put(
      'only.mjs',
      `export const version = 1; export const coffee = ${driverSource('coffee')}`,
    )
    expect((await findDriver(only)).protocolName).toBe('coffee')
  })

  test.each([
    [
      'none.mjs',
      'export const connect = 1, other = {}',
      'exports no driver (it exports connect, other;',
    ],
    ['empty.mjs', '', 'exports no driver (it exports nothing;'],
    [
      'two.mjs',
      `export const a = ${driverSource('a')}, b = ${driverSource('b')}`,
      'exports several drivers: a, b',
    ],
    ['broken.mjs', 'throw new Error("at load")', 'at load'],
    ['imports.mjs', 'import "not-there-at-all"', 'not-there-at-all'],
  ])('%s is refused with what was found', async (name, source, message) => {
    const file = await put(name, source)
    await expect(findDriver(file)).rejects.toMatchObject({ code: 'invalid_config' })
    await expect(findDriver(file)).rejects.toThrow(message)
  })

  test('gives what else the module says for the command line', async () => {
    expect((await findDriverModule('modbus')).commandLine).toBeDefined()
    const file = await put(
      'named-places.mjs',
      `export const driver = ${driverSource('a')}; export const commandLine = { protocol: () => ({}) }`,
    )
    expect(await findDriverModule(file)).not.toHaveProperty('commandLine')
  })

  test('finds the simulator beside it', async () => {
    expect(await findSimulator('modbus')).toHaveProperty('simulate')
    const file = await put('lonely.mjs', `export const driver = ${driverSource('a')}`)
    await expect(findSimulator(file)).rejects.toThrow('brings no simulator')
  })

  test('says where it looked', async () => {
    await expect(findDriver('./nope.js')).rejects.toThrow(
      `no such file: ${path.resolve('nope.js')}`,
    )
    await expect(findDriver('nope')).rejects.toThrow(
      'neither a known driver (modbus, opcua, serial) nor a package',
    )
  })
})

describe('createDriverChoice', () => {
  test('goes by the protocolName, with what was chosen first', () => {
    const choice = createDriverChoice(['coffee=./coffee.js', 'modbus=./mine.js'])
    expect(choice('coffee')).toBe('./coffee.js')
    expect(choice('modbus')).toBe('./mine.js')
    expect(choice('modbus-tcp')).toBe('modbus')
    expect(createDriverChoice([])('Modbus')).toBe('modbus')
    expect(() => choice('tea')).toThrow('name another with --driver tea=PATH')
  })

  test.each(['coffee', '=x', 'coffee='])('refuses %j', (chosen) => {
    expect(() => createDriverChoice([chosen])).toThrow('write it as PROTOCOL=DRIVER')
  })
})
