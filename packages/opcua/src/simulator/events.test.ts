import {
  AttributeIds,
  ClientMonitoredItem,
  StatusCodes,
  TimestampsToReturn,
  constructEventFilter,
  type Variant,
} from 'node-opcua-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bareClients } from './bare-client.suite.ts'
import { startOpcuaSimulator, type OpcuaSimulator } from './index.ts'

const connect = bareClients()
let simulator: OpcuaSimulator
beforeAll(async () => void (simulator = await startOpcuaSimulator()))
afterAll(() => simulator.close())

/** Monitors the events of a node; the fields of each in the order of their names. */
async function hear(nodeId: string, fields: readonly string[]) {
  const session = await connect(simulator.url)
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 20,
    requestedMaxKeepAliveCount: 10,
    requestedLifetimeCount: 1000,
    publishingEnabled: true,
  })
  const heard: unknown[][] = []
  const item = ClientMonitoredItem.create(
    subscription,
    { nodeId, attributeId: AttributeIds.EventNotifier },
    { samplingInterval: 0, queueSize: 100, filter: constructEventFilter([...fields]) },
    TimestampsToReturn.Both,
  )
  item.on('changed', (values) =>
    heard.push((values as unknown as Variant[]).map(({ value }) => value as unknown)),
  )
  const begun = new Promise((resolve) => item.once('initialized', () => resolve('begun')))
  expect(await begun).toBe('begun')
  expect(item.statusCode).toBe(StatusCodes.Good)
  return heard
}

it('raises events with its own fields, heard at the source and at the server', async () => {
  const index = simulator.namespaceIndex
  const fields = ['Message', 'Severity', `${index}:OrderNumber`, `${index}:Temperature`]
  const [source, server] = [
    await hear(simulator.nodeId('Events.Source'), fields),
    await hear('i=2253', fields),
  ]
  simulator.raiseEvent()
  simulator.raiseEvent({ message: 'hot', severity: 900, orderNumber: 5n, temperature: 99 })
  const expected = [
    [expect.objectContaining({ text: 'order done' }), 500, [0, 1], 21.5],
    [expect.objectContaining({ text: 'hot' }), 900, [0, 5], 99],
  ]
  await expect.poll(() => source).toEqual(expected)
  await expect.poll(() => server).toEqual(expected)
})

it('has an alarm that becomes active and ends', async () => {
  const heard = await hear(simulator.nodeId('Events.Source'), ['ConditionName', 'ActiveState.Id'])
  simulator.setAlarm(true)
  await expect.poll(() => heard.at(-1)).toEqual(['Alarm', true])
  simulator.setAlarm(false)
  await expect.poll(() => heard.at(-1)).toEqual(['Alarm', false])
})
