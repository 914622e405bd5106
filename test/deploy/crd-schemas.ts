/**
 * The structure of KubeEdge's resources as far as manifests write it, from the tables of their API:
 * devices v1beta1 and apps v1alpha1. What the API server would drop without a word is an error here.
 */
const text = { type: 'string' } as const
const bool = { type: 'boolean' } as const
const integer = { type: 'integer' } as const
const free = { type: 'object' } as const
const texts = { type: 'object', additionalProperties: text } as const
const list = (items: object) => ({ type: 'array', items })
const object = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const dnsLabel = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 }

const metadata = object(
  { name: dnsLabel, namespace: dnsLabel, labels: texts, annotations: texts },
  ['name'],
)
const resource = (apiVersion: string, kind: string, spec: object) =>
  object({ apiVersion: { const: apiVersion }, kind: { const: kind }, metadata, spec }, [
    ...['apiVersion', 'kind', 'metadata', 'spec'],
  ])

const visitors = object({ protocolName: text, configData: free })
const twinProperty = object({ value: text, metadata: texts }, ['value'])
const pushMethod = object({
  http: object({ hostName: text, port: integer, requestPath: text, timeout: integer }),
  mqtt: object({ address: text, topic: text, qos: integer, retained: bool }),
  otel: object({ endpointURL: text }),
  dbMethod: free,
  anomalyDetection: free,
})
const device = object(
  {
    deviceModelRef: object({ name: dnsLabel }, ['name']),
    nodeName: dnsLabel,
    protocol: object({ protocolName: text, configData: free }, ['protocolName']),
    properties: list(
      object(
        {
          name: { type: 'string', pattern: '^[a-zA-Z0-9-_.,:/@#]{1,128}$' },
          desired: twinProperty,
          visitors,
          reportCycle: integer,
          collectCycle: integer,
          reportToCloud: bool,
          pushMethod,
        },
        ['name'],
      ),
    ),
    methods: list(object({ name: text, description: text, propertyNames: list(text) }, ['name'])),
    stateReport: object({ reportToCloud: bool, reportCycle: integer }),
  },
  // The CRD leaves it out; without it KubeEdge's cloud part crashes.
  ['deviceModelRef', 'protocol'],
)
const deviceModel = object({
  protocol: text,
  protocolConfigData: free,
  properties: list(
    object(
      {
        name: text,
        description: text,
        unit: text,
        type: { enum: ['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES', 'STREAM'] },
        accessMode: { enum: ['ReadWrite', 'ReadOnly'] },
        minimum: text,
        maximum: text,
        visitors,
      },
      ['name'],
    ),
  ),
})

const nodeGroup = object({ nodes: list(dnsLabel), matchLabels: texts })
const operator = { enum: ['add', 'remove', 'replace'] }
const edgeApplication = object(
  {
    workloadScope: object(
      {
        targetNodeGroups: list(
          object(
            {
              name: dnsLabel,
              overriders: object({
                replicas: integer,
                imageOverriders: list(
                  object(
                    {
                      component: { enum: ['Registry', 'Repository', 'Tag'] },
                      operator,
                      value: text,
                      predicate: object({ path: text }, ['path']),
                    },
                    ['component', 'operator'],
                  ),
                ),
              }),
            },
            ['name'],
          ),
        ),
      },
      ['targetNodeGroups'],
    ),
    workloadTemplate: object({ manifests: list(free) }, ['manifests']),
  },
  ['workloadScope', 'workloadTemplate'],
)

const kinds: readonly (readonly [apiVersion: string, kind: string, spec: object])[] = [
  ['devices.kubeedge.io/v1beta1', 'Device', device],
  ['devices.kubeedge.io/v1beta1', 'DeviceModel', deviceModel],
  ['apps.kubeedge.io/v1alpha1', 'NodeGroup', nodeGroup],
  ['apps.kubeedge.io/v1alpha1', 'EdgeApplication', edgeApplication],
]

/** By `apiVersion kind`. */
export const crdSchemas: Readonly<Record<string, object>> = Object.fromEntries(
  kinds.map(([apiVersion, kind, spec]) => [
    `${apiVersion} ${kind}`,
    resource(apiVersion, kind, spec),
  ]),
)
