import { isLegalName, isRoutable, shortestFloat32 } from '@mapper-sdk/core'
import { undeliverable, type Path } from '@mapper-sdk/edge-sim'
import { scalarAt } from './check-shape.ts'
import type { Resource } from './document.ts'
import type { Remark } from './finding.ts'

/** What the API server takes and EdgeCore breaks on the way to the mapper or back, without a word. */
export const checkDelivery = (resource: Resource): readonly Remark[] => [
  ...undeliverable(resource.manifest).map(({ rule, path, message }) => ({ rule, path, message })),
  ...numbers(resource),
  ...names(resource),
  ...namespace(resource),
]

function numbers(resource: Resource): readonly Remark[] {
  const found: Remark[] = []
  for (const [at, config] of settingsOf(resource)) {
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== 'number') continue
      const remark = numberRemark(resource, [...at, key], value)
      if (remark !== undefined) found.push(remark)
    }
  }
  return found
}

/** Every map of free settings in a document, which EdgeCore puts on the wire scalar by scalar. */
export function settingsOf({
  manifest,
}: Resource): readonly (readonly [Path, Readonly<Record<string, unknown>>])[] {
  const spec = mapOf(manifest.spec)
  const properties: unknown = spec['properties']
  const places: readonly (readonly [Path, unknown])[] = [
    [['spec', 'protocol', 'configData'], mapOf(spec['protocol'])['configData']],
    [['spec', 'protocolConfigData'], spec['protocolConfigData']],
    ...(Array.isArray(properties) ? properties : []).flatMap((property, index) => {
      const { visitors, pushMethod } = mapOf(property)
      const at = ['spec', 'properties', index]
      return [
        [[...at, 'visitors', 'configData'], mapOf(visitors)['configData']],
        [[...at, 'pushMethod', 'anomalyDetection'], mapOf(pushMethod)['anomalyDetection']],
      ] as const
    }),
  ]
  return places.map(([path, value]) => [path, mapOf(value)])
}

function numberRemark(resource: Resource, path: Path, value: number): Remark | undefined {
  const written = scalarAt(resource, path)?.text
  const arrived = shortestFloat32(Math.fround(value))
  const exact = written !== undefined && /^[+-]?\d+$/.test(written) ? BigInt(written) : undefined
  const isSame =
    exact === undefined ? arrived === value : Number.isFinite(arrived) && exact === BigInt(arrived)
  if (isSame) return undefined
  const shown = written ?? String(value)
  const text = textOf(written, value)
  const fix = text === undefined ? 'write it as a text' : `write "${text}"`
  return {
    rule: 'number-precision',
    path,
    message: `is ${shown}, but the mapper gets ${arrived}, because EdgeCore turns numbers into float32; ${fix}`,
    ...(!Number.isInteger(value) && Number.isFinite(arrived) && { severity: 'warning' as const }),
    ...(text !== undefined && { put: { at: 'value' as const, text: `"${text}"` } }),
  }
}

/** The number as a text that drivers read; none where there is no such number. */
function textOf(written: string | undefined, value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const plain = written?.replace(/^\+/, '')
  if (plain === undefined) return String(value)
  return /^0[xo]/.test(plain) ? BigInt(plain).toString() : plain
}

function names({ manifest }: Resource): readonly Remark[] {
  const properties: unknown = manifest.spec['properties']
  if (!Array.isArray(properties)) return []
  return properties.flatMap((property, index): readonly Remark[] => {
    const { name } = mapOf(property)
    if (typeof name !== 'string' || isLegalName(name)) return []
    const message = `is ${JSON.stringify(name.slice(0, 60))}, which EdgeCore cannot report; use 1 to 128 of letters, digits and - _ . , : / @ #`
    return [{ rule: 'name-illegal', path: ['spec', 'properties', index, 'name'], message }]
  })
}

function namespace({ manifest, kind }: Resource): readonly Remark[] {
  const { namespace: name } = manifest.metadata
  if (kind !== 'Device' || name == null || isRoutable(name)) return []
  const message = `is ${name}, which is part of the text $hw/events/device/; EdgeCore drops all that is reported of its devices; use another, such as default or iot-${name}`
  return [{ rule: 'namespace-unroutable', path: ['metadata', 'namespace'], message }]
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
