import { isLegalName, isLegalValue } from '../../alphabet.ts'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Device } from '../../device.ts'
import type { TwinUpdate } from '../edge.ts'
import { decodeDevice } from './decode.ts'
import {
  encodeDescription,
  encodeRegister,
  encodeState,
  encodeTwins,
  isRoutable,
} from './encode.ts'
import { ReportDeviceStatusRequestSchema } from './gen/dmi_pb.ts'

const alphabet = 'ABCXYZabcxyz0189-_.,:/@#'
const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })
const twin: fc.Arbitrary<TwinUpdate> = fc.record({
  property: text(1, 128),
  reported: text(0, 512),
  observedDesired: text(0, 512),
  first: fc.boolean(),
})

/** Whether a field of this number with a message in it stands in the bytes of a message. */
function fieldNumbers(message: Uint8Array): number[] {
  const numbers: number[] = []
  for (let at = 0; at < message.length;) {
    numbers.push((message[at] ?? 0) >> 3)
    let length = 0
    let shift = 0
    let byte: number
    do {
      byte = message[++at] ?? 0
      length += (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80)
    at += 1 + length
  }
  return numbers
}

describe('encodeTwins', () => {
  test('on the wire every twin has both halves, and the new ones stand a second time at the end', () => {
    fc.assert(
      fc.property(fc.array(twin, { minLength: 1, maxLength: 20 }), (twins) => {
        const message = encodeTwins({ device: 'ns/name', twins })
        const bytes = toBinary(ReportDeviceStatusRequestSchema, message)
        const sent = fromBinary(ReportDeviceStatusRequestSchema, bytes)
        expect([sent.deviceNamespace, sent.deviceName]).toEqual(['ns', 'name'])
        const listed = sent.reportedDevice?.twins ?? []
        const expected = [...twins, ...twins.filter(({ first }) => first)]
        expect(listed).toHaveLength(expected.length)
        for (const [index, update] of expected.entries()) {
          const actual = listed[index]
          expect(actual?.propertyName).toBe(update.property)
          expect(actual?.observedDesired?.value).toBe(update.observedDesired)
          expect(actual?.reported?.value).toBe(update.reported)
        }
      }),
    )
  })

  test('an empty half is still there', () => {
    const twins = [{ property: 'p', reported: '', observedDesired: '', first: false }]
    const bytes = toBinary(ReportDeviceStatusRequestSchema, encodeTwins({ device: 'a/b', twins }))
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x0a, 1, 0x70]))
    expect(fieldNumbers(bytes.subarray(at, at + 7))).toEqual([1, 2, 3])
  })

  test('no twins at all is a bug of the caller', () => {
    expect(() => encodeTwins({ device: 'a/b', twins: [] })).toThrow(/^\[internal\]/)
  })

  test('nothing outside of the alphabet leaves', () => {
    const base = { property: 'p', reported: '1', observedDesired: '', first: false }
    const bad = ['a b', '1e+21', 'x=', '100%', 'süd', '{}', '"', 'a\n', 'a'.repeat(513), '\u0000']
    for (const value of bad) {
      for (const half of ['reported', 'observedDesired', 'property']) {
        const twins = [{ ...base, [half]: value }]
        expect(() => encodeTwins({ device: 'a/b', twins })).toThrow(/^\[bad_data\].*a\/b/)
      }
    }
    const long = [{ ...base, property: 'a'.repeat(129) }]
    expect(() => encodeTwins({ device: 'a/b', twins: long })).toThrow(/1 to 128/)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const allowed = [...value].every((character) =>
          /[A-Za-z0-9]/.test(character) ? true : '-_.,:/@#'.includes(character),
        )
        expect(isLegalValue(value)).toBe(allowed)
        expect(isLegalName(value)).toBe(allowed && value !== '')
      }),
    )
  })
})

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
