/** The releases of KubeEdge whose EdgeCore and CloudCore the stand-in can play. */
export type KubeEdgeVersion =
  '1.15' | '1.16' | '1.17' | '1.18' | '1.19' | '1.20' | '1.21' | '1.22' | '1.23'

export const kubeEdgeVersions: readonly KubeEdgeVersion[] = [
  '1.15',
  '1.16',
  '1.17',
  '1.18',
  '1.19',
  '1.20',
  '1.21',
  '1.22',
  '1.23',
]

/** What a mapper notices of a release. */
export interface Behaviour {
  /** Namespaces are on the wire; before, a device is its name alone. */
  readonly namespaces: boolean
  /** A report goes astray when this part of its topic is also found in the topic's own words. */
  readonly unroutableBy: 'name' | 'namespace'
  /** A report lands only if `status.twins` of the Device already lists the property. */
  readonly twinsMustExist: boolean
  /** The first report of a twin only makes an entry with an empty value. */
  readonly losesFirstReport: boolean
  /** How ReportDeviceStates ends: not served, shown with the next twin, or shown at once. */
  readonly states: 'unimplemented' | 'with-next-twin' | 'at-once'
  /** Mappers have the broker alone; desired values come down into the twins. Up to 1.14. */
  readonly mqttOnly: boolean
  /** Every report that reaches the cloud comes back as UpdateDeviceModel and UpdateDevice. */
  readonly echoesReports: boolean
  /** A model's protocolConfigData and visitors are defaults of its devices. */
  readonly mergesModelDefaults: boolean
  /** Mappers are still known after a restart of EdgeCore. */
  readonly keepsMappers: boolean
  /** An update whose spec EdgeCore already has goes no further. */
  readonly dropsEqualSpec: boolean
  /** EdgeCore dials with the bare socket path as `:authority`, which no HTTP/2 parser of Node admits. */
  readonly rawAuthority: boolean
  /** Where `kubectl` shows what was reported. */
  readonly statusIn: 'Device.status' | 'DeviceStatus'
  /** Parts of a Device that its messages can carry. */
  readonly carries: {
    readonly redisAndTdengine: boolean
    readonly mysql: boolean
    readonly methods: boolean
    readonly otel: boolean
    readonly stateReport: boolean
    readonly anomalyDetection: boolean
  }
}

/** The one table of what changed in which release. */
export function behaviourOf(version: KubeEdgeVersion): Behaviour {
  const minor = Number(version.slice(2))
  return {
    namespaces: minor >= 16,
    unroutableBy: minor >= 16 ? 'namespace' : 'name',
    twinsMustExist: minor <= 15,
    losesFirstReport: minor >= 16,
    states: minor <= 17 ? 'unimplemented' : minor <= 22 ? 'with-next-twin' : 'at-once',
    mqttOnly: false,
    echoesReports: minor <= 20,
    mergesModelDefaults: minor >= 22,
    keepsMappers: minor >= 23,
    dropsEqualSpec: minor >= 23,
    rawAuthority: minor <= 17,
    statusIn: minor >= 23 ? 'DeviceStatus' : 'Device.status',
    carries: {
      redisAndTdengine: minor >= 16,
      mysql: minor >= 17,
      methods: minor >= 19,
      otel: minor >= 19,
      stateReport: minor >= 19,
      anomalyDetection: minor >= 23,
    },
  }
}

/** KubeEdge up to 1.14, as far as mappers of that time notice. */
export const legacyBehaviour: Behaviour = {
  ...behaviourOf('1.15'),
  mqttOnly: true,
  twinsMustExist: false,
  echoesReports: false,
}
