import type { RuleName } from './rules.ts'

/** A plant without a fault. Examples of faults are made of it, so that each has one difference. */
export const plant = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: { name: boiler }
spec:
  protocol: modbus
  properties:
    - { name: temperature, type: FLOAT, accessMode: ReadOnly, minimum: "0", maximum: "90" }
    - { name: setpoint, type: INT, minimum: "0", maximum: "90" }
    - { name: mode, type: STRING }
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: { name: boiler-1, namespace: default }
spec:
  nodeName: edge-1
  deviceModelRef: { name: boiler }
  protocol: { protocolName: modbus, configData: { path: /dev/ttyS1, unit: 1, baudRate: 9600 } }
  properties:
    - name: temperature
      reportToCloud: true
      collectCycle: 2000
      visitors: { protocolName: modbus, configData: { table: holding, address: 10, type: float32 } }
    - name: setpoint
      desired: { value: "20" }
      visitors: { configData: { table: holding, address: 12, scale: 0.1 } }
    - name: mode
      visitors: { configData: { table: holding, address: 14, map: "0=off,1=on" } }
  methods:
    - { name: set, propertyNames: [setpoint] }
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: { name: boiler-2 }
spec:
  nodeName: edge-2
  deviceModelRef: { name: boiler }
  protocol: { protocolName: modbus, configData: { path: /dev/ttyS1, unit: 1, baudRate: 19200 } }
  properties:
    - { name: temperature, reportToCloud: true, visitors: { configData: { address: 10 } } }
    - { name: setpoint, visitors: { configData: { address: 12 } } }
    - { name: mode, visitors: { configData: { address: 14, map: "0=off,1=on" } } }
`

export const mapperFile = `common:
  http_port: 7777
mapper:
  refresh_ms: 300000
`

export const recipe = `name: tank
frame: { type: delimiter, end: <CR> }
exchanges:
  level: { request: L, response: { pattern: '^L(?<level>[0-9]+)$' } }
values:
  level: { from: level }
`

export const script = `recipe: tank.yaml
sends:
  - { everyMs: 1000, payload: L }
`

/** `from` is in one of the files above; `to` instead of it breaks the rule at this line and column. */
export interface Example {
  readonly from: string
  readonly to: string
  readonly at: string
  /** What nearly breaks it, and does not; left out: the plant as it is. */
  readonly fine?: string
}

type Examples = Readonly<
  Record<Exclude<RuleName, 'recipe' | 'simulator-script' | 'transcript'>, readonly Example[]>
>

const flow = '{ table: holding, address: 10, type: float32 }'

export const examples: Examples = {
  'yaml-broken': [
    { from: 'kind: Device\n', to: 'kind: [\n', at: '13:1' },
    { from: 'name: boiler-1,', to: 'name: *boiler,', at: '10:1', fine: 'name: &a boiler-1,' },
    { from: 'refresh_ms: 300000', to: 'refresh_ms: [', at: '5:1' },
  ],
  'not-a-resource': [
    { from: 'kind: DeviceModel', to: 'kind: Modell', at: '2:7' },
    { from: plant, to: 'just a text', at: '1:1', fine: 'apiVersion: v1\nkind: ConfigMap' },
  ],
  'api-version': [
    {
      from: 'apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel',
      to: 'apiVersion: devices.kubeedge.io/v1alpha2\nkind: DeviceModel',
      at: '1:13',
    },
  ],
  'old-field': [
    {
      from: 'apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: { name: boiler }\nspec:',
      to: 'apiVersion: devices.kubeedge.io/v1alpha1\nkind: Device\nmetadata: { name: boiler }\nspec:\n  propertyVisitors: []',
      at: '5:3',
    },
  ],
  'unknown-field': [{ from: '      collectCycle:', to: '      colectCycle:', at: '21:7' }],
  'missing-field': [
    { from: 'deviceModelRef: { name: boiler }', to: 'deviceModelRef: {}', at: '16:3' },
  ],
  'wrong-type': [
    {
      from: 'minimum: "0", maximum: "90" }\n    - { name: setpoint',
      to: 'minimum: 0, maximum: "90" }\n    - { name: setpoint',
      at: '7:72',
    },
    { from: 'collectCycle: 2000', to: 'collectCycle: "2000"', at: '21:21' },
    { from: 'reportToCloud: true\n', to: 'reportToCloud: "true"\n', at: '20:22' },
  ],
  'wrong-choice': [{ from: 'type: FLOAT', to: 'type: float', at: '7:34', fine: 'type: DOUBLE' }],
  'resource-name': [
    { from: 'name: boiler-1', to: 'name: Boiler_1', at: '13:19', fine: 'name: boiler.1' },
  ],
  'resource-twice': [
    {
      from: 'name: boiler-2',
      to: 'name: boiler-1',
      at: '33:19',
      fine: 'name: boiler-1, namespace: other',
    },
  ],
  'property-twice': [{ from: 'name: mode\n', to: 'name: setpoint\n', at: '26:13' }],
  'config-nested': [
    { from: 'unit: 1, baudRate: 9600', to: 'unit: 1, baudRate: [9600]', at: '17:78' },
    { from: flow, to: '{ table: holding, address: 10, type: }', at: '22:90' },
  ],
  'config-named-data': [{ from: 'baudRate: 9600', to: 'Data: 9600', at: '17:78' }],
  'number-precision': [
    {
      from: 'unit: 1, baudRate: 9600',
      to: 'unit: 1, baudRate: 16777217',
      at: '17:88',
      fine: 'unit: 1, baudRate: "16777217"',
    },
    { from: 'scale: 0.1', to: 'scale: 0.123456789', at: '25:69', fine: 'scale: 0.12345' },
  ],
  'name-illegal': [
    { from: 'name: mode,', to: 'name: "m o",', at: '9:15', fine: 'name: "m.o/d:e@#",' },
  ],
  'value-illegal': [{ from: '1=on', to: '1=läuft', at: '27:67', fine: '1=on/off' }],
  'namespace-unroutable': [
    { from: 'namespace: default', to: 'namespace: dev', at: '13:40', fine: 'namespace: devices' },
  ],
  'node-missing': [{ from: '  nodeName: edge-1\n', to: '', at: '14:1' }],
  'cycle-nanoseconds': [
    {
      from: 'collectCycle: 2000',
      to: 'collectCycle: 1000000000',
      at: '21:21',
      fine: 'collectCycle: 99999999',
    },
  ],
  'cycle-seconds': [
    { from: 'collectCycle: 2000', to: 'collectCycle: 60', at: '21:21', fine: 'collectCycle: 1000' },
  ],
  'cycle-limits': [
    { from: 'collectCycle: 2000', to: 'collectCycle: 9', at: '21:21', fine: 'collectCycle: 0' },
    { from: 'collectCycle: 2000', to: 'collectCycle: -1', at: '21:21' },
  ],
  'report-budget': [{ from: 'collectCycle: 2000', to: 'collectCycle: 200', at: '18:3' }],
  'nothing-reported': [{ from: 'reportToCloud: true\n', to: 'reportToCloud: false\n', at: '18:3' }],
  'model-missing': [
    {
      from: 'deviceModelRef: { name: boiler }',
      to: 'deviceModelRef: { name: boilr }',
      at: '16:27',
    },
  ],
  'model-protocol': [
    { from: '  protocol: modbus\n', to: '  protocol: modbus-tcp\n', at: '5:13' },
    { from: '  protocol: modbus\n', to: '', at: '4:1' },
  ],
  'property-not-in-model': [{ from: 'name: mode\n', to: 'name: moda\n', at: '26:13' }],
  'property-not-in-device': [
    {
      from: '    - name: mode\n      visitors: { configData: { table: holding, address: 14, map: "0=off,1=on" } }\n',
      to: '',
      at: '18:3',
    },
  ],
  'type-unsupported': [
    { from: 'type: STRING', to: 'type: STREAM', at: '26:13', fine: 'type: BYTES' },
  ],
  'model-limit': [
    { from: 'minimum: "0"', to: 'minimum: "cold"', at: '19:7', fine: 'minimum: "-40"' },
  ],
  'protocol-unknown': [
    {
      from: '{ protocolName: modbus, configData: { path',
      to: '{ protocolName: coffee, configData: { path',
      at: '17:29',
    },
  ],
  'protocol-visitor': [
    {
      from: 'visitors: { protocolName: modbus,',
      to: 'visitors: { protocolName: opcua,',
      at: '22:33',
      fine: 'visitors: {',
    },
  ],
  'protocol-mapper': [
    {
      from: '{ protocolName: modbus, configData: { path',
      to: '{ protocolName: modbus-rtu, configData: { path',
      at: '17:29',
    },
  ],
  'config-unknown-word': [{ from: 'baudRate: 9600', to: 'baudrat: 9600', at: '17:78' }],
  'config-value': [
    { from: 'baudRate: 9600', to: 'baudRate: 9', at: '17:88', fine: 'baudRate: "9600"' },
  ],
  'desired-read-only': [
    {
      from: 'collectCycle: 2000',
      to: 'desired: { value: "5" }',
      at: '21:25',
      fine: 'desired: { value: "" }',
    },
  ],
  'desired-value': [
    { from: 'value: "20"', to: 'value: "91"', at: '24:25', fine: 'value: "90"' },
    { from: 'value: "20"', to: 'value: warm', at: '24:25' },
  ],
  'method-property': [
    { from: '[setpoint]', to: '[setpiont]', at: '29:36', fine: '[setpoint, mode]' },
  ],
  'method-read-only': [{ from: '[setpoint]', to: '[setpoint, temperature]', at: '29:46' }],
  'secret-literal': [
    {
      from: 'baudRate: 9600',
      to: 'password: hunter2',
      at: '17:88',
      fine: 'passwordFile: /etc/pass',
    },
  ],
  'line-settings': [{ from: 'edge-2', to: 'edge-1', at: '37:88' }],
  'line-shared': [
    {
      from: 'nodeName: edge-2\n  deviceModelRef: { name: boiler }\n  protocol: { protocolName: modbus, configData: { path: /dev/ttyS1, unit: 1, baudRate: 19200 } }',
      to: 'nodeName: edge-1\n  deviceModelRef: { name: boiler }\n  protocol: { protocolName: serial, configData: { path: /dev/ttyS1, recipe: mt-sics-scale } }',
      at: '37:57',
    },
  ],
  'device-shared': [{ from: 'edge-2', to: 'edge-1', at: '37:37' }],
  'mapper-config-value': [{ from: 'http_port: 7777', to: 'http_port: 77777', at: '2:14' }],
  'mapper-config-unknown': [{ from: 'http_port', to: 'http_prot', at: '2:3' }],
}
