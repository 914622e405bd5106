import { afterEach } from 'vitest'
import type { Device, DeviceModel, DeviceProperty, ModelProperty } from './device.ts'
import { silentLogger, type Logger } from './log.ts'
import { runMapper, type MapperSettings } from './mapper.ts'
import { createVolatileStore } from './memory.ts'
import type { StateStore } from './store.ts'
import {
  createFakeDriver,
  createFakeEdge,
  createManualClock,
  type FakeDriverOptions,
} from './testing/index.ts'
import type { MapperView } from './view.ts'

export const model: DeviceModel = {
  namespace: 'default',
  name: 'boiler',
  properties: [
    { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly' },
    { name: 'setpoint', type: 'INT', accessMode: 'ReadWrite', minimum: '0', maximum: '100' },
    { name: 'label', type: 'STRING', accessMode: 'ReadWrite' },
  ] satisfies ModelProperty[],
}

export const property = (name: string, more: Partial<DeviceProperty> = {}): DeviceProperty => ({
  name,
  desired: '',
  visitor: { key: name },
  collectCycle: 1_000,
  reportCycle: 0,
  reportToCloud: true,
  ...more,
})

export const device = (more: Partial<Device> = {}): Device => ({
  namespace: 'default',
  name: 'boiler-1',
  model: 'boiler',
  protocolName: 'fake',
  protocol: { host: 'h' },
  properties: [property('temperature'), property('setpoint')],
  methods: [],
  stateReport: { toCloud: true, cycleMs: 0 },
  ...more,
})

export const id = 'default/boiler-1'
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A mapper on a fake device, a fake edge and a clock that stands still. */
export function rig(
  options: {
    settings?: Partial<MapperSettings>
    store?: StateStore
    folder?: string
    ownFiles?: readonly string[]
    logger?: Logger
  } & FakeDriverOptions = {},
) {
  const clock = createManualClock()
  const driver = createFakeDriver(options)
  const edge = createFakeEdge()
  const field = driver.device('h')
  field.set('temperature', 21.5)
  field.set('setpoint', 42)
  field.set('label', 'a')
  let view: MapperView | undefined
  const start = () => {
    const abort = new AbortController()
    const done = runMapper({
      driver,
      edge,
      logger: options.logger ?? silentLogger,
      signal: abort.signal,
      settings: { budget: {}, ...options.settings },
      store: options.store ?? createVolatileStore(),
      ...(options.folder !== undefined && { folder: options.folder }),
      ...(options.ownFiles !== undefined && { ownFiles: options.ownFiles }),
      clock,
      random: () => 0.5,
      onStart: (live) => (view = live),
    })
    const stop = async () => {
      abort.abort()
      await clock.advance(2_000)
      await done
    }
    stops.push(stop)
    return stop
  }
  return {
    clock,
    driver,
    edge,
    field,
    start,
    get view() {
      if (view === undefined) throw new Error('the mapper has not started')
      return view
    },
  }
}
