import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import { FloatValueSchema, type Any } from '@bufbuild/protobuf/wkt'
import { MapperError } from '@mapper-sdk/core'
import { DeviceModelSchema, DeviceSchema } from '@mapper-sdk/core/dmi'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { crOf } from './convert.ts'
import { deviceMessage, modelMessage } from './deliver.ts'
import type { DeviceCr, Manifest, ModelCr } from './manifest.ts'
import { withModelDefaults } from './merge.ts'
import { behaviourOf } from './version.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/edgecore-1.23/${name}`, import.meta.url), 'utf8')
const device = crOf(parse(fixture('device.yaml')) as Manifest) as DeviceCr
const model = crOf(parse(fixture('model.yaml')) as Manifest) as ModelCr
const now = behaviourOf('1.23')

/** What is really on the wire: defaults are gone, as in the recorded messages. */
const overWire = <D extends DescMessage>(schema: D, message: MessageShape<D>) =>
  plain(fromBinary(schema, toBinary(schema, message)))

/** A message as the recordings have it: unset fields left out, int64 as text, an Any by its bytes. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const fields = value as Record<string, unknown>
  if (fields['$typeName'] === 'google.protobuf.Any') {
    const any = value as Any
    return { '@type': any.typeUrl, hex: Buffer.from(any.value).toString('hex') }
  }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key, item]) => !key.startsWith('$') && !isUnset(item))
      .map(([key, item]) => [key, plain(item)]),
  )
}
const isUnset = (value: unknown) =>
  value === undefined ||
  value === '' ||
  value === 0 ||
  value === 0n ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' &&
    value !== null &&
    !('$typeName' in value) &&
    Object.keys(value).length === 0)

/** The recording without what was decoded for readers. */
const recorded = (name: string): unknown =>
  JSON.parse(fixture(name), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('@type' in value)) return value
    const { '@type': type, hex } = value as Record<string, unknown>
    return { '@type': type, hex }
  })

test('the recorded device is made from its CR and model, byte for byte in every setting', () => {
  const message = deviceMessage(withModelDefaults(device, model), now)
  const { req } = recorded('RegisterDevice.json') as { req: { device: unknown } }
  expect(overWire(DeviceSchema, message)).toEqual(req.device)
})

test('the recorded model is made from its CR', () => {
  const { req } = recorded('CreateDeviceModel.json') as { req: { model: unknown } }
  expect(overWire(DeviceModelSchema, modelMessage(model, now))).toEqual(req.model)
})

test('every number becomes a float32', () => {
  const message = deviceMessage(device, now)
  const settings = message.spec?.protocol?.configData?.data ?? {}
  const float = (key: string) =>
    fromBinary(FloatValueSchema, settings[key]?.value ?? new Uint8Array()).value
  expect(float('bigInt24')).toBe(16777216)
  expect(float('ratio')).toBe(Math.fround(0.1))
  const huge = { ...device.spec.protocol, configData: { huge: 1e39 } }
  const { spec } = deviceMessage({ ...device, spec: { ...device.spec, protocol: huge } }, now)
  const value = spec?.protocol?.configData?.data['huge']?.value ?? new Uint8Array()
  expect(fromBinary(FloatValueSchema, value).value).toBe(Infinity)
})

test.each([[{ a: { b: 1 } }], [{ a: [1] }], [{ a: null }], [{ data: 1 }], [{ Data: 'x' }]])(
  'a device with the settings %j cannot be delivered',
  (configData) => {
    const protocol = { protocolName: 'modbus', configData }
    const bad: DeviceCr = { ...device, spec: { ...device.spec, protocol } }
    expect(() => deviceMessage(bad, now)).toThrow(MapperError)
    const properties = [{ name: 'p', visitors: { configData } }]
    const worse: DeviceCr = { ...device, spec: { ...device.spec, properties } }
    expect(() => deviceMessage(worse, now)).toThrow(/spec\.properties\[0\]\.visitors\.configData/)
  },
)

test('older releases carry less', () => {
  const of = (version: Parameters<typeof behaviourOf>[0]) =>
    deviceMessage(device, behaviourOf(version))
  expect(of('1.15').namespace).toBe('')
  expect(of('1.16').namespace).toBe('default')
  expect(of('1.18').spec?.methods).toHaveLength(0)
  expect(of('1.19').spec?.methods).toHaveLength(1)
  expect(of('1.22').spec?.properties[1]?.pushMethod?.anomalyDetection).toBeUndefined()
  expect(of('1.22').spec?.properties[1]?.pushMethod?.http?.port).toBe(18080n)
  expect(of('1.22').status?.reportCycle).toBe(0n)
  expect(of('1.23').status?.reportCycle).toBe(5000n)
})

test('up to 1.22 the last known twins come along', () => {
  const status = { twins: [{ propertyName: 'total', reported: { value: '7' } }] }
  const known: DeviceCr = { ...device, status }
  expect(deviceMessage(known, behaviourOf('1.22')).status?.twins[0]?.reported?.value).toBe('7')
  expect(deviceMessage(known, now).status?.twins).toHaveLength(0)
})
