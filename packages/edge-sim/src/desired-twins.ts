import type { Id } from '@mapper-sdk/core'
import { modelIdOf, type DeviceCr, type ModelCr } from './manifest.ts'
import type { TwinDocument, TwinResult, WireTwin } from './twin-update.ts'

/** The types that EdgeCore checks twins against. */
const types: Readonly<Record<string, string>> = {
  INT: 'int',
  FLOAT: 'float',
  DOUBLE: 'float',
  BOOLEAN: 'boolean',
}

/**
 * What a device's spec changes in its twins where the cloud sends desired values down (KubeEdge up to
 * 1.14): a twin for each property, with its desired value and its model's type.
 */
export function desiredTwins(
  device: DeviceCr,
  models: ReadonlyMap<Id, ModelCr>,
  known: ReadonlyMap<string, WireTwin>,
  nowMs: number,
): TwinResult {
  const properties = new Map(device.spec.properties?.map((each) => [each.name, each]))
  const model = models.get(modelIdOf(device))
  const typeOf = (name: string) =>
    types[model?.spec.properties?.find((each) => each.name === name)?.type ?? ''] ?? 'string'
  const documents = new Map<string, TwinDocument>()
  for (const [name, { desired }] of properties) {
    const last = known.get(name)
    const value = desired?.value ?? ''
    if (last && (last.expected?.value ?? '') === value) continue
    const current: WireTwin = {
      ...last,
      ...((value !== '' || last?.expected) && {
        expected: { value, metadata: { timestamp: nowMs } },
      }),
      optional: false,
      metadata: { type: last?.metadata.type ?? typeOf(name) },
    }
    documents.set(name, { last: last ?? null, current })
  }
  for (const [name, last] of known) {
    if (!properties.has(name)) documents.set(name, { last, current: null })
  }
  return { tag: 'ok', result: new Map(), documents }
}
