import { describe, expect, it } from 'vitest'
import { MapperError } from './errors.ts'
import { silentLogger, type Logger } from './log.ts'
import { device, id, model, property, rig } from './mapper-rig.suite.ts'

const hour = 3_600_000
const all = () => true
const gone = new MapperError('unreachable', 'the wire is cut')

function started(options: Parameters<typeof rig>[0] = {}) {
  const one = rig({ canWatch: all, ...options })
  one.edge.apply(device(), model)
  return Object.assign(one, { stop: one.start() })
}

/** The last watch, which must be there. */
function last<T>(list: readonly T[]): T {
  const found = list.at(-1)
  if (found === undefined) throw new Error('there is none')
  return found
}

const reported = (one: ReturnType<typeof rig>, name = 'temperature') =>
  one.edge.twin(id, name)?.reported

describe('a device that tells of its changes', () => {
  it('is watched, not read: first values, then what changes', async () => {
    const one = started()
    await one.clock.advance(50)
    expect(one.edge.reports[0]?.twins.map((twin) => [twin.property, twin.reported])).toEqual([
      ['temperature', '21.5'],
      ['setpoint', '42'],
    ])
    expect(one.edge.states).toEqual([{ device: id, state: 'ok' }])
    await one.clock.advance(hour)
    one.field.set('temperature', 22)
    await one.clock.settle()
    expect(reported(one)).toBe('22')
    expect(one.driver.reads).toEqual([])
    expect(one.driver.watches.map(({ keys, everyMs }) => [keys, everyMs])).toEqual([
      [['temperature', 'setpoint'], 1_000],
    ])
  })

  it('has one watch per cycle, and no place in the poller', async () => {
    const one = rig({ canWatch: all })
    const slow = property('setpoint', { collectCycle: 5_000 })
    one.edge.apply(device({ properties: [property('temperature'), slow] }), model)
    one.start()
    await one.clock.advance(10)
    expect(one.driver.watches.map(({ keys, everyMs }) => [keys, everyMs])).toEqual([
      [['temperature'], 1_000],
      [['setpoint'], 5_000],
    ])
    // What is left is the reporter, which waits for its next registration.
    expect(one.clock.pending).toBe(1)
  })

  it('gives back what it cannot watch: that alone is read, at once and in each cycle', async () => {
    const one = started({ canWatch: (key) => key !== 'setpoint' })
    await one.clock.settle()
    expect(one.driver.reads).toHaveLength(1)
    await one.clock.advance(10_000)
    expect(new Set(one.driver.reads.map(({ keys }) => keys.join()))).toEqual(new Set(['setpoint']))
    expect(one.driver.reads.length).toBeGreaterThanOrEqual(10)
    expect(one.driver.reads.length).toBeLessThanOrEqual(12)
    one.field.set('setpoint', 50)
    one.field.set('temperature', 30)
    await one.clock.advance(1_000)
    expect([reported(one), reported(one, 'setpoint')]).toEqual(['30', '50'])
  })

  it('is read like any other if it gives all of it back', async () => {
    const one = started({ canWatch: () => false })
    await one.clock.advance(5_000)
    expect(new Set(one.driver.reads.map(({ keys }) => keys.length))).toEqual(new Set([2]))
    expect([reported(one), one.driver.watches.length]).toEqual(['21.5', 1])
  })

  it('is read when the driver ends the watch, until the next connection', async () => {
    const one = started()
    await one.clock.advance(1_000)
    last(one.driver.watches).end()
    await one.clock.settle()
    expect(one.driver.reads).toHaveLength(1)
    one.field.set('temperature', 23)
    await one.clock.advance(5_000)
    expect([reported(one), one.driver.watches.length, one.driver.connects]).toEqual(['23', 1, 1])
    one.driver.cut('h')
    await one.clock.advance(5_000)
    one.driver.restore('h')
    await one.clock.advance(5_000)
    const reads = one.driver.reads.length
    await one.clock.advance(10_000)
    expect([one.driver.watches.length, one.driver.reads.length]).toEqual([2, reads])
  })

  it('says where a value comes from', async () => {
    const one = started({ canWatch: (key) => key !== 'setpoint' })
    one.driver.before = async ({ signal }) =>
      new Promise((resolve) => {
        one.clock.after(500, resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    await one.clock.advance(600)
    one.field.set('temperature', 22)
    await one.clock.advance(90_000)
    expect(one.view.explain(id, 'temperature')?.reading).toEqual({
      text: '22',
      ageMs: 90_000,
      watched: true,
    })
    expect(one.view.explain(id, 'setpoint')?.reading).toMatchObject({ text: '42', watched: false })
  })

  it('has told nothing yet', async () => {
    const one = started()
    one.driver.before = () => new Promise(() => undefined)
    await one.clock.advance(10)
    expect(one.view.explain(id, 'temperature')?.why).toContain('has told no value yet')
    expect(one.view.devices()[0]?.state).toBe('unknown')
  })
})

describe('a watch whose connection is lost', () => {
  it('takes the device offline after the hold, keeps the readings, and comes back', async () => {
    const one = started()
    await one.clock.advance(1_000)
    one.driver.cut('h')
    await one.clock.advance(1_900)
    expect(one.edge.states).toHaveLength(1)
    await one.clock.advance(200)
    expect(last(one.edge.states)).toEqual({ device: id, state: 'offline' })
    expect(one.view.explain(id, 'temperature')).toMatchObject({
      why: expect.stringContaining('h is cut') as string,
      reading: { text: '21.5' },
    })
    one.field.set('temperature', 25)
    one.driver.restore('h')
    await one.clock.advance(10_000)
    expect([reported(one), last(one.edge.states).state]).toEqual(['25', 'ok'])
    one.field.set('temperature', 26)
    await one.clock.settle()
    expect([reported(one), one.driver.reads.length]).toEqual(['26', 0])
  })

  it.each(['at once', 'later'])('because the driver throws %s: tried ever later', async (when) => {
    const one = started()
    if (when === 'later') await one.clock.advance(1_000)
    one.driver.before = async ({ kind }) => {
      if (kind === 'subscribe') throw gone
    }
    if (when === 'later') last(one.driver.watches).end(gone)
    const before = one.driver.connects
    await one.clock.advance(60_000)
    expect(last(one.edge.states).state).toBe('offline')
    // The pauses grow up to two seconds: a connection that only opens proves nothing.
    expect(one.driver.connects - before).toBeLessThanOrEqual(36)
    expect(one.driver.connects - before).toBeGreaterThanOrEqual(25)
    expect(one.driver.open).toBeLessThanOrEqual(1)
    one.driver.before = async () => undefined
    one.field.set('temperature', 30)
    await one.clock.advance(5_000)
    expect([reported(one), last(one.edge.states).state]).toEqual(['30', 'ok'])
  })

  it('is tried again soon when it had proven itself', async () => {
    const one = started()
    await one.clock.advance(1_000)
    for (let losses = 1; losses <= 5; losses++) {
      last(one.driver.watches).end(gone)
      await one.clock.advance(200)
      expect(one.driver.watches).toHaveLength(losses + 1)
    }
    expect(one.edge.states).toHaveLength(1)
  })

  it('is offline from the start if there is no connection at all', async () => {
    const one = rig({ canWatch: all })
    one.driver.cut('h')
    one.edge.apply(device(), model)
    one.start()
    await one.clock.advance(10)
    expect(one.edge.states).toEqual([{ device: id, state: 'offline' }])
    one.driver.restore('h')
    await one.clock.advance(10_000)
    expect([reported(one), last(one.edge.states).state]).toEqual(['21.5', 'ok'])
  })

  it('goes on alone when it is only interrupted: the state follows after the hold', async () => {
    const one = started()
    await one.clock.advance(1_000)
    const { watch } = last(one.driver.watches)
    watch.interrupted(gone)
    await one.clock.advance(1_000)
    watch.interrupted()
    await one.clock.advance(5_000)
    expect(one.edge.states).toHaveLength(1)

    watch.interrupted(gone)
    await one.clock.advance(2_100)
    expect(last(one.edge.states)).toEqual({ device: id, state: 'offline' })
    const explained = one.view.explain(id, 'temperature')
    expect(explained?.reading?.text).toBe('21.5')
    expect(explained?.why).toMatch(/^The device cannot be reached, .*: .*the wire is cut$/)
    watch.interrupted()
    await one.clock.advance(2_100)
    expect(last(one.edge.states)).toEqual({ device: id, state: 'ok' })
    expect([one.driver.connects, one.driver.reads.length]).toEqual([1, 0])
  })

  it('forgets the interruption with the connection', async () => {
    const one = started()
    await one.clock.advance(1_000)
    last(one.driver.watches).watch.interrupted(gone)
    await one.clock.advance(3_000)
    last(one.driver.watches).end(gone)
    await one.clock.advance(5_000)
    expect(last(one.edge.states).state).toBe('ok')
  })
})

describe('a watched device that changes', () => {
  const renamed = { visitor: { key: 'other' } }

  it('is watched anew when its visitors change', async () => {
    const one = started()
    one.field.set('other', 7)
    await one.clock.advance(1_000)
    one.edge.apply(device({ properties: [property('temperature', renamed)] }), model)
    await one.clock.advance(10)
    expect(one.driver.watches.map(({ isOver, keys }) => [isOver, keys.length])).toEqual([
      [true, 2],
      [false, 1],
    ])
    expect([reported(one), one.driver.connects]).toEqual(['7', 1])
    one.field.set('temperature', 99).set('other', 8)
    await one.clock.settle()
    expect(reported(one)).toBe('8')
    expect([...(one.view.devices()[0]?.readings.keys() ?? [])]).toEqual(['temperature'])
  })

  it('is not watched anew when only a wish changes, and takes it', async () => {
    const one = started()
    await one.clock.advance(1_000)
    const wished = property('setpoint', { desired: '55' })
    one.edge.apply(device({ properties: [property('temperature'), wished] }), model)
    await one.clock.advance(20)
    expect(one.driver.writes).toEqual([{ host: 'h', key: 'setpoint', value: 55 }])
    expect(one.edge.twin(id, 'setpoint')).toEqual({ reported: '55', observedDesired: '55' })
    expect(one.driver.watches).toHaveLength(1)
  })

  it('begins the new watch only when the old one has settled, or had its time', async () => {
    const one = started()
    one.driver.before = ({ kind }) =>
      kind === 'subscribe' ? new Promise(() => undefined) : Promise.resolve()
    await one.clock.advance(1_000)
    let begun = 0
    one.driver.before = async ({ kind }) => {
      if (kind === 'subscribe') begun++
    }
    one.edge.apply(device({ properties: [property('temperature', renamed)] }), model)
    await one.clock.advance(990)
    expect(begun).toBe(0)
    await one.clock.advance(20)
    expect([begun, one.driver.connects]).toEqual([1, 1])
  })

  it('leaves nothing behind when it is removed', async () => {
    const one = started()
    one.edge.apply(device({ name: 'boiler-2', protocol: { host: 'h', unit: 2 } }), model)
    await one.clock.advance(1_000)
    const [first, second] = [1, 2].map((unit) => one.driver.watches.find((w) => w.unit === unit))
    one.edge.remove(id)
    await one.clock.advance(10)
    expect([first?.isOver, second?.isOver, one.driver.open]).toEqual([true, false, 1])
    one.edge.remove('default/boiler-2')
    await one.clock.advance(2_000)
    expect([second?.signal.aborted, one.driver.open, one.view.connections]).toEqual([true, 0, 0])
    await one.stop()
    expect(one.clock.pending).toBe(0)
  })

  it('shares its connection: each has its own watch, a loss is the loss of all', async () => {
    const one = rig({ canWatch: all })
    const units = [1, 2, 3, 4]
    for (const unit of units) {
      const name = `boiler-${unit}`
      one.edge.apply(device({ name, protocol: { host: 'h', unit } }), model)
      one.driver.device('h', unit).set('temperature', unit).set('setpoint', 1)
    }
    one.start()
    await one.clock.advance(1_000)
    expect([one.driver.connects, one.driver.watches.length]).toEqual([1, 4])
    last(one.driver.watches).end(gone)
    await one.clock.advance(3_000)
    expect([one.driver.connects, one.driver.watches.length]).toEqual([2, 8])
    for (const unit of units) one.driver.device('h', unit).set('temperature', 10 * unit)
    await one.clock.advance(10)
    expect(units.map((unit) => one.edge.twin(`default/boiler-${unit}`, 'temperature'))).toEqual(
      units.map((unit) => ({ reported: String(10 * unit), observedDesired: '' })),
    )
  })

  it('does not wait for a driver that ignores the abort', async () => {
    const one = started()
    one.driver.before = ({ kind }) =>
      kind === 'subscribe' ? new Promise(() => undefined) : Promise.resolve()
    await one.clock.advance(1_000)
    await one.stop()
    expect([one.driver.open, one.clock.pending]).toEqual([0, 0])
  })

  it('says once, and quietly, that a driver speaks of what is not watched', async () => {
    const lines: string[] = []
    const write = (...[fields, message]: readonly unknown[]) =>
      void lines.push(typeof fields === 'string' ? fields : String(message))
    const logger: Logger = { ...silentLogger, debug: write, child: () => logger }
    const one = started({ logger })
    await one.clock.advance(1_000)
    const { watch } = last(one.driver.watches)
    const [before, told] = [one.edge.reports.length, lines.length]
    for (const index of [-1, 2, 0.5, NaN, 1e9]) watch.changed(index, { ok: true, value: 1 })
    watch.readInstead([7])
    await one.clock.advance(2_000)
    expect([one.edge.reports.length, one.driver.reads.length]).toEqual([before, 0])
    expect(lines.slice(told).filter((line) => line.includes('ignored'))).toHaveLength(1)

    one.edge.apply(device({ properties: [property('temperature', renamed)] }), model)
    one.field.set('other', 3)
    await one.clock.advance(10)
    watch.changed(0, { ok: true, value: 1_000 })
    watch.readInstead([0])
    watch.interrupted(gone)
    await one.clock.advance(5_000)
    expect([reported(one), one.driver.reads.length]).toEqual(['3', 0])
    expect(one.view.devices()[0]?.readings.get('temperature')?.text).toBe('3')
    expect(last(one.edge.states).state).toBe('ok')
  })
})
