import { create } from '@bufbuild/protobuf'
import {
  DeviceModelSchema,
  DeviceSchema,
  encodePushMethod,
  toAny,
  type Device,
  type DeviceModel,
  type DeviceProperty,
  type PushMethod,
  type Twin,
} from '@mapper-sdk/core/dmi'
import { MapperError, type RawConfig } from '@mapper-sdk/core'
import { problemText, undeliverable } from './cr-check.ts'
import type { DeviceCr, ModelCr, PropertyCr, TwinValue, VisitorCr } from './manifest.ts'
import type { Behaviour } from './version.ts'

/**
 * A Device as EdgeCore hands it to a mapper; defaults of the model are already in it. Throws
 * `invalid_config` for what EdgeCore cannot pack: lists, maps and nulls as settings, a setting `data`.
 */
export function deviceMessage(device: DeviceCr, behaviour: Behaviour): Device {
  const problems = undeliverable(device)
  if (problems.length > 0) throw new MapperError('invalid_config', problemText(problems))
  const { metadata, spec } = device
  return create(DeviceSchema, {
    name: metadata.name,
    ...(behaviour.namespaces && { namespace: metadata.namespace ?? 'default' }),
    spec: {
      deviceModelReference: spec.deviceModelRef.name,
      protocol: packed(spec.protocol),
      properties: (spec.properties ?? []).map((property) => propertyOf(property, behaviour)),
      ...(behaviour.carries.methods && {
        methods: (spec.methods ?? []).map((method) => ({
          name: method.name ?? '',
          description: method.description ?? '',
          propertyNames: [...(method.propertyNames ?? [])],
        })),
      }),
    },
    status: statusOf(device, behaviour),
  })
}

/** A DeviceModel as EdgeCore hands it over: without protocol, default settings and visitors. */
export function modelMessage(model: ModelCr, behaviour: Behaviour): DeviceModel {
  return create(DeviceModelSchema, {
    name: model.metadata.name,
    ...(behaviour.namespaces && { namespace: model.metadata.namespace ?? 'default' }),
    spec: {
      properties: (model.spec.properties ?? []).map((property) => ({
        name: property.name,
        description: property.description ?? '',
        type: property.type ?? '',
        accessMode: property.accessMode ?? '',
        minimum: property.minimum ?? '',
        maximum: property.maximum ?? '',
        unit: property.unit ?? '',
      })),
    },
  })
}

type Init<T> = Omit<T, '$typeName' | '$unknown'>

/** `desired` and `visitors` are always there, be they empty. */
function propertyOf(property: PropertyCr, behaviour: Behaviour): Init<DeviceProperty> {
  const { name, desired, visitors, reportCycle, collectCycle, reportToCloud } = property
  const pushMethod = property.pushMethod && pushMethodOf(property.pushMethod, behaviour)
  return {
    name,
    desired: twinValue(desired) as DeviceProperty['desired'],
    visitors: packed(visitors ?? {}) as DeviceProperty['visitors'],
    reportCycle: BigInt(reportCycle ?? 0),
    collectCycle: BigInt(collectCycle ?? 0),
    reportToCloud: reportToCloud ?? false,
    ...(pushMethod && { pushMethod }),
  }
}

const twinValue = (twin: TwinValue | undefined | null) => ({
  value: twin?.value ?? '',
  metadata: { ...twin?.metadata },
})

/** Every number becomes a float32, whatever it was. */
function packed({ protocolName, configData }: VisitorCr) {
  return {
    protocolName: protocolName ?? '',
    ...(configData && {
      configData: {
        data: Object.fromEntries(
          Object.entries(configData).map(([key, value]) => [key, toAny(value)]),
        ),
      },
    }),
  }
}

function pushMethodOf(raw: Readonly<Record<string, unknown>>, behaviour: Behaviour): PushMethod {
  const message = encodePushMethod(raw as RawConfig)
  const { carries } = behaviour
  if (!carries.otel) delete message.otel
  if (!carries.anomalyDetection) delete message.anomalyDetection
  if (message.dbMethod !== undefined) {
    if (!carries.redisAndTdengine) delete message.dbMethod.redis
    if (!carries.redisAndTdengine) delete message.dbMethod.tdengine
    if (!carries.mysql) delete message.dbMethod.mysql
  }
  return message
}

/** Up to 1.22 the last known twins come along; since 1.19 also whether states are to be reported. */
function statusOf({ spec, status }: DeviceCr, behaviour: Behaviour) {
  const report = behaviour.statusIn === 'DeviceStatus' ? (spec.stateReport ?? status) : status
  const twins = behaviour.statusIn === 'Device.status' ? (status?.twins ?? []) : []
  return {
    twins: twins.map((twin) => ({
      propertyName: twin.propertyName,
      reported: twinValue(twin.reported),
      observedDesired: twinValue(twin.observedDesired),
    })) as Twin[],
    ...(behaviour.carries.stateReport && {
      reportToCloud: report?.reportToCloud ?? false,
      reportCycle: BigInt(report?.reportCycle ?? 0),
    }),
  }
}
