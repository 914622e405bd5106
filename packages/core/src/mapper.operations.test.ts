import { describe, expect, it } from 'vitest'
import type { Device } from './device.ts'
import { MapperError } from './errors.ts'
import { silentLogger } from './log.ts'
import { createConnections, runMapper } from './mapper.ts'
import { device, id, model, property, rig } from './mapper-rig.suite.ts'
import { createFakeDriver, createFakeEdge, createManualClock } from './testing/index.ts'

describe('a device method', () => {
  const withMethod = (more: Partial<Device> = {}) =>
    device({
      properties: [property('temperature'), property('setpoint')],
      methods: [{ name: 'set', description: '', propertyNames: ['setpoint', 'temperature'] }],
      ...more,
    })
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'ok',
      (thrown: unknown) => (thrown instanceof MapperError ? thrown.code : 'foreign'),
    )

  it('writes once, reads back and reports', async () => {
    const one = rig()
    one.edge.apply(withMethod(), model)
    one.start()
    await one.clock.advance(2_000)
    const answer = one.view.callMethod(id, 'set', 'setpoint', '33')
    await one.clock.advance(20)
    expect(await answer).toBe('33')
    expect(one.edge.twin(id, 'setpoint')?.reported).toBe('33')
    await one.clock.advance(5_000)
    expect(one.driver.writes).toEqual([{ host: 'h', key: 'setpoint', value: 33 }])
  })

  it('refuses what the custom resource does not allow, and says why', async () => {
    const one = rig()
    one.edge.apply(withMethod(), model)
    one.start()
    await one.clock.advance(2_000)
    const call = (...[device, method, property, text]: [string, string, string, string]) =>
      codeOf(one.view.callMethod(device, method, property, text))
    expect(await call('default/nobody', 'set', 'setpoint', '1')).toBe('invalid_config')
    expect(await call(id, 'stop', 'setpoint', '1')).toBe('invalid_config')
    expect(await call(id, 'set', 'label', '1')).toBe('invalid_config')
    expect(await call(id, 'set', 'temperature', '1')).toBe('access_denied')
    expect(await call(id, 'set', 'setpoint', 'warm')).toBe('bad_data')
    expect(await call(id, 'set', 'setpoint', '101')).toBe('rejected')
    expect(one.driver.writes).toEqual([])
  })
})

describe('an explanation', () => {
  const why = (one: ReturnType<typeof rig>, name = 'temperature') => one.view.explain(id, name)?.why

  it('names what stands in the way, from the device to the cloud', async () => {
    const one = rig()
    one.driver.cut('h', new MapperError('access_denied', 'no right to open it'))
    const wrong = property('label', { visitor: {} })
    const quiet = property('setpoint', { reportToCloud: false })
    one.edge.apply(device({ properties: [property('temperature'), quiet, wrong] }), model)
    one.start()
    await one.clock.advance(2_000)
    expect(why(one)).toMatch(/cannot be reached.*no value yet.*no right to open it/)
    one.driver.restore('h')
    await one.clock.advance(40_000)
    expect(one.view.explain('default/nobody', 'x')).toBeUndefined()
    expect(why(one)).toMatch(/took this very value/)
    expect(why(one, 'setpoint')).toMatch(/reportToCloud is false/)
    expect(why(one, 'label')).toMatch(/configuration is wrong: .*key/)
    expect(why(one, 'pressure')).toMatch(/no property of this name/)

    one.field.set('temperature', new MapperError('rejected', 'illegal data address'))
    await one.clock.advance(1_000)
    expect(why(one)).toMatch(/newest reading failed.*keeps the last good.*illegal data address/)
    one.driver.cut('h')
    one.field.set('temperature', 5)
    await one.clock.advance(4_000)
    expect(why(one)).toMatch(/cannot be reached.*keeps the last good.*unreachable.*h is cut/)
    one.driver.restore('h')
    await one.clock.advance(6_000)

    one.edge.setUp(false)
    one.field.set('temperature', 6)
    await one.clock.advance(1_500)
    expect(why(one)).toMatch(/EdgeCore is away/)
    expect(one.view.explain(id, 'temperature')).toMatchObject({
      state: 'unhealthy',
      link: 'down',
      reading: { text: '6' },
      twin: { status: 'waiting', told: { text: { reported: '5' } } },
    })
  })

  it('tells budget, report cycle, deadband and a missing model apart', async () => {
    const one = rig({ settings: { budget: { callsPerSecond: 0.01, burst: 3 } } })
    one.edge.apply(device(), model)
    one.start()
    await one.clock.advance(5_000)
    one.field.set('temperature', 30)
    await one.clock.advance(1_500)
    expect(why(one)).toMatch(/waits for the report budget \(0\.01 calls a second\)/)

    const two = rig()
    const visitor = { key: 'temperature', deadband: 5 }
    const slow = property('setpoint', { reportCycle: 60_000 })
    two.edge.apply(device({ properties: [property('temperature', { visitor }), slow] }), model)
    two.start()
    await two.clock.advance(2_000)
    two.field.set('temperature', 22)
    two.field.set('setpoint', 43)
    await two.clock.advance(1_500)
    expect(why(two)).toMatch(/within the deadband/)
    expect(why(two, 'setpoint')).toMatch(/for its reportCycle/)
    two.edge.events?.device({ ...device({ name: 'other' }), model: 'nope' })
    await two.clock.advance(10)
    expect(two.view.explain('default/other', 'temperature')?.why).toMatch(/device model/)
  })
})

describe('another way for reports', () => {
  it('has its own budget, and everything is told again on it', async () => {
    const { clock, edge, start } = rig({
      settings: { budget: { callsPerSecond: 0.001, burst: 3 } },
    })
    edge.apply(device(), model)
    start()
    await clock.advance(5_000)
    const before = edge.reports.length
    const fast = { callsPerSecond: 50, burst: 50, twinsPerSecond: Infinity, twinsPerCall: 200 }
    edge.events?.route(fast)
    await clock.advance(1_000)
    expect(edge.reports.length).toBe(before + 1)
    edge.events?.route(undefined)
    await clock.advance(10_000)
    expect(edge.reports.length).toBe(before + 1)
  })

  it('leaves a twin out that EdgeCore refuses, until its value changes', async () => {
    const { clock, edge, field, start } = rig({ settings: { refreshMs: 3_600_000 } })
    edge.apply(device(), model)
    start()
    edge.refuse('temperature', 'the value is not int')
    await clock.advance(10_000)
    const told = () => edge.reports.flatMap(({ twins }) => twins.map((twin) => twin.property))
    expect(told().filter((name) => name === 'temperature')).toHaveLength(1)
    expect(edge.twin(id, 'setpoint')?.reported).toBe('42')
    edge.refuse('temperature', undefined)
    field.set('temperature', 1)
    await clock.advance(2_000)
    expect(edge.twin(id, 'temperature')?.reported).toBe('1')
  })
})

describe('several calls at once', () => {
  it('go out together where the way bears it, never two of one device', async () => {
    for (const [callsAtOnce, expected] of [
      [undefined, 1],
      [4, 4],
    ] as const) {
      const one = rig()
      const names = Array.from({ length: 6 }, (_, index) => `boiler-${index}`)
      for (const name of names) {
        one.driver.device(name).set('temperature', 1).set('setpoint', 1)
        one.edge.apply(device({ name, protocol: { host: name } }), model)
      }
      const perDevice = new Map<string, number>()
      let most = 0
      one.edge.before = async (report) => {
        const mine = (perDevice.get(report.device) ?? 0) + 1
        expect(mine).toBe(1)
        perDevice.set(report.device, mine)
        most = Math.max(
          most,
          [...perDevice.values()].reduce((sum, count) => sum + count, 0),
        )
        await new Promise<void>((resolve) => one.clock.after(50, resolve))
        perDevice.set(report.device, 0)
      }
      const stop = one.start()
      await one.clock.advance(10)
      const unlimited = { callsPerSecond: Infinity, burst: Infinity, twinsPerSecond: Infinity }
      const more = callsAtOnce === undefined ? {} : { callsAtOnce }
      one.edge.events?.route({ ...unlimited, twinsPerCall: 100, ...more })
      for (const name of names) one.driver.device(name).set('temperature', 2)
      await one.clock.advance(3_000)
      expect(most).toBe(expected)
      for (const name of names) {
        expect(one.edge.twin(`default/${name}`, 'temperature')?.reported).toBe('2')
      }
      await stop()
    }
  })
})

describe('several mappers in one process', () => {
  it('run side by side, and share a line where driver and line are the same', async () => {
    const clock = createManualClock()
    const driver = createFakeDriver()
    driver.device('line', 1).set('temperature', 1)
    driver.device('line', 2).set('temperature', 2)
    driver.before = () => new Promise<void>((resolve) => clock.after(20, resolve))
    const connections = createConnections({ logger: silentLogger, clock, random: () => 0.5 })
    const stop = new AbortController()
    const mappers = [1, 2].map((unit) => {
      const edge = createFakeEdge()
      const properties = [property('temperature')]
      edge.apply(
        device({ name: `unit-${unit}`, protocol: { host: 'line', unit }, properties }),
        model,
      )
      const { signal } = stop
      const settings = { budget: {} }
      const options = { driver, edge, logger: silentLogger, signal, settings, clock, connections }
      return { edge, done: runMapper({ ...options, random: () => 0.5 }) }
    })
    await clock.advance(5_000)
    expect(
      mappers.map(
        ({ edge }, index) => edge.twin(`default/unit-${index + 1}`, 'temperature')?.reported,
      ),
    ).toEqual(['1', '2'])
    expect([driver.connects, driver.open, driver.mostAtOnce, connections.size]).toEqual([
      1, 1, 1, 1,
    ])
    stop.abort()
    await clock.advance(2_000)
    await Promise.all(mappers.map(({ done }) => done))
    expect([driver.open, connections.size]).toEqual([0, 0])
  })
})
