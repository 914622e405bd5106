import {
  createDriverConfig,
  runMapper,
  type Connection,
  type DeviceState,
  type Logger,
  type ModelProperty,
  type Outcome,
  type RawConfig,
  type Value,
  type Watch,
} from '@mapper-sdk/core'
import { connectContext, createFakeEdge } from '@mapper-sdk/core/testing'
import { afterEach, expect } from 'vitest'
import type { OpcuaProtocol } from './config/protocol.ts'
import type { OpcuaVisitor } from './config/visitor.ts'
import { opcuaDriver } from './driver.ts'
import { startOpcuaSimulator, type OpcuaSimulatorOptions } from './simulator/index.ts'

/** What the tests opened, closed after each of them, last first. */
export const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

export async function startField(options: OpcuaSimulatorOptions = {}) {
  const field = await startOpcuaSimulator(options)
  cleanUp.push(() => field.close())
  return field
}

const config = createDriverConfig(opcuaDriver)

/** Protocol and visitors as core hands them to the driver. */
export function protocolOf(url: string, more: RawConfig = {}): OpcuaProtocol {
  const issues: unknown[] = []
  const checked = config.protocol({ url, ...more }, issues as never[])
  expect(issues).toEqual([])
  return checked!.protocol
}
export function visitorOf(
  raw: RawConfig | string,
  property?: Partial<ModelProperty>,
): OpcuaVisitor {
  const issues: unknown[] = []
  const model: ModelProperty = { name: 'p', type: 'STRING', accessMode: 'ReadWrite', ...property }
  const given = typeof raw === 'string' ? { nodeID: raw } : raw
  const checked = config.visitor(given, property && model, [], issues as never[])
  expect(issues).toEqual([])
  return checked!.visitor
}

export const never = new AbortController().signal

export type OpcuaConnection = Connection<OpcuaProtocol, OpcuaVisitor>

export async function connect(protocol: OpcuaProtocol): Promise<OpcuaConnection> {
  const connection = await opcuaDriver.connect(protocol, connectContext({ signal: never }))
  cleanUp.push(() => connection.close())
  return connection
}

/** Values of good outcomes, error codes of others. */
export const shown = (outcomes: readonly Outcome<Value>[]) =>
  outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))

/** A connection with short words for what tests do with it. */
export async function openVisit(url: string, more: RawConfig = {}) {
  const protocol = protocolOf(url, more)
  const connection = await connect(protocol)
  return {
    connection,
    /** Values, or codes of errors. */
    read: async (...visitors: OpcuaVisitor[]) =>
      shown(await connection.read(protocol, visitors, never)),
    /** `written`, or the error as text. */
    write: async (visitor: OpcuaVisitor, ...values: Value[]) => {
      const writes = values.map((value) => ({ visitor, value }))
      const outcomes = await connection.write(protocol, writes, never)
      return outcomes.map((each) => (each.ok ? 'written' : each.error.message))
    },
    outcomes: (...visitors: OpcuaVisitor[]) => connection.read(protocol, visitors, never),
    watch: (visitors: readonly OpcuaVisitor[], everyMs?: number) =>
      watch(connection, protocol, visitors, everyMs),
  }
}

/** Watches and keeps what it is told. */
export function watch(
  connection: OpcuaConnection,
  protocol: OpcuaProtocol,
  visitors: readonly OpcuaVisitor[],
  everyMs = 50,
) {
  const stop = new AbortController()
  const told: { readonly index: number; readonly outcome: Outcome<Value> }[] = []
  const instead: number[] = []
  const interruptions: (string | undefined)[] = []
  const sink: Watch = {
    changed: (index, outcome) => void told.push({ index, outcome }),
    readInstead: (indexes) => void instead.push(...indexes),
    interrupted: (error) => void interruptions.push(error?.code),
  }
  const ended = connection.subscribe!(protocol, visitors, sink, stop.signal, everyMs).then(
    () => 'resolved' as const,
    (thrown: unknown) => thrown as Error,
  )
  cleanUp.push(async () => {
    stop.abort()
    await ended
  })
  const last = (index: number) => {
    const found = told.findLast((each) => each.index === index)?.outcome
    return found && shown([found])[0]
  }
  return { told, instead, interruptions, ended, last, stop: () => stop.abort() }
}

/** Connections of this process that are open. */
export const openSockets = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** The memory of this process, for those who run a fault many times. */
export const tellMemory = (when: string, times: number) => {
  const mib = Math.round(process.memoryUsage.rss() / 2 ** 20)
  if (times >= 10) process.stderr.write(`${when}: ${mib} MiB, ${openSockets()} sockets\n`)
}

export interface MapperProperty {
  readonly name: string
  readonly type?: ModelProperty['type']
  readonly visitor: RawConfig
  readonly collectMs?: number
}

/** A whole mapper with one device, and KubeEdge in memory. */
export function startMapper(protocol: RawConfig, properties: readonly MapperProperty[]) {
  const edge = createFakeEdge()
  const stop = new AbortController()
  const log: { readonly level: string; readonly text: string }[] = []
  const level = (name: string) => (fields: unknown, text?: string) => {
    const err = (fields as { err?: Error }).err?.message
    log.push({ level: name, text: [text ?? String(fields), err].filter(Boolean).join(': ') })
  }
  const logger: Logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    child: () => logger,
  }
  const id = 'plant/line'
  const property = ({ name, visitor, collectMs = 100 }: MapperProperty, desired = '') => ({
    ...{ name, visitor, desired, collectCycle: collectMs, reportCycle: 10, reportToCloud: true },
  })
  const device = (desired: Readonly<Record<string, string>> = {}) => ({
    ...{ namespace: 'plant', name: 'line', model: 'line', protocolName: 'opcua', protocol },
    properties: properties.map((each) => property(each, desired[each.name])),
    methods: [],
    stateReport: { toCloud: true, cycleMs: 0 },
  })
  const model = {
    ...{ namespace: 'plant', name: 'line' },
    properties: properties.map(({ name, type = 'INT' }): ModelProperty => ({
      name,
      type,
      accessMode: 'ReadWrite',
    })),
  }
  edge.apply(device(), model)
  const ran = runMapper({
    ...{ driver: opcuaDriver, edge, logger, signal: stop.signal },
    settings: { stateHoldMs: 100 },
  })
  const end = async () => {
    stop.abort()
    await ran
  }
  cleanUp.push(end)
  return {
    ...{ edge, log, end },
    reported: (name: string) => edge.twin(id, name)?.reported,
    desire: (wishes: Readonly<Record<string, string>>) => edge.apply(device(wishes), model),
    state: (): DeviceState | undefined => edge.states.at(-1)?.state,
  }
}
