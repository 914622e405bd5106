import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import { connect, never, protocolOf, shown, startField, visitorOf, watch } from './driver.suite.ts'

test('watched nodes tell their first value and each change', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const names = ['Scalars.Int32', 'Scalars.Double', 'Scalars.String']
  const seen = watch(
    connection,
    protocol,
    names.map((name) => visitorOf(field.nodeId(name))),
  )
  await until(
    'first values',
    () => seen.told.length,
    (count) => count === 3,
  )
  field.set('Scalars.Int32', 4711)
  await until(
    'the change',
    () => seen.last(0),
    (value) => value === 4711,
  )
  field.set('Scalars.Double', 0.1)
  await until(
    'the change',
    () => seen.last(1),
    (value) => value === 0.1,
  )
  expect(seen.instead).toEqual([])
  expect(seen.told).toHaveLength(5)
  expect(field.subscriptionCount).toBe(1)
  seen.stop()
  expect(await seen.ended).toBe('resolved')
  await until(
    'no subscription',
    () => field.subscriptionCount,
    (count) => count === 0,
  )
  expect(field.sessionCount).toBe(1)
  await connection.close()
  expect(field.sessionCount).toBe(0)
})

test('one missing node is left to be read, and costs the others nothing', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const visitors = [
    visitorOf(field.nodeId('Scalars.Int32')),
    visitorOf(field.nodeId('Scalars.Nobody')),
    visitorOf({ nodeID: 'nsu=urn:nowhere;s=x' }),
    visitorOf({ browsePath: '/9:None' }),
    visitorOf({ nodeID: field.nodeId('Scalars.Double'), subscribe: false }),
  ]
  const seen = watch(connection, protocol, visitors)
  await until(
    'the rest',
    () => [...seen.instead].sort(),
    (rest) => rest.length === 4,
  )
  await until(
    'the first value',
    () => seen.last(0),
    (value) => value !== undefined,
  )
  expect([...seen.instead].sort()).toEqual([1, 2, 3, 4])
  const outcomes = await connection.read(protocol, visitors, never)
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false, false, true])
  expect(shown(outcomes).slice(1, 4)).toEqual(['rejected', 'invalid_config', 'invalid_config'])
})

test('devices that watch as often share a subscription, until the last one goes', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const one = watch(connection, protocol, [visitorOf(field.nodeId('Scalars.Int32'))], 50)
  const two = watch(connection, protocol, [visitorOf(field.nodeId('Scalars.Int32'))], 50)
  const slow = watch(connection, protocol, [visitorOf(field.nodeId('Scalars.Int32'))], 500)
  for (const seen of [one, two, slow])
    await until(
      'a value',
      () => seen.told.length,
      (n) => n > 0,
    )
  expect(field.subscriptionCount).toBe(2)
  one.stop()
  await one.ended
  field.set('Scalars.Int32', 99)
  await until(
    'the other goes on',
    () => two.last(0),
    (value) => value === 99,
  )
  two.stop()
  await two.ended
  await until(
    'one less',
    () => field.subscriptionCount,
    (count) => count === 1,
  )
})

test('a server with small limits is asked in small requests', async () => {
  const limits = { maxNodesPerRead: 100, maxMonitoredItemsPerCall: 100 }
  const field = await startField({ limits, items: { count: 1_000, everyMs: 60_000 } })
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const visitors = Array.from({ length: 1_000 }, (_, i) => visitorOf(field.nodeId(`Changing.${i}`)))
  const outcomes = await connection.read(protocol, visitors, never)
  expect(outcomes.every(({ ok }) => ok)).toBe(true)
  const seen = watch(connection, protocol, visitors)
  await until(
    'all',
    () => new Set(seen.told.map(({ index }) => index)).size,
    (n) => n === 1_000,
  )
  expect(seen.instead).toEqual([])
})

test('with subscribe: false everything is read, and an interruption is still told', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url, { subscribe: false })
  const connection = await connect(protocol)
  const seen = watch(connection, protocol, [visitorOf(field.nodeId('Scalars.Int32'))])
  await until(
    'the rest',
    () => seen.instead,
    (rest) => rest.length === 1,
  )
  await delay(100)
  expect(seen.told).toEqual([])
  expect(field.subscriptionCount).toBe(0)
  field.closeSessions()
  await until(
    'the interruption',
    () => seen.interruptions,
    (all) => all.length === 2,
  )
  expect(seen.interruptions).toEqual(['unreachable', undefined])
  expect(field.sessionCount).toBe(1)
})

test('a deadband is left to the server', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const nodeID = field.nodeId('Scalars.Double')
  field.set('Scalars.Double', 100)
  const seen = watch(connection, protocol, [visitorOf({ nodeID, serverDeadband: 5 })])
  await until(
    'the first value',
    () => seen.last(0),
    (value) => value === 100,
  )
  field.set('Scalars.Double', 103)
  field.set('Scalars.Double', 120)
  await until(
    'the large change',
    () => seen.last(0),
    (value) => value === 120,
  )
  expect(seen.told.map(({ outcome }) => shown([outcome])[0])).toEqual([100, 120])
})

test('a deadband that the server refuses is left out', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  // A text has no deadband.
  const nodeID = field.nodeId('Scalars.String')
  const seen = watch(connection, protocol, [visitorOf({ nodeID, serverDeadband: 5 })])
  await until(
    'the first value',
    () => seen.told.length,
    (count) => count === 1,
  )
  expect(seen.instead).toEqual([])
})

test('events become JSON texts of the fields that are asked for, one by one', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const nodeID = field.nodeId('Events.Source')
  const eventFields = 'Severity,Message,SourceName'
  const all = watch(connection, protocol, [visitorOf({ nodeID, eventFields })])
  const severe = watch(connection, protocol, [
    visitorOf({ nodeID, eventFields, eventSeverity: 500 }),
  ])
  await until(
    'both watch',
    () => field.monitoredItemCount,
    (count) => count === 2,
  )
  for (const severity of [100, 600, 700]) field.raiseEvent({ message: `no ${severity}`, severity })
  await until(
    'three events',
    () => all.told.length,
    (count) => count === 3,
  )
  await until(
    'two events',
    () => severe.told.length,
    (count) => count === 2,
  )
  const texts = all.told.map(({ outcome }) => JSON.parse(String(shown([outcome])[0])) as object)
  expect(texts.map((text) => Object.keys(text))).toEqual(
    Array.from({ length: 3 }, () => ['Severity', 'Message', 'SourceName']),
  )
  expect(texts).toMatchObject([
    { Severity: 100, Message: 'no 100' },
    { Severity: 600, Message: 'no 600' },
    { Severity: 700, Message: 'no 700' },
  ])
  expect(severe.last(0)).toContain('no 700')
  expect(
    shown(await connection.read(protocol, [visitorOf({ nodeID, eventFields })], never)),
  ).toEqual(['unsupported'])
})

test('methods are called by writing, and show their result', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  const connection = await connect(protocol)
  const nodeID = field.nodeId('Methods')
  const add = visitorOf({ nodeID, methodID: field.nodeId('Methods.Add') })
  const call = async (value: string) =>
    (await connection.write(protocol, [{ visitor: add, value }], never))[0]
  expect(shown(await connection.read(protocol, [add], never))).toEqual(['unsupported'])
  expect(await call('[3, 4]')).toEqual({ ok: true, value: undefined })
  expect(shown(await connection.read(protocol, [add], never))).toEqual(['[7]'])
  expect(await call('[3]')).toMatchObject({ ok: false, error: { code: 'rejected' } })
  expect(await call('["x", 4]')).toMatchObject({ ok: false, error: { code: 'bad_data' } })
  const failing = visitorOf({ nodeID, methodID: field.nodeId('Methods.Fail') })
  const [failed] = await connection.write(protocol, [{ visitor: failing, value: '' }], never)
  expect(failed).toMatchObject({ ok: false })
})
