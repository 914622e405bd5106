import { encodeTwinText, isLegalValue } from '@mapper-sdk/core'
import type { Remark } from './finding.ts'
import { meant } from './near.ts'
import type { DeviceSubject } from './subject.ts'

/** What one device says of itself that will not do what it seems to. */
export const checkDevice = (subject: DeviceSubject): readonly Remark[] => [
  ...node(subject),
  ...reports(subject),
  ...model(subject),
  ...visitors(subject),
  ...values(subject),
  ...methods(subject),
]

function node({ cr }: DeviceSubject): readonly Remark[] {
  if (cr.spec.nodeName !== undefined && cr.spec.nodeName !== '') return []
  const path = cr.spec.nodeName === undefined ? ['spec'] : ['spec', 'nodeName']
  const message = 'has no nodeName, so the device goes to no node; add nodeName'
  return [{ rule: 'node-missing', path, message }]
}

function reports({ device }: DeviceSubject): readonly Remark[] {
  const { properties } = device
  if (properties.length === 0 || properties.some(({ reportToCloud }) => reportToCloud)) return []
  const path = ['spec', 'properties']
  const message =
    'have no reportToCloud: true, so that no value shows in the cloud; add it to those that are wanted'
  return [{ rule: 'nothing-reported', path, message }]
}

function model({ model, device }: DeviceSubject): readonly Remark[] {
  const own = new Set(device.properties.map(({ name }) => name))
  const others = (model?.model.properties ?? []).filter(({ name }) => !own.has(name))
  if (others.length === 0) return []
  const shown = others.slice(0, 10).map(({ name }) => name)
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : ''
  const message = `do not have ${shown.join(', ')}${more} of the model ${device.namespace}/${device.model}; KubeEdge does not add them; add what is to be read`
  return [{ rule: 'property-not-in-device', path: ['spec', 'properties'], message }]
}

function visitors({ cr }: DeviceSubject): readonly Remark[] {
  const { protocolName } = cr.spec.protocol
  return (cr.spec.properties ?? []).flatMap(({ visitors }, index): readonly Remark[] => {
    const own = visitors?.protocolName
    if (own === undefined || own === '' || own === protocolName) return []
    const path = ['spec', 'properties', index, 'visitors', 'protocolName']
    const message = `is ${own}, but the protocol of the device is ${protocolName}, which counts; write ${protocolName} or remove it`
    return [{ rule: 'protocol-visitor', path, message }]
  })
}

function values({ cr, resolution }: DeviceSubject): readonly Remark[] {
  const places = new Map((cr.spec.properties ?? []).map(({ name }, index) => [name, index]))
  return (resolution?.device?.properties ?? []).flatMap(({ name, options, desired }) => {
    const index = places.get(name) ?? 0
    const at = ['spec', 'properties', index]
    // Whoever wrote it encoded knows that it is.
    const written = cr.spec.properties?.[index]?.desired?.value ?? ''
    const labels = [...new Set(options.map?.values() ?? [])].filter((text) => !isLegalValue(text))
    return [
      ...labels.slice(0, 3).map((text) => illegal([...at, 'visitors', 'configData', 'map'], text)),
      ...(desired === '' || isLegalValue(written)
        ? []
        : [illegal([...at, 'desired', 'value'], desired)]),
    ]
  })
}

function illegal(path: Remark['path'], text: string): Remark {
  const encoded = encodeTwinText(text, 'encode')
  const becomes = encoded.ok ? `shows as ${encoded.text}` : 'is not reported'
  const message = `has the text ${JSON.stringify(text.slice(0, 60))}, which EdgeCore would drop, so that it ${becomes} in the cloud; use letters, digits and - _ . , : / @ #`
  return { rule: 'value-illegal', path, message }
}

function methods({ cr, device, model }: DeviceSubject): readonly Remark[] {
  const names = device.properties.map(({ name }) => name)
  const fixed = new Set(
    model?.model.properties
      .filter(({ accessMode }) => accessMode === 'ReadOnly')
      .map(({ name }) => name),
  )
  return (cr.spec.methods ?? []).flatMap(({ propertyNames = [] }, method) =>
    propertyNames.flatMap((name, index): readonly Remark[] => {
      const path = ['spec', 'methods', method, 'propertyNames', index]
      if (!names.includes(name)) {
        const message = `is ${name}, which is no property of the device${meant(name, names)}`
        return [{ rule: 'method-property', path, message }]
      }
      if (!fixed.has(name)) return []
      const message = `is ${name}, which is ReadOnly in the model, so that the method cannot set it`
      return [{ rule: 'method-read-only', path, message }]
    }),
  )
}
