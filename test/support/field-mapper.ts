import {
  runMapper,
  type Device,
  type DeviceModel,
  type DeviceState,
  type Driver,
  type Logger,
  type MapperSettings,
  type MapperView,
  type PropertyType,
  type RawConfig,
} from '@mapper-sdk/core'
import { createFakeEdge, type FakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'
import type { TestContext } from 'vitest'

export interface FieldProperty {
  readonly type?: PropertyType
  readonly visitor: RawConfig
  readonly desired?: string
  /** true if left out. */
  readonly reportToCloud?: boolean
  /** As soon as it changes if left out, in ms. */
  readonly reportCycle?: number
}

/** A mapper in this process, by itself for Modbus, with an EdgeCore in memory: for what happens in the field. */
export interface FieldMapper {
  readonly edge: FakeEdge
  /** Creates or changes a device, read every 20 ms. By itself it has one INT, `level`, in holding 0. */
  put(name: string, protocol: RawConfig, properties?: Readonly<Record<string, FieldProperty>>): void
  state(name: string): DeviceState | undefined
  /** What the cloud was told last. */
  twin(name: string, property?: string): string | undefined
  /** Why the cloud shows of a property what it shows, in one sentence. */
  why(name: string, property?: string): string
  /** Everything that was logged about a device: the sentence, and the error if there was one. */
  readonly log: readonly { readonly device: string; readonly text: string }[]
}

const level = { visitor: { table: 'holding', address: 0 } } as const

/** Runs until the test is over. */
export function startFieldMapper(
  { onTestFinished }: TestContext,
  settings: Partial<MapperSettings> = {},
  driver: Driver = modbusDriver,
): FieldMapper {
  const edge = createFakeEdge()
  const log: { device: string; text: string }[] = []
  const stop = new AbortController()
  let view: MapperView | undefined
  const done = runMapper({
    driver,
    edge,
    logger: loggerInto(log),
    signal: stop.signal,
    settings: { budget: {}, stateHoldMs: 0, reconnectMaxMs: 300, ...settings },
    onStart: (live) => (view = live),
  })
  onTestFinished(async () => {
    stop.abort()
    await done
  })
  return {
    edge,
    put(name, protocol, properties = { level }) {
      const model: DeviceModel = {
        namespace: 'default',
        name,
        properties: Object.entries(properties).map(([property, { type = 'INT', desired }]) => ({
          name: property,
          type,
          accessMode: desired === undefined ? 'ReadOnly' : 'ReadWrite',
        })),
      }
      const device: Device = {
        namespace: 'default',
        name,
        model: name,
        protocolName: driver.protocolName,
        protocol,
        properties: Object.entries(properties).map(([property, spec]) => ({
          name: property,
          desired: spec.desired ?? '',
          visitor: spec.visitor,
          collectCycle: 20,
          reportCycle: spec.reportCycle ?? 0,
          reportToCloud: spec.reportToCloud ?? true,
        })),
        methods: [],
        stateReport: { toCloud: true, cycleMs: 0 },
      }
      edge.apply(device, model)
    },
    state: (name) => view?.devices().find(({ id }) => id === `default/${name}`)?.state,
    twin: (name, property = 'level') => edge.twin(`default/${name}`, property)?.reported,
    why: (name, property = 'level') => view?.explain(`default/${name}`, property)?.why ?? '',
    log,
  }
}

function loggerInto(log: { device: string; text: string }[], device = ''): Logger {
  const write = (...said: unknown[]) => {
    const [fields] = said
    const error = typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : ''
    log.push({ device, text: `${String(said.at(-1))} ${String(error)}` })
  }
  return {
    debug: () => undefined,
    info: write,
    warn: write,
    error: write,
    child: (fields) => loggerInto(log, 'device' in fields ? String(fields.device) : device),
  }
}
