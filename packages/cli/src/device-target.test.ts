import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { deviceTarget } from './device-target.ts'
import { createDriverChoice } from './driver-choice.ts'
import { read } from './read.ts'
import { write } from './write.ts'

const model = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: { name: boiler }
spec:
  properties:
    - { name: temperature, type: FLOAT, accessMode: ReadOnly, unit: °C }
    - { name: setpoint, type: FLOAT, accessMode: ReadWrite, minimum: '20', maximum: '80' }
`
const device = (name: string, port: number) => `apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: { name: ${name} }
spec:
  deviceModelRef: { name: boiler }
  protocol: { protocolName: modbus, configData: { host: 127.0.0.1, port: ${port}, unit: 3 } }
  properties:
    - name: temperature
      visitors: { configData: { address: 0, type: float32 } }
    - name: setpoint
      visitors: { configData: { address: 10, type: int16, scale: 0.1 } }
`

let folder: string
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-target-'))))
afterEach(() => rm(folder, { recursive: true }))

const put = async (name: string, text: string) => {
  await writeFile(path.join(folder, name), text)
  return path.join(folder, name)
}
const drivers = createDriverChoice([])
const target = (file: string, properties: readonly string[] = [], name?: string) =>
  deviceTarget({ file, properties, ...(name !== undefined && { name }) }, drivers)

test('reads and writes the properties of a device as the mapper would', async () => {
  const bank = createBank({ units: [3] })
  bank.setRegister('holding', 0, [0x4276, 0], 3)
  bank.setRegister('holding', 10, 585, 3)
  const simulator = await serveTcp(bank)
  try {
    await put('model.yaml', model)
    const file = await put('device.yaml', device('boiler', simulator.port))
    const options = { json: false, timeoutMs: 10_000 }
    const screen = fakeIo()
    const once = { ...options, raw: false, identify: false }
    expect(await read(await target(file), once, screen.io)).toBe(true)
    expect(screen.lines()).toEqual(['temperature  61.5 °C', 'setpoint     58.5'])

    const set = async (property: string, text: string) =>
      write(await target(file, [property]), text, options, fakeIo().io)
    expect(await set('setpoint', '61.5')).toBe(true)
    expect(bank.getRegister('holding', 10, 3)).toBe(615)
    await expect(set('setpoint', '95')).rejects.toThrow('95 is above the maximum 80')
    await expect(set('temperature', '20')).rejects.toThrow('temperature is ReadOnly in its model')
    expect(bank.getRegister('holding', 10, 3)).toBe(615)
  } finally {
    await simulator.close()
  }
})

test('a device of several is chosen by its name', async () => {
  await put('model.yaml', model)
  const file = await put('devices.yaml', `${device('one', 1)}---\n${device('two', 2)}`)
  await put('other.yaml', device('three', 3))
  const port = async (...how: Parameters<typeof target>) =>
    ((await target(...how)).protocol as { port: number }).port
  expect(await port(file, [], 'two')).toBe(2)
  expect(await port(folder, [], 'default/three')).toBe(3)
  expect(await port(path.join(folder, 'other.yaml'))).toBe(3)
  await expect(target(file)).rejects.toThrow('default/one, default/two; choose with --name')
  await expect(target(file, [], 'three')).rejects.toThrow(
    'has no device three (it has default/one, default/two)',
  )
})

test('what is wrong is told with its place', async () => {
  await expect(target(path.join(folder, 'none.yaml'))).rejects.toThrow('no such file')
  const alone = await put('device.yaml', device('boiler', 502))
  await expect(target(alone)).rejects.toThrow('there is no DeviceModel default/boiler')
  await put('model.yaml', model)
  await expect(target(alone, ['presure'])).rejects.toThrow(
    'has no property presure (it has temperature, setpoint)',
  )
  await put('device.yaml', device('boiler', 502).replace('float32', 'float33'))
  await expect(target(alone, ['temperature'])).rejects.toThrow(/device\.yaml:9:\d+: .*type/)
  expect((await target(alone, ['setpoint'])).items).toHaveLength(1)
  await put('device.yaml', device('boiler', 99_999))
  await expect(target(alone)).rejects.toThrow(/device\.yaml:6:\d+: .*port/)
  await put('device.yaml', 'kind: [')
  await expect(target(alone)).rejects.toThrow(/device\.yaml:1:\d+: broken YAML/)
})
