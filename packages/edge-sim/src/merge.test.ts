import { expect, test } from 'vitest'
import type { DeviceCr, ModelCr } from './manifest.ts'
import { withModelDefaults } from './merge.ts'

const device: DeviceCr = {
  kind: 'Device',
  metadata: { name: 'boiler' },
  spec: {
    deviceModelRef: { name: 'm' },
    protocol: { protocolName: 'modbus', configData: { ip: '10.0.0.1', timeoutMs: 900 } },
    properties: [
      { name: 'a', visitors: { protocolName: 'own', configData: { offset: 10, scale: 0.1 } } },
      { name: 'b', visitors: { protocolName: 'own' } },
      { name: 'c', visitors: { protocolName: 'own', configData: { offset: 3 } } },
      { name: 'd' },
    ],
  },
}
const model: ModelCr = {
  kind: 'DeviceModel',
  metadata: { name: 'm' },
  spec: {
    protocol: 'modbus',
    protocolConfigData: { timeoutMs: 1500, endian: 'big' },
    properties: [
      { name: 'a', visitors: { protocolName: 'modbus', configData: { offset: 0, limit: 2 } } },
      { name: 'b', visitors: { configData: { offset: 1 } } },
      { name: 'c' },
      { name: 'only-in-model', visitors: { configData: { offset: 9 } } },
    ],
  },
}

test('the device wins key by key, the model decides the visitor’s protocolName', () => {
  const { spec } = withModelDefaults(device, model)
  expect(spec.protocol).toEqual({
    protocolName: 'modbus',
    configData: { ip: '10.0.0.1', timeoutMs: 900, endian: 'big' },
  })
  expect(spec.properties).toEqual([
    {
      name: 'a',
      visitors: { protocolName: 'modbus', configData: { offset: 10, scale: 0.1, limit: 2 } },
    },
    { name: 'b', visitors: { protocolName: 'own', configData: { offset: 1 } } },
    { name: 'c', visitors: { protocolName: 'own', configData: { offset: 3 } } },
    { name: 'd' },
  ])
})

test('a device and a model without settings stay without', () => {
  const bare: DeviceCr = {
    ...device,
    spec: { deviceModelRef: { name: 'm' }, protocol: { protocolName: 'modbus' } },
  }
  expect(withModelDefaults(bare, { ...model, spec: {} })).toEqual(bare)
})
