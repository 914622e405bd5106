import type { Activity } from './activity.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { createDeviceLoop, type DeviceLoop } from './device-loop.ts'
import { idOf, type Device, type DeviceModel, type DeviceState, type Id } from './device.ts'
import type { DeviceDescription, Registration } from './edge/edge.ts'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { formatPath, type Issue } from './config.ts'
import type { ExplainFacts } from './explain.ts'
import { isEqual } from './is-equal.ts'
import type { Logger } from './log.ts'
import type { StateStore } from './store.ts'
import type { Outbox } from './outbox.ts'
import type { Poller } from './poller.ts'
import { sameSpec, type Resolution } from './resolve.ts'
import type { Clock } from './time.ts'
import type { DeviceView } from './view.ts'

/**
 * All devices and models that KubeEdge has told of, and the loop of each device that can run. Calls
 * come in any order and any number of times and return at once; each device is brought up to date in
 * the background, one change at a time, the newest only.
 */
export interface DeviceBook {
  device(device: Device): void
  deviceRemoved(id: Id): void
  model(model: DeviceModel): void
  modelRemoved(id: Id): void
  /** The whole list: what is missing twice in a row is removed. True if something is missing now. */
  registered(registration: Registration): boolean
  describe(id: Id): DeviceDescription | undefined
  view(): readonly DeviceView[]
  viewOf(id: Id): DeviceView | undefined
  /** All that is known of a property but the link; undefined for an unknown device. */
  facts(device: Id, property: string): Omit<ExplainFacts, LinkFacts> | undefined
  callMethod(
    device: Id,
    method: string,
    property: string,
    text: string,
  ): Promise<string | undefined>
  writeProperty(device: Id, property: string, text: string): Promise<string | undefined>
  stop(): Promise<void>
}

type LinkFacts = 'link' | 'callsPerSecond' | 'throttled'

export interface DeviceBookOptions {
  readonly resolve: (device: Device, model: DeviceModel) => Resolution<unknown, unknown>
  readonly driver: Driver
  readonly pool: ConnectionPool
  readonly poller: Poller
  readonly outbox: Outbox
  readonly store: StateStore
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly activity: Activity
  readonly values: 'encode' | 'reject'
  readonly probeMaxMs: number
  readonly stateHoldMs: number
  readonly wake: () => void
  /** A device came whose model is unknown: only a fresh registration brings it. */
  readonly onModelMissing: () => void
}

interface Entry {
  device: Device | undefined
  readonly logger: Logger
  loop?: DeviceLoop
  issues: readonly Issue[]
  /** The state of a device that has no loop. */
  parked?: DeviceState
  /** Missing in the last registration. */
  missing: boolean
  stale: boolean
  work: Promise<void> | undefined
}

export function createDeviceBook(options: DeviceBookOptions): DeviceBook {
  const entries = new Map<Id, Entry>()
  const models = new Map<Id, DeviceModel>()
  let stopped = false

  /** Marks an entry for work; a storm of updates is worked off once. */
  const refresh = (id: Id) => {
    const entry = entries.get(id)
    if (entry === undefined || stopped) return
    entry.stale = true
    entry.work ??= Promise.resolve().then(async () => {
      try {
        while (entry.stale && !stopped) {
          entry.stale = false
          await reconcile(id, entry)
        }
      } catch (thrown) {
        entry.logger.error(
          { err: MapperError.from(thrown) },
          'a device could not be brought up to date',
        )
      } finally {
        entry.work = undefined
      }
    })
  }

  const reconcile = async (id: Id, entry: Entry) => {
    const { device } = entry
    if (device === undefined) {
      entries.delete(id)
      await entry.loop?.stop()
      // A device of the same name may have come while this one was stopping.
      if (!entries.has(id)) options.outbox.forget(id)
      entry.logger.info('device removed')
      return
    }
    const model = models.get(`${device.namespace}/${device.model}`)
    if (model === undefined) {
      if (entry.loop === undefined && entry.parked === undefined) {
        entry.logger.warn({ model: device.model }, 'device waits for its model')
        park(id, entry, 'unknown')
        options.onModelMissing()
      }
      return
    }
    const { device: resolved, issues } = options.resolve(device, model)
    tell(entry, issues)
    const misconfigured = issues.some(({ severity }) => severity === 'error')
    if (resolved === undefined) {
      await entry.loop?.stop()
      delete entry.loop
      return park(id, entry, 'unhealthy')
    }
    if (entry.loop !== undefined && sameSpec(entry.loop.device, resolved) !== 'connection') {
      return entry.loop.update(resolved, misconfigured)
    }
    await entry.loop?.stop()
    if (stopped) return
    delete entry.parked
    entry.loop = createDeviceLoop({
      ...options,
      device: resolved,
      misconfigured,
      logger: entry.logger,
      lease: (onReady) =>
        options.pool.lease(options.driver, resolved.connectionKey, resolved.protocol, id, onReady),
    })
  }

  const park = (id: Id, entry: Entry, state: DeviceState) => {
    if (entry.parked === state) return
    entry.parked = state
    options.outbox.state(id, state, options.clock.now())
    options.wake()
  }

  const tell = (entry: Entry, issues: readonly Issue[]) => {
    if (JSON.stringify(issues) === JSON.stringify(entry.issues)) return
    entry.issues = issues
    for (const { severity, path, message } of issues) {
      entry.logger[severity === 'error' ? 'error' : 'warn']({ path: formatPath(path) }, message)
    }
  }

  const upsert = (device: Device) => {
    const id = idOf(device)
    const entry = entries.get(id)
    if (entry === undefined) {
      const { namespace, name } = device
      const logger = options.logger.child({ namespace, device: name })
      entries.set(id, { device, logger, issues: [], missing: false, stale: false, work: undefined })
    } else {
      entry.missing = false
      // Old EdgeCores echo every report as an update: an equal one must cost next to nothing.
      if (entry.device !== undefined && isEqual(entry.device, device)) return
      entry.device = device
    }
    refresh(id)
  }

  const setModel = (model: DeviceModel) => {
    const id = idOf(model)
    if (isEqual(models.get(id), model)) return
    models.set(id, model)
    for (const [deviceId, { device }] of entries) {
      if (device !== undefined && `${device.namespace}/${device.model}` === id) refresh(deviceId)
    }
  }

  const remove = (id: Id) => {
    const entry = entries.get(id)
    if (entry === undefined) return
    entry.device = undefined
    refresh(id)
  }

  const show = (id: Id, { device, loop, parked, issues }: Entry): DeviceView => ({
    id,
    state: loop?.state ?? parked ?? 'unknown',
    error: loop?.linkError,
    issues,
    readings: loop?.readings ?? new Map(),
    properties: device?.properties.map(({ name }) => name) ?? [],
    methods: device?.methods ?? [],
    model: device && models.get(`${device.namespace}/${device.model}`),
  })

  const wrong = (detail: string) => new MapperError('invalid_config', detail)
  const known = (id: Id) => {
    const { device, loop } = entries.get(id) ?? {}
    if (device === undefined) throw wrong(`no device ${id}`)
    return { device, loop }
  }

  const writeProperty: DeviceBook['writeProperty'] = async (id, property, text) => {
    const { loop } = known(id)
    if (loop === undefined) throw new MapperError('unreachable', `device ${id} is not running`)
    return loop.write(property, text)
  }

  return {
    device: upsert,
    deviceRemoved: remove,
    model: setModel,
    modelRemoved(id) {
      // EdgeCore removes the model before its last device; a running device keeps what it has.
      models.delete(id)
    },
    registered({ devices, models: fresh }) {
      for (const model of fresh) setModel(model)
      const present = new Set(devices.map(idOf))
      for (const device of devices) upsert(device)
      let missing = false
      for (const [id, entry] of entries) {
        if (present.has(id) || entry.device === undefined) continue
        if (entry.missing) remove(id)
        else {
          entry.missing = missing = true
          entry.logger.warn('EdgeCore no longer lists this device; asking once more before it goes')
        }
      }
      return missing
    },
    describe(id) {
      const device = entries.get(id)?.device
      if (device === undefined) return undefined
      const twins = options.outbox.twins(id).map(({ property, text }) => ({ property, ...text }))
      return { device, twins }
    },
    view: () => [...entries].map(([id, entry]) => show(id, entry)),
    viewOf(id) {
      const entry = entries.get(id)
      return entry?.device && show(id, entry)
    },
    facts(id, property) {
      const entry = entries.get(id)
      if (entry?.device === undefined) return undefined
      const { device, issues, loop, parked } = entry
      const index = device.properties.findIndex(({ name }) => name === property)
      const isOf = ({ path }: Issue) => path[1] === 'properties' && path[2] === index
      const about = (one: Issue) => `${formatPath(one.path)} ${one.message}`
      const running = loop?.device.properties.find(({ name }) => name === property)
      return {
        device: id,
        property,
        state: loop?.state ?? parked ?? 'unknown',
        waitsForModel: loop === undefined && !models.has(`${device.namespace}/${device.model}`),
        isListed: index !== -1,
        deviceIssues: issues.filter(({ path }) => path[1] !== 'properties').map(about),
        propertyIssues: index === -1 ? [] : issues.filter(isOf).map(about),
        running,
        linkError: loop?.linkError,
        watched: loop?.isWatched(property) ?? false,
        reading: loop?.readings.get(property),
        untold: loop?.untold(property),
        twin: options.outbox.explain(id, property, options.clock.now()),
      }
    },
    async callMethod(id, method, property, text) {
      const { device } = known(id)
      const found = device.methods.find(({ name }) => name === method)
      if (found === undefined) throw wrong(`device ${id} has no method ${method}`)
      if (!found.propertyNames.includes(property)) {
        throw wrong(`method ${method} of ${id} does not list the property ${property}`)
      }
      return writeProperty(id, property, text)
    },
    writeProperty,
    async stop() {
      stopped = true
      await Promise.all([...entries.values()].map(async ({ work }) => work))
      await Promise.all([...entries.values()].map(async ({ loop }) => loop?.stop()))
    },
  }
}
