import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkFolder, formatFinding } from './check-folder.ts'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver } from './find-driver.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-check-'))))
afterEach(() => rm(folder, { recursive: true }))

const model = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata:
  name: boiler
spec:
  properties:
    - name: temperature
      type: FLOAT
      accessMode: ReadOnly
`
const device = `apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata:
  name: boiler
spec:
  deviceModelRef:
    name: boiler
  protocol:
    protocolName: modbus
    configData:
      host: 127.0.0.1
      port: 502
  properties:
    - name: temperature
      collectCycle: 1000
      reportToCloud: true
      visitors:
        protocolName: modbus
        configData:
          table: holding
          address: 10
          type: float32
`

async function check(deviceText: string, modelText = model): Promise<string[]> {
  await writeFile(path.join(folder, 'model.yaml'), modelText)
  await writeFile(path.join(folder, 'device.yaml'), deviceText)
  const choice = createDriverChoice([])
  const { findings } = await checkFolder(folder, (name) => findDriver(choice(name)))
  return findings.map((finding) => formatFinding({ ...finding, file: path.basename(finding.file) }))
}

test('what is right is passed without a word', async () => {
  expect(await check(device)).toEqual([])
})

test.each<readonly [wrong: string, right: string, start: string]>([
  ['port: 70000', 'port: 502', 'device.yaml:12:13: error: spec.protocol.configData.port: '],
  [
    'hots: 127.0.0.1',
    'host: 127.0.0.1',
    'device.yaml:10:5: error: spec.protocol.configData.host: ',
  ],
  [
    'table: holdng',
    'table: holding',
    'device.yaml:20:18: error: spec.properties[0].visitors.configData.table: ',
  ],
  [
    'adress: 10',
    'address: 10',
    'device.yaml:19:9: error: spec.properties[0].visitors.configData.address: ',
  ],
  [
    'type: float33',
    'type: float32',
    'device.yaml:22:17: error: spec.properties[0].visitors.configData.type: ',
  ],
  [
    'name: boilr\n  protocol:',
    'name: boiler\n  protocol:',
    'device.yaml:7:11: error: spec.deviceModelRef.name: no DeviceModel default/boilr in the folder (there is: default/boiler)',
  ],
  [
    'protocolName: modbsu\n    configData',
    'protocolName: modbus\n    configData',
    'device.yaml:9:19: error: spec.protocol.protocolName: no driver for the protocol "modbsu"',
  ],
  [
    'collectCycle: fast',
    'collectCycle: 1000',
    'device.yaml:15:21: error: spec.properties[0].collectCycle: ',
  ],
  ['kind: Devise', 'kind: Device', 'device.yaml:2:7: error: kind: '],
  ['metadata: [', 'metadata:', 'device.yaml:'],
])('%j is found where it stands', async (wrong, right, start) => {
  const text = device.replace(right, wrong)
  expect(text).not.toBe(device)
  const findings = await check(text)
  expect(
    findings.find((line) => line.startsWith(start)),
    findings.join('\n'),
  ).toBeDefined()
})

test('one device that is wrong hides nothing of another', async () => {
  const other = device.replace('name: boiler\nspec', 'name: other\nspec').replace('502', '0')
  const findings = await check(`${device.replace('502', '70000')}---\n${other}`)
  expect(findings.map((line) => line.split(':')[1])).toEqual(['12', '35'])
})

test('a folder that is not there is an error of its own', async () => {
  const choice = createDriverChoice([])
  const nowhere = path.join(folder, 'nowhere')
  await expect(checkFolder(nowhere, (name) => findDriver(choice(name)))).rejects.toMatchObject({
    code: 'invalid_config',
  })
})
