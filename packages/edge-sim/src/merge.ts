import type { DeviceCr, ModelCr, VisitorCr } from './manifest.ts'

/**
 * A device with the defaults of its model filled in, as EdgeCore does since 1.22. The device wins key
 * by key. A model's visitors also decide the visitor's protocolName. Properties that only the model
 * has are not added.
 */
export function withModelDefaults(device: DeviceCr, model: ModelCr): DeviceCr {
  const { protocolConfigData, properties } = model.spec
  const defaults = new Map((properties ?? []).map(({ name, visitors }) => [name, visitors]))
  const configData = merged(protocolConfigData, device.spec.protocol.configData)
  return {
    ...device,
    spec: {
      ...device.spec,
      protocol: { ...device.spec.protocol, ...(configData && { configData }) },
      ...(device.spec.properties && {
        properties: device.spec.properties.map((property) => {
          const inherited = defaults.get(property.name)
          if (!inherited) return property
          return { ...property, visitors: mergedVisitor(inherited, property.visitors) }
        }),
      }),
    },
  }
}

function mergedVisitor(inherited: VisitorCr, own: VisitorCr | undefined): VisitorCr {
  const protocolName = inherited.protocolName ?? own?.protocolName
  const configData = merged(inherited.configData, own?.configData)
  return { ...(protocolName !== undefined && { protocolName }), ...(configData && { configData }) }
}

type Config = Readonly<Record<string, unknown>> | undefined | null
const merged = (defaults: Config, own: Config): Config =>
  defaults || own ? { ...defaults, ...own } : undefined
