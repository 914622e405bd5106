import { expect, it } from 'vitest'
import { device, model, property, rig } from './mapper-rig.suite.ts'

const hour = 3_600_000
const node = { callsPerSecond: 1, burst: 100, twinsPerSecond: 30, twinsPerCall: 1_000 }

it('outlives 12 hours without EdgeCore: bounded, right afterwards, and no storm', async () => {
  const one = rig({ settings: { budget: node } })
  const names = ['temperature', 'setpoint', 'label']
  const boilers = Array.from({ length: 10 }, (_, index) => `boiler-${index}`)
  for (const name of boilers) {
    const properties = names.map((each) => property(each, { collectCycle: 10_000 }))
    one.edge.apply(device({ name, protocol: { host: name }, properties }), model)
    const field = one.driver.device(name)
    field.set('temperature', 20).set('setpoint', 1).set('label', 'x')
  }
  one.start()
  await one.clock.advance(60_000)

  one.edge.setUp(false)
  const timers: number[] = []
  for (let hours = 0; hours < 12; hours++) {
    for (const name of boilers) one.driver.device(name).set('temperature', 100 + hours)
    await one.clock.advance(hour)
    timers.push(one.clock.pending)
    expect(one.view.outbox).toMatchObject({ twins: 30 })
    expect(one.view.outbox.waiting).toBeLessThanOrEqual(10 * 3 + 10)
  }
  expect(Math.max(...timers)).toBeLessThanOrEqual(Math.min(...timers) + boilers.length)

  const calls = one.edge.calls
  one.edge.setUp(true)
  await one.clock.advance(60_000)
  for (const name of boilers) {
    expect(one.edge.twin(`default/${name}`, 'temperature')?.reported).toBe('111')
  }
  // One registration, and per device one report of all its twins and at most one state.
  expect(one.edge.calls - calls).toBeLessThanOrEqual(1 + 2 * boilers.length)
}, 60_000)

it('keeps every twin within its refresh time although EdgeCore takes one call a second', async () => {
  const refreshMs = 300_000
  const one = rig({ settings: { budget: node, refreshMs } })
  const boilers = Array.from({ length: 20 }, (_, index) => `boiler-${index}`)
  for (const name of boilers) {
    const properties = [property('temperature'), property('setpoint')]
    one.edge.apply(device({ name, protocol: { host: name }, properties }), model)
    one.driver.device(name).set('temperature', 20).set('setpoint', 1)
  }
  one.start()
  await one.clock.advance(refreshMs)
  const from = one.edge.reports.length
  await one.clock.advance(refreshMs * 1.2)
  const told = one.edge.reports.slice(from)
  for (const name of boilers) {
    const twins = told
      .filter((report) => report.device === `default/${name}`)
      .flatMap((report) => report.twins)
    expect(new Set(twins.map((twin) => twin.property))).toEqual(
      new Set(['temperature', 'setpoint']),
    )
  }
}, 60_000)

it('carries 20 devices of 50 changing twins through the budget, none older than 45 s', async () => {
  const one = rig({ settings: { budget: { ...node, callsPerSecond: 0.9, burst: 60 } } })
  const names = Array.from({ length: 50 }, (_, index) => `p${index}`)
  const wide = {
    ...model,
    properties: names.map((name) => ({
      name,
      type: 'INT' as const,
      accessMode: 'ReadOnly' as const,
    })),
  }
  const boilers = Array.from({ length: 20 }, (_, index) => `boiler-${index}`)
  for (const name of boilers) {
    one.edge.apply(
      device({ name, protocol: { host: name }, properties: names.map((each) => property(each)) }),
      wide,
    )
  }
  one.driver.before = async ({ host }) => {
    const field = one.driver.device(host)
    for (const name of names) field.set(name, Math.floor(one.clock.now()))
  }
  one.start()
  await one.clock.advance(120_000)
  let oldest = 0
  for (let i = 0; i < 60; i++) {
    await one.clock.advance(1_000)
    for (const name of boilers) {
      for (const each of names) {
        const reported = Number(one.edge.twin(`default/${name}`, each)?.reported ?? 0)
        oldest = Math.max(oldest, one.clock.now() - reported)
      }
    }
  }
  expect(oldest).toBeLessThanOrEqual(45_000)
}, 120_000)
