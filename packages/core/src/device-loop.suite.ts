import { createActivity } from './activity.ts'
import { createConnectionPool } from './connection-pool.ts'
import { createDeviceLoop } from './device-loop.ts'
import type { Connection, Driver, Outcome, Value, Watch } from './driver.ts'
import { silentLogger } from './log.ts'
import { createVolatileStore } from './memory.ts'
import { createOutbox } from './outbox.ts'
import { createPoller } from './poller.ts'
import type { ResolvedDevice, ResolvedProperty } from './resolve.ts'
import { createManualClock } from './testing/index.ts'

export const id = 'default/boiler'

export const property = (
  name: string,
  more: Partial<ResolvedProperty<string>> = {},
): ResolvedProperty<string> => ({
  name,
  type: 'INT',
  writable: true,
  visitor: name,
  options: { desiredPolicy: 'onChange' },
  limits: {},
  collectMs: 1_000,
  reportMs: 0,
  reportToCloud: true,
  desired: '',
  ...more,
})

export const deviceOf = (properties: readonly ResolvedProperty[]): ResolvedDevice => ({
  id,
  protocol: {},
  connectionKey: 'k',
  properties,
  stateReport: { toCloud: true, cycleMs: 0 },
  methods: [],
})

/** A device loop on a connection of the test's own, beside a clock that stands still. */
export function loopRig(
  properties: readonly ResolvedProperty[],
  connect: () => Connection,
  logger = silentLogger,
) {
  const clock = createManualClock()
  const outbox = createOutbox({ refreshMs: 300_000 })
  const poller = createPoller(clock)
  const random = () => 0.5
  const settings = { callTimeoutMs: 5_000, backoffFirstMs: 100, backoffMaxMs: 1_000 }
  const pool = createConnectionPool({ settings, clock, random, logger, folder: undefined })
  const driver: Driver = {
    protocolName: 'scripted',
    protocolSchema: {},
    visitorSchema: {},
    connectionKey: () => 'k',
    connect: async () => connect(),
  }
  let wakes = 0
  const loop = createDeviceLoop({
    device: deviceOf(properties),
    misconfigured: false,
    lease: (onReady) => pool.lease(driver, 'k', {}, id, onReady),
    probeMaxMs: 1_000,
    random,
    poller,
    outbox,
    store: createVolatileStore(),
    clock,
    logger,
    activity: createActivity(),
    values: 'encode',
    stateHoldMs: 2_000,
    wake: () => void wakes++,
  })
  return {
    clock,
    outbox,
    loop,
    pool,
    /** What the cloud should show. */
    text: (name: string) => outbox.twins(id).find((one) => one.property === name)?.text.reported,
    get wakes() {
      return wakes
    },
  }
}

/** A connection that says and answers what the test tells it to. */
export function scriptedConnection(values: Map<string, Outcome<Value>>) {
  const watches: { visitors: readonly unknown[]; watch: Watch; signal: AbortSignal }[] = []
  const reads: (readonly unknown[])[] = []
  const outcomeOf = (visitor: unknown): Outcome<Value> =>
    values.get(String(visitor)) ?? { ok: true, value: 0 }
  let writing: () => Promise<void> = async () => undefined
  const connection: Connection = {
    async read(_protocol, visitors, _signal, everyMs) {
      if (everyMs !== undefined) reads.push(visitors)
      return visitors.map(outcomeOf)
    },
    async write(_protocol, writes) {
      for (const { visitor, value } of writes) values.set(String(visitor), { ok: true, value })
      await writing()
      return writes.map(() => ({ ok: true, value: undefined }))
    },
    subscribe: (_protocol, visitors, watch, signal) =>
      new Promise((resolve) => {
        watches.push({ visitors, watch, signal })
        signal.addEventListener('abort', () => resolve(), { once: true })
        visitors.forEach((visitor, index) => watch.changed(index, outcomeOf(visitor)))
      }),
    close: async () => undefined,
  }
  return {
    connection,
    watches,
    /** Those of the cycles. */
    reads,
    /** What happens in the device while it is written, before it is read back. */
    whileWriting: (happens: () => Promise<void> | void) => {
      writing = async () => happens()
    },
  }
}
