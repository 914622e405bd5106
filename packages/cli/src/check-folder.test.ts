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

const place = 'spec.properties[0].visitors.configData'

test.each<readonly [visitor: string, start: string]>([
  ['table: holding\n          offset: 1\n          limit: 0', `22:18: error: ${place}.limit: `],
  ['table: holding\n          offset: 1\n          limit: -1', `22:18: error: ${place}.limit: `],
  [
    'table: holding\n          offset: 1\n          limit: 1000000000',
    `22:18: error: ${place}.limit: `,
  ],
  [
    'table: holding\n          offset: 1\n          type: bytes\n          limit: 126',
    `23:18: error: ${place}.limit: `,
  ],
  [
    'table: input\n          address: 65535\n          type: float32',
    `21:20: error: ${place}.address: is 65535, from where 2 registers reach beyond the last, 65535`,
  ],
  ['table: input\n          address: 65536', `21:20: error: ${place}.address: `],
  ['table: input\n          address: -1', `21:20: error: ${place}.address: `],
  ['table: coil\n          address: 1\n          limit: 2', `22:18: error: ${place}.limit: `],
])('what no request can carry is found where it stands: %j', async (visitor, start) => {
  const text = device.replace(/table: holding[^]*$/, `${visitor}\n`)
  const [finding, ...more] = await check(text)
  expect(finding?.startsWith(`device.yaml:${start}`), finding).toBe(true)
  expect(more).toEqual([])
})

test.each<readonly [protocol: string, column: string]>([
  ['host: 127.0.0.1\n      unit: -1', '12:13: error: spec.protocol.configData.unit: '],
  ['host: 127.0.0.1\n      unit: 256', '12:13: error: spec.protocol.configData.unit: '],
  ['path: /dev/ttyUSB0\n      unit: 0', '12:13: error: spec.protocol.configData.unit: '],
  ['path: /dev/ttyUSB0\n      slaveID: 248', '12:16: error: spec.protocol.configData.slaveID: '],
  [
    'host: 127.0.0.1\n      maxRegistersPerRequest: 126',
    '12:31: error: spec.protocol.configData.maxRegistersPerRequest: ',
  ],
  [
    'host: 127.0.0.1\n      maxBitsPerRequest: 2001',
    '12:26: error: spec.protocol.configData.maxBitsPerRequest: ',
  ],
])(
  'a unit or a limit that no device can have is found where it stands: %j',
  async (protocol, start) => {
    const findings = await check(device.replace('host: 127.0.0.1\n      port: 502', protocol))
    expect(findings).toEqual([expect.stringContaining(`device.yaml:${start}`)])
  },
)

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
