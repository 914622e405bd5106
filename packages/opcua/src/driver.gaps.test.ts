import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startTcpRelay } from '../../../test/support/tcp-relay.ts'
import { until } from '../../../test/support/until.ts'
import { cleanUp, connect, protocolOf, startField, visitorOf, watch } from './driver.suite.ts'

test('no change is lost or told twice, however often the line is cut', async () => {
  const field = await startField({ items: { count: 20, everyMs: 20 } })
  const relay = await startTcpRelay(field.port)
  cleanUp.push(() => relay.close())
  const protocol = protocolOf(`opc.tcp://127.0.0.1:${relay.port}`)
  const connection = await connect(protocol)
  const visitors = Array.from({ length: 20 }, (_, i) =>
    visitorOf({ nodeID: field.nodeId(`Changing.${i}`), queueSize: 10_000 }),
  )
  const seen = watch(connection, protocol, visitors, 50)
  for (let cut = 1; cut <= 4; cut++) {
    const before = seen.told.length
    await until(
      'changes',
      () => seen.told.length,
      (count) => count > before + 200,
    )
    relay.drop()
    await until(
      `interruption ${cut}`,
      () => seen.interruptions,
      (all) => all.length === 2 * cut,
    )
    await delay(50)
  }
  const steps = new Map<number, number[]>()
  for (const { index, outcome } of seen.told) {
    if (!outcome.ok) throw outcome.error
    const values = steps.get(index) ?? []
    values.push(Number(outcome.value))
    steps.set(index, values)
  }
  expect(steps.size).toBe(20)
  for (const values of steps.values()) {
    const gaps = values.slice(1).filter((value, i) => value !== (values[i] ?? NaN) + 1)
    expect(gaps).toEqual([])
  }
  expect(field.sessionCount).toBe(1)
})

test('a subscription that the server has forgotten in silence is noticed', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url, { timeoutMs: 1_000 })
  const connection = await connect(protocol)
  const seen = watch(connection, protocol, [visitorOf(field.nodeId('Scalars.Int32'))])
  await until(
    'the first value',
    () => seen.told.length,
    (count) => count === 1,
  )
  field.deleteSubscriptions({ silently: true })
  // The server goes on to answer everything else.
  expect(String(await seen.ended)).toMatch(/subscription/)
})
