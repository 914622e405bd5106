import { splitId, type Clock, type Id } from '@mapper-sdk/core'
import { randomUUID } from 'node:crypto'
import type { ReportedTwin } from './cloud.ts'
import type { Down } from './cloud-core.ts'
import type { Store } from './store.ts'
import type { CloudUplink } from './uplink.ts'
import type { Emit, MqttRefusal } from './event.ts'
import { idOfManifest, type DeviceCr } from './manifest.ts'
import { isOnline, isState, isUnroutable, twinDrop, type DropReason } from './rules.ts'
import { desiredTwins } from './desired-twins.ts'
import { isObject } from './shape.ts'
import {
  applyTwins,
  deltaOf,
  readEventId,
  readTwinUpdate,
  type Refused,
  type TwinChanges,
  type TwinRefusal,
  type TwinResult,
  type WireTwin,
} from './twin-update.ts'
import type { Upstream } from './upstream.ts'
import type { Behaviour } from './version.ts'

/** EdgeCore's deviceTwin: what it keeps of each device, and what it tells the broker and the cloud. */
export interface DeviceTwin {
  /** A twin of a mapper's report over DMI. */
  report(id: Id, property: string, reported: string, observedDesired: string): void
  /** A state over DMI. */
  reportState(id: Id, state: string): void
  /** A message of the broker. */
  receive(topic: string, payload: string): void
  /** A device came, changed or went; the database has it already. */
  changed(message: Down): void
}

const root = '$hw/events/device/'
/** Where EdgeCore answers whoever it could not understand. */
const nobody = `${root}/twin/update/result`

/** What EdgeCore listens to. Before 1.16 a device is one level of the topic, its name. */
export const busTopics = ({ namespaces }: Behaviour): readonly string[] => {
  const device = `${root}${namespaces ? '+/+' : '+'}`
  return [`${device}/twin/+`, `${device}/state/update`, '$hw/events/node/+/membership/get']
}

const codes: Readonly<Record<TwinRefusal, number>> = {
  malformed: 400,
  'illegal-name': 400,
  'illegal-value': 400,
  'wrong-type': 400,
  'unknown-device': 404,
}

export function createDeviceTwin(options: {
  readonly behaviour: Behaviour
  readonly store: Store
  readonly uplink: CloudUplink
  readonly upstream: Upstream
  readonly idOf: (namespace: string, name: string) => Id
  readonly publish: ((topic: string, message: object) => void) | undefined
  readonly emit: Emit
  readonly crash: (report: string) => void
  readonly clock: Clock
}): DeviceTwin {
  const { behaviour, store, uplink, upstream, idOf, emit, crash, clock } = options
  const publish = (topic: string, message: object) => options.publish?.(topic, message)
  const topicOf = (id: Id) => `${root}${behaviour.namespaces ? id : splitId(id).name}`
  const base = (eventId: string) => ({ event_id: eventId, timestamp: clock.wall() })
  const refuse = (topic: string, eventId: string, { reason, text }: Refused) =>
    publish(topic, { ...base(eventId), code: codes[reason], reason: text })
  const unroutable = (id: Id) => {
    const { namespace, name } = splitId(id)
    return isUnroutable(behaviour, namespace, name)
  }
  const drop = (reason: DropReason, device: Id, property?: string) =>
    emit({ type: 'drop', reason, device, ...(property !== undefined && { property }) })

  /** One message on its way to the cloud. What it carries is lost if the cloud is out of reach. */
  function sendUp(id: Id, properties: readonly (string | undefined)[], deliver: () => void): void {
    const lose = (reason: DropReason) => properties.forEach((one) => drop(reason, id, one))
    if (!uplink.isUp()) return lose('cloud-offline')
    const taken = upstream.push(() => (uplink.isUp() ? deliver() : lose('cloud-offline')))
    if (!taken) lose('queue-full')
  }

  function publishTwins(id: Id, eventId: string, { documents }: TwinResult): void {
    // Without a broker nobody hears it, and the delta of a big device is dear.
    if (options.publish === undefined) return
    const topic = topicOf(id)
    if (documents.size > 0) {
      publish(`${topic}/twin/update/document`, {
        ...base(eventId),
        twin: Object.fromEntries(documents),
      })
    }
    const delta = deltaOf(store.twins.get(id) ?? new Map<string, WireTwin>())
    if (delta) publish(`${topic}/twin/update/delta`, { ...base(randomUUID()), ...delta })
  }

  function keepTwins(id: Id, { documents }: TwinResult): void {
    const twins = store.twins.get(id) ?? new Map<string, WireTwin>()
    store.twins.set(id, twins)
    for (const [name, { current }] of documents) {
      if (current === null) twins.delete(name)
      else twins.set(name, current)
    }
  }

  /** Takes changes of a device that is known: into the database, to the broker and to the cloud. */
  function update(id: Id, eventId: string, changes: TwinChanges) {
    const wallMs = clock.wall()
    const known = store.twins.get(id) ?? new Map<string, WireTwin>()
    const applied = applyTwins(known, changes, wallMs)
    const topic = `${topicOf(id)}/twin/update/result`
    if (applied.tag === 'refused') refuse(topic, eventId, applied)
    if (applied.tag !== 'ok') return applied
    keepTwins(id, applied)
    publish(topic, { ...base(eventId), twin: Object.fromEntries(applied.result) })
    publishTwins(id, eventId, applied)
    const twins = [...applied.result].map(([property, twin]): ReportedTwin => ({
      property,
      ...(twin?.actual && { reported: twin.actual.value }),
      ...(twin?.expected && { observedDesired: twin.expected.value }),
      type: twin?.metadata.type ?? 'deleted',
    }))
    if (twins.length > 0) {
      const names = twins.map(({ property }) => property)
      sendUp(id, names, () => uplink.twins(id, twins, wallMs))
    }
    return applied
  }

  const notThere: Refused = {
    ...{ tag: 'refused', reason: 'unknown-device' },
    text: 'Update rejected due to the device is not existed',
  }

  function takeTwins(topic: string, id: Id, payload: string): void {
    const message = readTwinUpdate(payload)
    if (message.tag === 'refused') {
      refuse(nobody, '', message)
      return refused(topic, id, message.reason, message.text)
    }
    if (!store.devices.has(id)) {
      refuse(`${topicOf(id)}/twin/update/result`, message.eventId, notThere)
      return refused(topic, id, notThere.reason, notThere.text)
    }
    const applied = update(id, message.eventId, message.twins)
    if (applied.tag === 'refused') return refused(topic, id, applied.reason, applied.text)
    const said = { type: 'mqtt', topic, device: id } as const
    if (applied.tag === 'ok') {
      return emit({ ...said, outcome: 'ok', twins: applied.result.size })
    }
    const report = `panic: nil pointer dereference in TwinModule: ${applied.why} (${id})`
    emit({ ...said, outcome: 'crash', message: report })
    crash(report)
  }

  const refused = (topic: string, device: Id, reason: MqttRefusal, message: string) =>
    emit({ type: 'mqtt', topic, device, outcome: 'refused', reason, message })

  function giveTwins(topic: string, id: Id, payload: string): void {
    const answer = `${topicOf(id)}/twin/get/result`
    const eventId = readEventId(payload)
    const known = store.devices.has(id)
    if (eventId !== undefined && known) {
      const twin = Object.fromEntries(store.twins.get(id) ?? [])
      publish(answer, { ...base(eventId), twin })
      return emit({ type: 'mqtt', topic, device: id, outcome: 'ok' })
    }
    const fault: Refused =
      eventId === undefined
        ? { tag: 'refused', reason: 'malformed', text: `Unmarshal twin info ${payload} failed` }
        : { ...notThere, text: `Device ${id} not found while getting twin` }
    refuse(answer, eventId ?? '', fault)
    refused(topic, id, fault.reason, fault.text)
  }

  function keepState(id: Id, state: string): void {
    const { name } = splitId(id)
    const at = `${new Date(clock.wall()).toISOString().slice(0, 19)}Z`
    const kept = { state, lastOnlineTime: isOnline(state) ? at : '' }
    store.states.set(id, kept)
    const device = { name, ...kept }
    publish(`${topicOf(id)}/state/update/result`, { ...base(randomUUID()), device })
    sendUp(id, [undefined], () => uplink.state(id, state))
  }

  /** Whatever is wrong with a state, EdgeCore says nothing. */
  function takeState(topic: string, id: Id, payload: string): void {
    const body = readEventId(payload) === undefined ? undefined : (JSON.parse(payload) as unknown)
    const state = isObject(body) ? (body['state'] ?? '') : undefined
    if (typeof state !== 'string') return refused(topic, id, 'malformed', 'not a state update')
    if (!store.devices.has(id)) return refused(topic, id, notThere.reason, notThere.text)
    if (!isState(behaviour, state)) {
      return refused(topic, id, 'unknown-state', `EdgeCore knows no state ${state}`)
    }
    keepState(id, state)
    emit({ type: 'mqtt', topic, device: id, outcome: 'ok' })
  }

  const memberOf = (id: Id) => {
    const { state, lastOnlineTime } = store.states.get(id) ?? {}
    return {
      id: behaviour.namespaces ? id : splitId(id).name,
      name: splitId(id).name,
      ...(state && { state }),
      ...(lastOnlineTime && { last_online: lastOnlineTime }),
    }
  }

  function giveMembers(topic: string, payload: string): void {
    const eventId = readEventId(payload)
    const devices = [...store.devices.keys()].map(memberOf)
    publish(`${topic}/result`, { ...base(eventId ?? ''), devices })
    emit({ type: 'mqtt', topic, outcome: 'ok' })
  }

  /** Up to 1.14 desired values come down into the twins. */
  function desire(device: DeviceCr): TwinResult | undefined {
    if (!behaviour.mqttOnly) return undefined
    const id = idOfManifest(device)
    const known = store.twins.get(id) ?? new Map<string, WireTwin>()
    const changes = desiredTwins(device, store.models, known, clock.wall())
    keepTwins(id, changes)
    return changes
  }
  for (const device of store.devices.values()) desire(device)

  return {
    report(id, property, reported, observedDesired) {
      const reason = twinDrop(property, reported, observedDesired)
      if (reason !== undefined) {
        const kind = reason === 'illegal-name' ? reason : 'illegal-value'
        refuse(nobody, '', { tag: 'refused', reason: kind, text: reason })
        return drop(reason, id, property)
      }
      if (unroutable(id)) return drop('unroutable', id, property)
      if (!store.devices.has(id)) {
        refuse(`${topicOf(id)}/twin/update/result`, '', notThere)
        return drop('unknown-device', id, property)
      }
      const change = { expected: observedDesired, actual: reported }
      const applied = update(id, '', new Map([[property, change]]))
      if (applied.tag !== 'ok') drop('wrong-type', id, property)
    },
    reportState(id, state) {
      if (!isState(behaviour, state)) drop('unknown-state', id)
      else if (unroutable(id)) drop('unroutable', id)
      else if (!store.devices.has(id)) drop('unknown-device', id)
      else keepState(id, state)
    },
    receive(topic, payload) {
      if (topic.endsWith('/membership/get')) return giveMembers(topic, payload)
      const levels = topic.slice(root.length).split('/')
      const [namespace = '', name = ''] = behaviour.namespaces ? levels : ['', ...levels]
      const id = idOf(namespace, name)
      const action = levels.slice(-2).join('/')
      if (unroutable(id)) return refused(topic, id, 'unroutable', 'EdgeCore cannot classify it')
      if (action === 'twin/update') takeTwins(topic, id, payload)
      else if (action === 'twin/get') giveTwins(topic, id, payload)
      else if (action === 'state/update') takeState(topic, id, payload)
    },
    changed({ op, cr }) {
      if (cr.kind !== 'Device') return
      const id = idOfManifest(cr)
      if (op !== 'update') {
        const member = [memberOf(id)]
        publish(`$hw/events/node/${cr.spec.nodeName ?? 'edge-node'}/membership/updated`, {
          ...base(randomUUID()),
          added_devices: op === 'insert' ? member : [],
          removed_devices: op === 'delete' ? member : [],
        })
      }
      const desired = op === 'delete' ? undefined : desire(cr)
      if (desired !== undefined && desired.documents.size > 0) publishTwins(id, '', desired)
    },
  }
}
