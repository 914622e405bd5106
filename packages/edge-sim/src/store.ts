import type { Id } from '@mapper-sdk/core'
import type { Down } from './cloud-core.ts'
import { idOfManifest, type DeviceCr, type ModelCr } from './manifest.ts'
import type { WireTwin } from './twin-update.ts'

/** EdgeCore's database: what survives its restarts. */
export interface Store {
  readonly devices: Map<Id, DeviceCr>
  readonly models: Map<Id, ModelCr>
  /** By the mapper's name. A row is written once and never again, whatever the mapper says later. */
  readonly mappers: Map<string, { readonly protocol: string; readonly address: string }>
  /** The twins of each device, by property. */
  readonly twins: Map<Id, Map<string, WireTwin>>
  readonly states: Map<Id, { readonly state: string; readonly lastOnlineTime: string }>
}

export const keep = (store: Store, { op, cr }: Down): void => {
  const table = (cr.kind === 'Device' ? store.devices : store.models) as Map<Id, typeof cr>
  const id = idOfManifest(cr)
  if (op !== 'delete') return void table.set(id, cr)
  table.delete(id)
  if (cr.kind !== 'Device') return
  store.twins.delete(id)
  store.states.delete(id)
}
