import { describe, expect, it } from 'vitest'
import type { Device } from './device.ts'
import { MapperError } from './errors.ts'
import { device, id, model, property, rig } from './mapper-rig.suite.ts'

const answerMs = 40
const timeoutMs = 1_000
const minuteMs = 60_000

describe('devices on one line', () => {
  /** Reads of every live device in a minute, when everything has settled. */
  async function readsPerMinute(live: number, dead: number): Promise<readonly number[]> {
    const one = rig({ parallel: 1 })
    const isDead = (unit: number) => unit > live
    one.driver.before = ({ unit }) =>
      new Promise((resolve) => void one.clock.after(isDead(unit) ? timeoutMs : answerMs, resolve))
    for (let unit = 1; unit <= live + dead; unit++) {
      const silence = new MapperError('timeout', 'silent')
      one.driver.device('h', unit).set('temperature', isDead(unit) ? silence : unit)
      const properties = [property('temperature')]
      const own: Partial<Device> = {
        name: `unit-${unit}`,
        protocol: { host: 'h', unit },
        properties,
      }
      one.edge.apply(device(own), model)
    }
    one.start()
    await one.clock.advance(2 * minuteMs)
    const before = one.driver.reads.length
    await one.clock.advance(5 * minuteMs)
    const reads = one.driver.reads.slice(before)
    const probed = new Set(reads.map(({ unit }) => unit).filter(isDead))
    expect(probed.size).toBe(dead)
    return Array.from(
      { length: live },
      (_, index) => reads.filter(({ unit }) => unit === index + 1).length / 5,
    )
  }

  it('share its time equally, and the dead ones cost the live ones at most a tenth', async () => {
    const without = await readsPerMinute(25, 0)
    const beside = await readsPerMinute(25, 5)
    for (const counts of [without, beside]) {
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }
    // More polls are due than the line carries, so what dead units take is missing elsewhere.
    expect(Math.min(...without) * 25 * answerMs).toBeGreaterThan(0.95 * minuteMs)
    expect(Math.min(...beside)).toBeGreaterThanOrEqual(Math.max(...without) / 1.1)
  })
})

describe('a probe whose device changes meanwhile', () => {
  it('does not keep the other silent devices from being probed', async () => {
    const one = rig({ parallel: 1 })
    let onProbe: () => void = () => undefined
    one.driver.before = ({ unit }) => {
      if (unit === 2) onProbe()
      return new Promise(
        (resolve) => void one.clock.after(unit > 1 ? timeoutMs : answerMs, resolve),
      )
    }
    const unit = (number: number, properties = [property('temperature')]) =>
      device({ name: `unit-${number}`, protocol: { host: 'h', unit: number }, properties })
    for (const number of [1, 2, 3]) {
      const silence = new MapperError('timeout', 'silent')
      one.driver.device('h', number).set('temperature', number > 1 ? silence : 20)
      one.edge.apply(unit(number), model)
    }
    one.start()
    await one.clock.advance(2 * minuteMs)
    let changed = false
    onProbe = () => {
      if (!changed) one.edge.apply(unit(2, []), model)
      changed = true
    }
    await one.clock.advance(3 * minuteMs)
    expect(changed).toBe(true)
    const before = one.driver.reads.length
    await one.clock.advance(5 * minuteMs)
    expect(one.driver.reads.slice(before).map((read) => read.unit)).toContain(3)
  })
})

describe('a write that overtakes a read', () => {
  it('is done at once, and what the read had seen before does not count', async () => {
    const one = rig({ writesOvertake: true })
    one.edge.apply(device(), model)
    let readMs = 10
    one.driver.before = ({ kind }) =>
      new Promise((resolve) => void one.clock.after(kind === 'read' ? readMs : 10, resolve))
    one.start()
    await one.clock.advance(2_000)
    // The next read sees the old value and takes long to come back.
    readMs = 5_000
    await one.clock.advance(1_000)
    const seen = one.driver.device('h')
    const reported: (string | undefined)[] = []
    const wish = property('setpoint', { desired: '77' })
    one.edge.apply(device({ properties: [property('temperature'), wish] }), model)
    readMs = 10
    for (let step = 0; step < 1_200; step++) {
      await one.clock.advance(5)
      reported.push(one.edge.twin(id, 'setpoint')?.reported)
    }
    expect(seen.get('setpoint')).toBe(77)
    expect(one.driver.writes).toHaveLength(1)
    const first = reported.indexOf('77')
    expect(first).toBeGreaterThanOrEqual(0)
    expect(first).toBeLessThan(20)
    expect(new Set(reported.slice(first))).toEqual(new Set(['77']))
  })
})
