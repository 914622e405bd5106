import { expect, test } from 'vitest'
import type { Device } from '../../device.ts'
import { decodeDevice } from './decode.ts'
import { encodeDescription, encodeRegister, encodeState, isRoutable } from './encode.ts'

test('a registration asks for data and names the plain path', () => {
  const mapper = { name: 'm', version: 'v1', apiVersion: 'v1.0.0', protocol: 'modbus' }
  const message = encodeRegister(mapper, '/run/süd.sock')
  expect(message.withData).toBe(true)
  expect(message.mapper).toMatchObject({ ...mapper, state: 'ok' })
  expect(Buffer.from(message.mapper?.address ?? []).toString()).toBe('/run/süd.sock')
})

test('a state names its device in the order of its own message', () => {
  expect(encodeState('ns/dev-1', 'offline')).toMatchObject({
    deviceNamespace: 'ns',
    deviceName: 'dev-1',
    state: 'offline',
  })
})

test.each([
  ...['default', 'test', 'prod', 'dev-1', 'iot-dev', ''].map((name) => [name, true] as const),
  ...['dev', 'device', 'event', 'events', 'e', 'hw', 'ice', 'vice'].map((n) => [n, false] as const),
])('namespace %j can be routed: %s', (namespace, routable) => {
  expect(isRoutable(namespace)).toBe(routable)
})

test('what GetDevice answers decodes to the same device', () => {
  const device: Device = {
    namespace: 'default',
    name: 'boiler-1',
    model: 'boiler',
    protocolName: 'modbus',
    protocol: { ip: '127.0.0.1', port: 502, debug: true },
    properties: [
      {
        name: 'temperature',
        desired: '42',
        visitor: { register: 'InputRegister', offset: 10 },
        collectCycle: 1000,
        reportCycle: 2000,
        reportToCloud: true,
        pushMethod: {
          http: { hostName: 'http://127.0.0.1', port: 8080, requestPath: '/x', timeout: 300 },
          dbMethod: {
            TDEngine: { TDEngineClientConfig: { addr: 'a:6041', dbName: 'd' } },
            influxdb2: { influxdb2DataConfig: { measurement: 'm', tag: { unit: 'u1' } } },
          },
          anomalyDetection: { threshold: 5, algo: 'zscore' },
        },
      },
    ],
    methods: [{ name: 'setAll', description: 'all', propertyNames: ['temperature'] }],
    stateReport: { toCloud: true, cycleMs: 5000 },
  }
  const twins = [{ property: 'temperature', reported: '21.5', observedDesired: '42' }]
  const message = encodeDescription({ device, twins })
  expect(decodeDevice(message)).toEqual({ device, issues: [] })
  expect(message.status?.twins[0]?.reported?.value).toBe('21.5')
  const odd = { ...device, protocol: { list: [1], ok: 'x', nothing: null } }
  expect(decodeDevice(encodeDescription({ device: odd, twins })).device.protocol).toEqual({
    ok: 'x',
  })
})
