import type { DeviceCr, Manifest, PropertyCr } from './manifest.ts'
import { checkShape, isObject, pathText, type Path, type Problem, type Shape } from './shape.ts'

type Free = Readonly<Record<string, unknown>>

const text = 'string'
const twinValue: Shape = { fields: { value: text, metadata: 'texts' }, required: [] }
const visitor: Shape = { fields: { protocolName: text, configData: 'free' } }
const stateReport = { reportToCloud: 'boolean', reportCycle: 'integer' } as const
const metadata: Shape = {
  fields: { name: text, namespace: text, labels: 'texts', annotations: 'texts' },
  required: ['name'],
  open: true,
}

const pushMethod: Shape = {
  fields: {
    http: {
      fields: { hostName: text, port: 'integer', requestPath: text, timeout: 'integer' },
    },
    mqtt: { fields: { address: text, topic: text, qos: 'integer', retained: 'boolean' } },
    otel: { fields: { endpointURL: text } },
    anomalyDetection: 'free',
    dbMethod: {
      fields: {
        influxdb2: {
          fields: {
            influxdb2ClientConfig: { fields: { url: text, org: text, bucket: text } },
            influxdb2DataConfig: { fields: { measurement: text, tag: 'texts', fieldKey: text } },
          },
        },
        redis: {
          fields: {
            redisClientConfig: {
              fields: { addr: text, db: 'integer', poolsize: 'integer', minIdleConns: 'integer' },
            },
          },
        },
        TDEngine: { fields: { TDEngineClientConfig: { fields: { addr: text, dbName: text } } } },
        mysql: {
          fields: { mysqlClientConfig: { fields: { addr: text, database: text, userName: text } } },
        },
      },
    },
  },
}

export const deviceShape: Shape = {
  fields: {
    apiVersion: text,
    kind: text,
    metadata,
    spec: {
      fields: {
        deviceModelRef: { fields: { name: text }, required: ['name'] },
        nodeName: text,
        protocol: {
          fields: { protocolName: text, configData: 'free' },
          required: ['protocolName'],
        },
        properties: {
          list: {
            fields: {
              name: text,
              desired: twinValue,
              visitors: visitor,
              reportCycle: 'integer',
              collectCycle: 'integer',
              reportToCloud: 'boolean',
              pushMethod,
            },
            required: ['name'],
          },
        },
        methods: {
          list: { fields: { name: text, description: text, propertyNames: { list: text } } },
        },
        stateReport: { fields: stateReport },
      },
      required: ['deviceModelRef', 'protocol'],
    },
    status: {
      fields: {
        ...stateReport,
        state: text,
        lastOnlineTime: text,
        twins: {
          list: {
            fields: { propertyName: text, reported: twinValue, observedDesired: twinValue },
            required: ['propertyName'],
          },
        },
      },
      open: true,
    },
  },
  required: ['metadata', 'spec'],
}

export const modelShape: Shape = {
  fields: {
    apiVersion: text,
    kind: text,
    metadata,
    spec: {
      fields: {
        protocol: text,
        protocolConfigData: 'free',
        properties: {
          list: {
            fields: {
              name: text,
              description: text,
              type: { oneOf: ['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES', 'STREAM'] },
              accessMode: { oneOf: ['ReadWrite', 'ReadOnly'] },
              minimum: text,
              maximum: text,
              unit: text,
              visitors: visitor,
            },
            required: ['name'],
          },
        },
      },
    },
  },
  required: ['metadata', 'spec'],
}

export const apiGroup = 'devices.kubeedge.io'

/** Everything for which the API server or the admission webhook would refuse it, or CloudCore fall over it. */
export function problemsOf(manifest: unknown): readonly Problem[] {
  if (!isObject(manifest)) {
    return [{ rule: 'not-a-resource', path: [], message: 'is not a Kubernetes object (a map)' }]
  }
  const { kind, apiVersion } = manifest
  if (kind !== 'Device' && kind !== 'DeviceModel') {
    return [
      { rule: 'not-a-resource', path: ['kind'], message: 'kind must be Device or DeviceModel' },
    ]
  }
  if (apiVersion !== `${apiGroup}/v1beta1`) {
    const message = `apiVersion must be ${apiGroup}/v1beta1; KubeEdge since 1.15 understands no other`
    return [{ rule: 'api-version', path: ['apiVersion'], message }]
  }
  const wrong = checkShape(manifest, kind === 'Device' ? deviceShape : modelShape)
  return wrong.length > 0 ? wrong : [...badNames(manifest), ...repeatedNames(manifest)]
}

const dnsLabels = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function badNames(manifest: Free): readonly Problem[] {
  const { name, namespace } = manifest['metadata'] as Manifest['metadata']
  const rule = 'resource-name' as const
  const letters = 'may only have lower case letters, digits, - and . (not at its ends)'
  return [
    ...(dnsLabels.test(name) && name.length <= 253
      ? []
      : [{ rule, path: ['metadata', 'name'], message: `the name ${name} ${letters}` }]),
    ...(namespace == null || (dnsLabels.test(namespace) && !namespace.includes('.'))
      ? []
      : [
          {
            rule,
            path: ['metadata', 'namespace'],
            message: `the namespace ${namespace} ${letters}`,
          },
        ]),
  ]
}

function repeatedNames(manifest: Free): readonly Problem[] {
  const { properties } = manifest['spec'] as { properties?: readonly { name: string }[] | null }
  const seen = new Set<string>()
  return (properties ?? []).flatMap(({ name }, index): readonly Problem[] => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    const path: Path = ['spec', 'properties', index, 'name']
    return [
      {
        rule: 'property-twice',
        path,
        message: `the property ${name} is there twice; names must be unique`,
      },
    ]
  })
}

/**
 * What the API server admits and EdgeCore cannot deliver: settings that are neither text, number
 * nor boolean, or that are called `data`. The whole device stays away from its mapper.
 */
export function undeliverable(manifest: Pick<Manifest, 'spec'> | DeviceCr): readonly Problem[] {
  const spec = manifest.spec as {
    protocol?: { configData?: unknown } | string
    protocolConfigData?: unknown
    properties?: readonly PropertyCr[] | null
  }
  const protocol = typeof spec.protocol === 'object' ? spec.protocol?.configData : undefined
  return [
    ...configProblems(protocol, ['spec', 'protocol', 'configData']),
    ...configProblems(spec.protocolConfigData, ['spec', 'protocolConfigData']),
    ...(spec.properties ?? []).flatMap((property, index) => [
      ...configProblems(property.visitors?.configData, [
        'spec',
        'properties',
        index,
        'visitors',
        'configData',
      ]),
      ...configProblems(property.pushMethod?.['anomalyDetection'], [
        'spec',
        'properties',
        index,
        'pushMethod',
        'anomalyDetection',
      ]),
    ]),
  ]
}

function configProblems(config: unknown, path: Path): readonly Problem[] {
  if (!isObject(config)) return []
  return Object.entries(config).flatMap(([key, value]): readonly Problem[] => {
    const here = [...path, key]
    if (key.toLowerCase() === 'data') {
      const message = 'EdgeCore delivers no device with a setting called data; rename it'
      return [{ rule: 'config-named-data', path: here, message }]
    }
    if (typeof value === 'object') {
      const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map'
      const message = `${kind} as a setting: EdgeCore will not deliver the device; use a text, a number or a boolean`
      return [{ rule: 'config-nested', path: here, message }]
    }
    return []
  })
}

/** One sentence with all problems, for a manifest that did not come from a file. */
export const problemText = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => `${pathText(path) || 'the manifest'}: ${message}`).join('; ')
