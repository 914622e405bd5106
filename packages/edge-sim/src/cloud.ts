import { MapperError, splitId, type Id } from '@mapper-sdk/core'
import { isDeepStrictEqual } from 'node:util'
import {
  idOfManifest,
  type DeviceCr,
  type Manifest,
  type TwinStatus,
  type TwinValue,
} from './manifest.ts'
import { isOnline, type DropReason } from './rules.ts'
import type { Behaviour } from './version.ts'
import { memoize } from './memoize.ts'

/** A device as `kubectl` would show it, with the status that mappers reported. */
export interface CloudDevice {
  readonly id: Id
  readonly protocolName: string
  readonly state?: string
  readonly lastOnlineTime?: string
  /** One for each property of the device's spec, in its order. */
  readonly twins: readonly CloudTwin[]
}

export interface CloudTwin {
  readonly property: string
  readonly desired: string
  /** Left out until a report made an entry. The first one only makes the entry; its value is lost. */
  readonly reported?: string
  readonly observedDesired?: string
  /** When the twin last changed in the cloud, in ms since 1970. */
  readonly atMs?: number
  /** EdgeCore's own: its timestamp in ms, and the type that the twin got when it was made; `string` over DMI. */
  readonly metadata?: Readonly<Record<string, string>>
}

interface Entry {
  readonly name: string
  reported: TwinValue
  observedDesired?: TwinValue
  atMs: number
}

interface Held {
  cr: DeviceCr
  readonly entries: Map<string, Entry>
  state?: string
  lastOnlineTime?: string
  /** A state that CloudCore knows and that no patch has carried yet. */
  waiting?: { readonly state: string; readonly lastOnlineTime?: string }
  /** The last patch, and what it replaced. */
  patched?: { readonly before: ReadonlyMap<string, Entry | undefined>; readonly atMs: number }
}

/** Patches of one device that follow each other faster than this can undo each other. */
const raceMs = 100

/** What the API server holds of the devices, with CloudCore's ways of writing reports into it. */
export interface CloudView {
  /** Keeps a device; tells whether it is new, and whether its spec or its metadata differ. */
  put(device: DeviceCr): 'created' | 'changed' | 'relabelled' | 'same'
  drop(id: Id): DeviceCr | undefined
  device(id: Id): DeviceCr | undefined
  all(): readonly DeviceCr[]
  /** Twins arrive from EdgeCore in one message, which makes one patch; those that leave no value, and why. */
  reportTwins(id: Id, report: Report): ReadonlyMap<string, DropReason>
  /** A state arrives; whether it shows at once. */
  reportState(id: Id, state: string, wallMs: number): DropReason | 'waits' | undefined
  list(): readonly CloudDevice[]
  twin(id: Id, property: string): CloudTwin | undefined
  /** The CRs as `kubectl get -o yaml` would have them: Devices, and DeviceStatuses since 1.23. */
  resources(): readonly Manifest[]
}

/** A half that is left out stays as it is. */
export interface ReportedTwin {
  readonly property: string
  readonly reported?: string
  readonly observedDesired?: string
  readonly type: string
}

export interface Report {
  readonly twins: readonly ReportedTwin[]
  /** EdgeCore's clock when the report came in. */
  readonly wallMs: number
  /** The cloud's clock now. */
  readonly atMs: number
}

export function createCloudView(
  behaviour: Behaviour,
  races: {
    readonly random: () => number
    readonly onOverwritten: (id: Id, property: string) => void
  } | null = null,
): CloudView {
  const devices = new Map<Id, Held>()
  /** Asked for every twin that arrives, so worked out once for each version of a device. */
  const namesOf = memoize((cr: DeviceCr) => new Set(cr.spec.properties?.map(({ name }) => name)))

  /**
   * CloudCore patches the whole list of twins from a copy that may lack its own last patch, which is
   * then undone. The longer the list, the more often: about 5 in 100 of 50 properties, 4 in 10 of 500.
   */
  function race(id: Id, held: Held, properties: ReadonlySet<string>, atMs: number): void {
    const { patched, entries } = held
    if (races === null) return
    const before = new Map([...properties].map((name) => [name, copyOf(entries.get(name))]))
    held.patched = { before, atMs }
    if (patched === undefined || atMs - patched.atMs > raceMs) return
    const undone = [...patched.before].filter(([name]) => !properties.has(name))
    if (undone.length === 0) return
    const chance = Math.min(0.4, (held.cr.spec.properties?.length ?? 0) / 1000)
    if (races.random() >= chance) return
    for (const [name, entry] of undone) {
      if (entry === undefined) entries.delete(name)
      else entries.set(name, entry)
      races.onOverwritten(id, name)
    }
  }

  function reportTwin(held: Held, twin: ReportedTwin, { wallMs, atMs }: Report) {
    const { property, reported, observedDesired, type } = twin
    const entry = held.entries.get(property) ?? { name: property, reported: { value: '' }, atMs }
    if (!held.entries.has(property)) {
      if (behaviour.twinsMustExist) return 'not-in-status'
      held.entries.set(property, entry)
      // CloudCore appends a copy of the new entry and fills in the original.
      if (behaviour.losesFirstReport) return 'first-report'
    }
    const metadata = { timestamp: String(wallMs), type }
    if (reported !== undefined) entry.reported = { value: reported, metadata }
    if (observedDesired !== undefined) entry.observedDesired = { value: observedDesired, metadata }
    entry.atMs = atMs
    return undefined
  }

  /** The device with its status, where the status is part of the Device. */
  const withStatus = (held: Held): DeviceCr =>
    behaviour.statusIn === 'DeviceStatus'
      ? held.cr
      : { ...held.cr, status: { ...held.cr.status, ...statusOf(held) } }

  return {
    put(device) {
      const id = idOfManifest(device)
      const held = devices.get(id)
      if (held === undefined) {
        const fresh: Held = { cr: device, entries: new Map() }
        devices.set(id, fresh)
        adopt(fresh, device, behaviour)
        return 'created'
      }
      const before = held.cr
      if (isDeepStrictEqual(before, device)) return 'same'
      held.cr = device
      adopt(held, device, behaviour)
      return isDeepStrictEqual(before.spec, device.spec) ? 'relabelled' : 'changed'
    },
    drop(id) {
      const held = devices.get(id)
      devices.delete(id)
      return held && withStatus(held)
    },
    device(id) {
      const held = devices.get(id)
      return held && withStatus(held)
    },
    all: () => [...devices.values()].map(withStatus),
    reportTwins(id, report) {
      const dropped = new Map<string, DropReason>()
      const held = devices.get(id)
      const known = held === undefined ? new Set<string>() : namesOf(held.cr)
      const landing = report.twins.filter(({ property }) => known.has(property))
      for (const { property } of report.twins) {
        if (held === undefined) dropped.set(property, 'unknown-device')
        else if (!known.has(property)) dropped.set(property, 'unknown-property')
      }
      if (held === undefined || landing.length === 0) return dropped
      if (held.waiting !== undefined) Object.assign(held, held.waiting)
      delete held.waiting
      race(id, held, new Set(landing.map(({ property }) => property)), report.atMs)
      for (const twin of landing) {
        const reason = reportTwin(held, twin, report)
        if (reason !== undefined) dropped.set(twin.property, reason)
      }
      return dropped
    },
    reportState(id, state, wallMs) {
      const held = devices.get(id)
      if (held === undefined) return 'unknown-device'
      const lastOnlineTime = `${new Date(wallMs).toISOString().slice(0, 19)}Z`
      const said = { state, ...(isOnline(state) && { lastOnlineTime }) }
      if (behaviour.states === 'unimplemented') return 'not-in-status'
      if (behaviour.states === 'with-next-twin') {
        held.waiting = { ...held.waiting, ...said }
        return 'waits'
      }
      Object.assign(held, said)
      return undefined
    },
    list: () => [...devices.entries()].map(([id, held]) => shown(id, held)),
    twin(id, property) {
      const held = devices.get(id)
      const spec = held?.cr.spec.properties?.find(({ name }) => name === property)
      return held && spec && twinOf(spec, held)
    },
    resources: () =>
      [...devices.values()].flatMap((held) =>
        behaviour.statusIn === 'Device.status'
          ? [asManifest(withStatus(held))]
          : [asManifest(held.cr), statusResource(held)],
      ),
  }
}

const copyOf = (entry: Entry | undefined) => entry && { ...entry }

/** Entries of a manifest's `status.twins` are kept as they are, where status is part of the Device. */
function adopt(held: Held, device: DeviceCr, behaviour: Behaviour): void {
  if (behaviour.statusIn === 'DeviceStatus') return
  for (const { propertyName: name, reported, observedDesired } of device.status?.twins ?? []) {
    if (held.entries.has(name)) continue
    held.entries.set(name, {
      name,
      reported: reported ?? {},
      ...(observedDesired && { observedDesired }),
      atMs: 0,
    })
  }
}

const statusOf = ({ entries, state, lastOnlineTime }: Held) => ({
  ...(state !== undefined && { state }),
  ...(lastOnlineTime !== undefined && { lastOnlineTime }),
  twins: [...entries.values()].map(({ name, reported, observedDesired }): TwinStatus => ({
    propertyName: name,
    reported,
    ...(observedDesired && { observedDesired }),
  })),
})

function shown(id: Id, held: Held): CloudDevice {
  const { state, lastOnlineTime, cr } = held
  return {
    id,
    protocolName: cr.spec.protocol.protocolName,
    ...(state !== undefined && { state }),
    ...(lastOnlineTime !== undefined && { lastOnlineTime }),
    twins: (cr.spec.properties ?? []).map((property) => twinOf(property, held)),
  }
}

function twinOf(spec: { name: string; desired?: TwinValue }, { entries }: Held): CloudTwin {
  const entry = entries.get(spec.name)
  const observed = entry?.observedDesired?.value
  return {
    property: spec.name,
    desired: spec.desired?.value ?? '',
    ...(entry?.reported.value !== undefined && { reported: entry.reported.value }),
    ...(observed !== undefined && { observedDesired: observed }),
    ...(entry && entry.atMs > 0 && { atMs: entry.atMs }),
    ...(entry?.reported.metadata && { metadata: entry.reported.metadata }),
  }
}

const asManifest = (device: DeviceCr): Manifest => device as unknown as Manifest

function statusResource(held: Held): Manifest {
  const { namespace, name } = splitId(idOfManifest(held.cr))
  return {
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'DeviceStatus',
    metadata: { name, namespace },
    spec: {},
    status: statusOf(held),
  }
}

/** The device with another desired value for a property. Throws `invalid_config` if it has no such property. */
export function withDesired(device: DeviceCr, property: string, value: string): DeviceCr {
  const { properties } = device.spec
  if (!properties?.some(({ name }) => name === property)) {
    const known = (properties ?? []).map(({ name }) => name).join(', ')
    throw new MapperError(
      'invalid_config',
      `${idOfManifest(device)} has no property ${property}; it has ${known || 'none'}`,
    )
  }
  return {
    ...device,
    spec: {
      ...device.spec,
      properties: properties.map((each) =>
        each.name === property ? { ...each, desired: { ...each.desired, value } } : each,
      ),
    },
  }
}
