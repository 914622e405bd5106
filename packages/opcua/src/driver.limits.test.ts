import { expect, test } from 'vitest'
import { startTcpRelay } from '../../../test/support/tcp-relay.ts'
import { until } from '../../../test/support/until.ts'
import { cleanUp, connect, openVisit, protocolOf, startField, visitorOf } from './driver.suite.ts'

test('5000 nodes of a server that takes 100 at once are read, watched and written', async () => {
  const limits = {
    ...{ maxNodesPerRead: 100, maxMonitoredItemsPerCall: 100, maxNodesPerWrite: 100 },
    maxNodesPerTranslateBrowsePathsToNodeIds: 100,
  }
  const count = 5_000
  const field = await startField({ limits, items: { count, everyMs: 3_600_000 } })
  const { connection, read, watch } = await openVisit(field.url)
  const visitors = Array.from({ length: count }, (_, at) =>
    visitorOf(field.nodeId(`Changing.${at}`)),
  )
  const { Read: before = 0 } = field.calls
  const values = await read(...visitors)
  expect(values).toHaveLength(count)
  expect(values.every((value) => typeof value === 'number')).toBe(true)
  expect((field.calls['Read'] ?? 0) - before).toBe(50)
  const seen = watch(visitors)
  await until(
    'each has told its value',
    () => new Set(seen.told.map(({ index }) => index)).size,
    (size) => size === count,
  )
  expect(seen.instead).toEqual([])
  expect(field.calls['CreateMonitoredItems']).toBe(50)
  expect(field.subscriptionCount).toBe(1)
  const paths = Array.from({ length: 250 }, () =>
    visitorOf({ browsePath: '/3:Simulator/3:Scalars/3:Int32' }),
  )
  expect(await read(...paths)).toEqual(paths.map(() => -2_000_000_000))
  const writes = paths.map((visitor, value) => ({ visitor, value }))
  const outcomes = await connection.write(
    protocolOf(field.url),
    writes,
    new AbortController().signal,
  )
  expect(outcomes.every(({ ok }) => ok)).toBe(true)
  expect(field.get('Scalars.Int32').value).toBe(249)
})

test('a server that has no session left says so, and one that is closed makes room', async () => {
  const field = await startField({ maxSessions: 1 })
  const first = await connect(protocolOf(field.url))
  await expect(connect(protocolOf(field.url))).rejects.toMatchObject({
    code: 'rejected',
    detail: expect.stringContaining('BadTooManySessions: it has no session left') as string,
  })
  expect(field.sessionCount).toBe(1)
  await first.close()
  expect(field.sessionCount).toBe(0)
  for (let times = 0; times < 5; times++) await (await connect(protocolOf(field.url))).close()
  expect(field.sessionCount).toBe(0)
})

test('what a client leaves behind that vanished is gone when its short session ends', async () => {
  const field = await startField({ maxSessions: 1 })
  const relay = await startTcpRelay(field.port)
  cleanUp.unshift(() => relay.close())
  const protocol = protocolOf(`opc.tcp://127.0.0.1:${relay.port}`, { sessionTimeoutMs: 1_000 })
  await connect(protocol)
  expect(field.sessionCount).toBe(1)
  relay.freeze()
  await until(
    'the server has let go of it',
    () => field.sessionCount,
    (count) => count === 0,
  )
  await (await connect(protocolOf(field.url))).close()
})
