import {
  createConnections,
  runMapper,
  silentLogger,
  type Device,
  type DeviceModel,
  type Driver,
} from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'
import { createBank, serveRtu } from '@mapper-sdk/modbus/simulator'
import { expect, it } from 'vitest'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'

const model: DeviceModel = {
  namespace: 'default',
  name: 'meter',
  properties: [
    { name: 'level', type: 'INT', accessMode: 'ReadOnly' },
    { name: 'limit', type: 'INT', accessMode: 'ReadWrite' },
  ],
}

it('two drivers in one process share a serial line, each in its turn', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  context.onTestFinished(remove)
  const pair = await startSerialPair(folder)
  context.onTestFinished(() => pair.stop())
  const [path, far] = pair.ends
  const bank = createBank()
  // The simulator knows frames by their CRC: interleaved bytes would be a frame of nobody.
  const field = await serveRtu(bank, { path: far, baudRate: 115_200 })
  context.onTestFinished(() => field.close())

  const device = (unit: number, protocolName: string, desired: string): Device => ({
    namespace: 'default',
    name: `meter-${unit}`,
    model: 'meter',
    protocolName,
    protocol: { path, baudRate: 115_200, unit, timeoutMs: 500 },
    properties: ['level', 'limit'].map((name, address) => ({
      name,
      desired: name === 'limit' ? desired : '',
      visitor: { table: 'holding', address, type: 'uint16' },
      collectCycle: 20,
      reportCycle: 0,
      reportToCloud: true,
    })),
    methods: [],
    stateReport: { toCloud: true, cycleMs: 0 },
  })

  const logger = silentLogger
  const connections = createConnections({ logger })
  const stop = new AbortController()
  // A driver of another protocol, as far as the process can tell.
  const other: Driver = { ...(modbusDriver as Driver), protocolName: 'meter-bus' }
  const mappers = [modbusDriver as Driver, other].map((driver, index) => {
    const edge = createFakeEdge()
    const units = [1, 2, 3].map((unit) => 10 * index + unit)
    for (const unit of units) {
      bank.setRegister('holding', 0, [1000 + unit, 0], unit)
      edge.apply(device(unit, driver.protocolName, ''), model)
    }
    const done = runMapper({
      ...{ driver, edge, logger, connections, signal: stop.signal },
      settings: { budget: {}, stateHoldMs: 0 },
    })
    return { driver, edge, units, done }
  })
  context.onTestFinished(async () => {
    stop.abort()
    await Promise.all(mappers.map(({ done }) => done))
  })

  const twins = (name: string) =>
    mappers.flatMap(({ edge, units }) =>
      units.map((unit) => edge.twin(`default/meter-${unit}`, name)?.reported),
    )
  const all = mappers.flatMap(({ units }) => units)
  const expected = (values: readonly number[]) => JSON.stringify(values.map(String))
  const levels = expected(all.map((unit) => 1000 + unit))
  await until(
    'all levels',
    () => twins('level'),
    (seen) => JSON.stringify(seen) === levels,
  )

  for (const { driver, edge, units } of mappers) {
    for (const unit of units) {
      edge.apply(device(unit, driver.protocolName, String(2000 + unit)), model)
    }
  }
  const limits = expected(all.map((unit) => 2000 + unit))
  await until(
    'all limits written',
    () => twins('limit'),
    (seen) => JSON.stringify(seen) === limits,
  )
  expect(all.map((unit) => bank.view('holding', 1, 1, unit)[0])).toEqual(
    all.map((unit) => 2000 + unit),
  )
  expect(connections.size).toBe(2)
  const before = field.requests
  await until(
    'the line is busy',
    () => field.requests,
    (requests) => requests > before + 200,
  )
  // Nobody ever missed an answer for long enough to be anything but well.
  for (const { edge } of mappers)
    expect(new Set(edge.states.map(({ state }) => state))).toEqual(new Set(['ok']))
})
