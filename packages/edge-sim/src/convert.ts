import {
  MapperError,
  type AccessMode,
  type Device,
  type DeviceModel,
  type PropertyType,
  type RawConfig,
  type RawValue,
} from '@mapper-sdk/core'
import { fromAny, toAny } from '@mapper-sdk/core/dmi'
import { problemsOf, problemText } from './cr-check.ts'
import type { Cr, Manifest } from './manifest.ts'
import { withModelDefaults } from './merge.ts'

/** The manifest as a checked CR. Throws `invalid_config` with everything that is wrong with it. */
export function crOf(manifest: Manifest): Cr {
  const problems = problemsOf(manifest)
  if (problems.length > 0) throw new MapperError('invalid_config', problemText(problems))
  return withoutNulls(manifest, '') as Cr
}

/**
 * A Device CR as a mapper gets to see it: numbers narrowed to float32, the model's defaults filled in
 * if the model is given. Throws `invalid_config` for a manifest that the API server would refuse.
 */
export function deviceOf(manifest: Manifest, model?: Manifest): Device {
  const own = crOf(manifest)
  if (own.kind !== 'Device') throw new MapperError('invalid_config', 'kind: is not Device')
  const defaults = model === undefined ? undefined : crOf(model)
  const device = defaults?.kind === 'DeviceModel' ? withModelDefaults(own, defaults) : own
  const { metadata, spec, status } = device
  const report = spec.stateReport ?? status
  return {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    model: spec.deviceModelRef.name,
    protocolName: spec.protocol.protocolName,
    protocol: narrowed(spec.protocol.configData),
    properties: (spec.properties ?? []).map((property) => ({
      name: property.name,
      desired: property.desired?.value ?? '',
      visitor: narrowed(property.visitors?.configData),
      collectCycle: property.collectCycle ?? 0,
      reportCycle: property.reportCycle ?? 0,
      reportToCloud: property.reportToCloud ?? false,
      ...(property.pushMethod && { pushMethod: property.pushMethod as RawConfig }),
    })),
    methods: (spec.methods ?? []).map((method) => ({
      name: method.name ?? '',
      description: method.description ?? '',
      propertyNames: method.propertyNames ?? [],
    })),
    stateReport: { toCloud: report?.reportToCloud ?? false, cycleMs: report?.reportCycle ?? 0 },
  }
}

/** A DeviceModel CR in core's words. A property without a type is a STRING, one without an access mode is writable. */
export function modelOf(manifest: Manifest): DeviceModel {
  const model = crOf(manifest)
  if (model.kind !== 'DeviceModel') {
    throw new MapperError('invalid_config', 'kind: is not DeviceModel')
  }
  return {
    namespace: model.metadata.namespace ?? 'default',
    name: model.metadata.name,
    properties: (model.spec.properties ?? []).map(
      ({ name, type, accessMode, description, minimum, maximum, unit }) => ({
        name,
        type: (type ?? 'STRING') as PropertyType,
        accessMode: (accessMode ?? 'ReadWrite') as AccessMode,
        ...(description !== undefined && { description }),
        ...(minimum !== undefined && { minimum }),
        ...(maximum !== undefined && { maximum }),
        ...(unit !== undefined && { unit }),
      }),
    ),
  }
}

/** Numbers as they arrive over the wire; what EdgeCore could not send stays for a linter to see. */
function narrowed(config: Readonly<Record<string, unknown>> | undefined): RawConfig {
  return Object.fromEntries(
    Object.entries(config ?? {}).map(([key, value]) => {
      if (typeof value !== 'number' && typeof value !== 'bigint') return [key, value as RawValue]
      const arrived = fromAny(toAny(value))
      return [key, arrived.ok ? arrived.value : value]
    }),
  )
}

const free = new Set(['configData', 'protocolConfigData', 'anomalyDetection'])

/** A null field counts as left out, except in free settings, where it is kept (and undeliverable). */
function withoutNulls(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || free.has(name)) return value
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, ''))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null && item !== undefined)
      .map(([key, item]) => [key, withoutNulls(item, key)]),
  )
}
