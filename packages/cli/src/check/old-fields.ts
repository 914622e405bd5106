import type { Path } from '@mapper-sdk/edge-sim'
import type { Remark } from './finding.ts'

type Free = Readonly<Record<string, unknown>>

/** Fields of v1alpha2 that v1beta1 does not have, and what became of each. */
export function oldFields(value: unknown): readonly Remark[] {
  const { kind, spec, status, data } = mapOf(value)
  const found = kind === 'DeviceModel' ? ofModel(mapOf(spec)) : ofDevice(mapOf(spec))
  const remarks = [...found]
  if (mapOf(status)['twins'] !== undefined) {
    remarks.push([
      ['status', 'twins'],
      'move each twins[].desired to spec.properties[].desired, under the name of the property; reported values come by themselves',
    ])
  }
  if (data !== undefined) {
    remarks.push([['data'], 'is gone; set reportToCloud: true at the properties instead'])
  }
  return remarks.map(([path, message]) => ({ rule: 'old-field', path, message }))
}

type Old = readonly [path: Path, message: string]

function ofDevice(spec: Free): readonly Old[] {
  const protocol = mapOf(spec['protocol'])
  const words: Readonly<Record<string, string>> = {
    nodeSelector: `write nodeName: ${nodeIn(spec['nodeSelector']) ?? 'NODE'} in its place`,
    propertyVisitors:
      'is now spec.properties: a list with name (was propertyName), collectCycle and reportCycle in ms, and visitors: {protocolName, configData} with the words that stood under the protocol',
    data: 'is gone; set reportToCloud: true at the properties instead',
  }
  return [
    ...Object.entries(words)
      .filter(([name]) => spec[name] !== undefined)
      .map(([name, message]): Old => [['spec', name], message]),
    ...['modbus', 'opcua', 'bluetooth', 'common', 'customizedProtocol']
      .filter((name) => protocol[name] !== undefined)
      .map((name): Old => {
        const as = name === 'common' || name === 'customizedProtocol' ? 'PROTOCOL' : name
        const message = `write protocolName: ${as}, and its words flat under configData, which has no maps in it`
        return [['spec', 'protocol', name], message]
      }),
  ]
}

function ofModel(spec: Free): readonly Old[] {
  const properties: unknown = spec['properties']
  if (!Array.isArray(properties)) return []
  return properties.flatMap((property, index): readonly Old[] => {
    const [type] = Object.entries(mapOf(mapOf(property)['type']))
    if (type === undefined) return []
    const [name, { accessMode, minimum, maximum }] = [type[0], mapOf(type[1])]
    const limits = Object.entries({ minimum, maximum })
      .filter(([, limit]) => typeof limit === 'number' || typeof limit === 'string')
      .map(([word, limit]) => `, ${word}: ${JSON.stringify(String(limit))}`)
    const access = typeof accessMode === 'string' ? `, accessMode: ${accessMode}` : ''
    const message = `write type: ${name.toUpperCase()}${access}${limits.join('')} beside the name`
    return [[['spec', 'properties', index, 'type'], message]]
  })
}

/** The node of the usual selector: `kubernetes.io/hostname` in one name. */
function nodeIn(selector: unknown): string | undefined {
  const text = JSON.stringify(selector) ?? ''
  return /"values":\["([\w.-]+)"\]/.exec(text)?.[1]
}

const mapOf = (value: unknown): Free =>
  typeof value === 'object' && value !== null ? (value as Free) : {}
