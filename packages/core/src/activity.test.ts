import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createActivity, readBoundsMs } from './activity.ts'
import { MapperError } from './errors.ts'
import { device, id, model, rig } from './mapper-rig.suite.ts'

test('every duration falls into exactly one class, the first that it fits', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20_000, noNaN: true })), (durations) => {
      const activity = createActivity()
      for (const ms of durations) activity.readTook(ms)
      const { classes, totalMs } = activity.counts.readCalls
      expect(classes.reduce((sum, one) => sum + one, 0)).toBe(durations.length)
      readBoundsMs.forEach((bound, index) => {
        const upTo = classes.slice(0, index + 1).reduce((sum, one) => sum + one, 0)
        expect(upTo).toBe(durations.filter((ms) => ms <= bound).length)
      })
      expect(totalMs).toBeCloseTo(durations.reduce((sum, ms) => sum + ms, 0))
    }),
  )
})

test('a mapper counts what it reads, writes, asks and drops', async () => {
  const one = rig()
  one.edge.apply(device(), model)
  one.start()
  await one.clock.advance(10)
  const { activity } = one.view
  expect(activity.reads).toMatchObject({ good: 2, rejected: 0 })
  expect(activity.readCalls.classes.reduce((sum, count) => sum + count, 0)).toBe(1)
  one.field.set('temperature', new MapperError('rejected', 'illegal data address'))
  await one.clock.advance(1_000)
  expect(activity.reads).toMatchObject({ good: 3, rejected: 1 })

  await expect(one.view.writeProperty(id, 'setpoint', '101')).rejects.toThrow('above the maximum')
  expect(activity.writes).toMatchObject({ good: 0, rejected: 0 })
  const written = one.view.writeProperty(id, 'setpoint', '33')
  await one.clock.advance(20)
  expect(await written).toBe('33')
  expect(activity.writes).toMatchObject({ good: 1 })

  await one.clock.advance(5_000)
  expect(activity.edgeCalls.register).toMatchObject({ good: 1, throttled: 0 })
  expect(activity.edgeCalls.twins.good).toBe(one.edge.reports.length)
  one.edge.refuse('temperature', 'the value is not float')
  one.field.set('temperature', 7)
  await one.clock.advance(5_000)
  expect(activity.dropped).toEqual({ refused: 1, text: 0 })
})

test('a device shows its properties, its model, and why its readings are old', async () => {
  const one = rig()
  one.edge.apply(device(), model)
  one.start()
  await one.clock.advance(10)
  expect(one.view.device('default/nobody')).toBeUndefined()
  expect(one.view.device(id)).toMatchObject({
    properties: ['temperature', 'setpoint'],
    model: { name: 'boiler' },
    error: undefined,
  })
  one.driver.cut('h')
  await one.clock.advance(2_000)
  expect(one.view.device(id)?.error?.code).toBe('unreachable')
  expect(one.view.edge.reason).toBeUndefined()
  one.edge.setUp(false)
  await one.clock.advance(10)
  expect(one.view.edge.link).toBe('down')
})
