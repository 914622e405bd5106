import { describe, expect, it } from 'vitest'
import { device, id, model, property, rig } from './mapper-rig.suite.ts'
import { MapperError } from './errors.ts'
import { createVolatileStore } from './memory.ts'

describe('a mapper', () => {
  it('reads at once, reports each twin as first, and closes everything when stopped', async () => {
    const { clock, driver, edge, start } = rig()
    edge.apply(device(), model)
    const stop = start()
    await clock.advance(50)
    expect(edge.reports[0]).toEqual({
      device: id,
      twins: [
        { property: 'temperature', reported: '21.5', observedDesired: '', first: true },
        { property: 'setpoint', reported: '42', observedDesired: '', first: true },
      ],
    })
    expect(edge.states).toEqual([{ device: id, state: 'ok' }])
    await stop()
    expect(driver.open).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it.each(['/var/lib/mapper', undefined])('tells the driver of its folder: %s', async (folder) => {
    const { clock, driver, edge, start } = rig(folder === undefined ? {} : { folder })
    edge.apply(device(), model)
    start()
    await clock.advance(50)
    expect(driver.context).toMatchObject({ folder })
  })

  it('tells the driver which files are its own', async () => {
    const { clock, driver, edge, start } = rig({ ownFiles: ['/etc/mapper/token'] })
    edge.apply(device(), model)
    start()
    await clock.advance(50)
    expect(driver.context).toMatchObject({ ownFiles: ['/etc/mapper/token'] })
  })

  it('keeps devices of one name in two namespaces apart', async () => {
    const { clock, driver, edge, field, start } = rig()
    const other = driver.device('other').set('temperature', 99).set('setpoint', 1)
    edge.apply(device(), model)
    edge.apply(device({ namespace: 'plant', protocol: { host: 'other' } }), {
      ...model,
      namespace: 'plant',
    })
    start()
    await clock.advance(1_000)
    const values = () =>
      ['default/boiler-1', 'plant/boiler-1'].map((each) => edge.twin(each, 'temperature')?.reported)
    expect(values()).toEqual(['21.5', '99'])
    other.set('temperature', 98)
    edge.remove('default/boiler-1')
    await clock.advance(2_000)
    expect(edge.twin('plant/boiler-1', 'temperature')?.reported).toBe('98')
    field.set('temperature', 1)
    await clock.advance(2_000)
    expect(edge.twin('plant/boiler-1', 'temperature')?.reported).toBe('98')
  })

  it('reports a change with the next cycle, and nothing when nothing changed', async () => {
    const { clock, edge, field, start } = rig()
    edge.apply(device(), model)
    start()
    await clock.advance(5_000)
    const before = edge.reports.length
    field.set('temperature', 22)
    await clock.advance(1_000)
    expect(edge.reports.slice(before)).toEqual([
      {
        device: id,
        twins: [{ property: 'temperature', reported: '22', observedDesired: '', first: false }],
      },
    ])
  })

  it('takes models and devices in any order', async () => {
    const { clock, edge, start } = rig()
    start()
    await clock.advance(10)
    edge.events?.device(device())
    await clock.advance(10)
    expect(edge.reports).toHaveLength(0)
    edge.events?.model(model)
    await clock.advance(10)
    expect(edge.reports).toHaveLength(1)
  })

  it('fetches an unknown model by registering again', async () => {
    const { clock, edge, start } = rig()
    start()
    await clock.advance(10)
    const { registrations } = edge
    edge.setUp(true)
    edge.apply(device(), model)
    edge.events?.modelRemoved('default/boiler')
    edge.events?.device(device({ name: 'boiler-2' }))
    await clock.advance(2_000)
    expect(edge.registrations).toBeGreaterThan(registrations)
  })

  it('takes 1000 equal updates as none: no reconnect, no missed poll, no write', async () => {
    const { clock, driver, edge, start } = rig()
    const one = device({
      properties: [property('temperature'), property('setpoint', { desired: '42' })],
    })
    edge.apply(one, model)
    start()
    await clock.advance(10_000)
    const reads = driver.reads.length
    await clock.advance(10_000)
    const usual = driver.reads.length - reads
    for (let i = 0; i < 1_000; i++) {
      edge.events?.model({ ...model })
      edge.events?.device(structuredClone(one))
      await clock.advance(10)
    }
    expect(driver.reads.length - reads - usual).toBe(usual)
    expect([driver.connects, driver.writes.length]).toEqual([1, 0])
  })

  it('tells the driver how often it reads what it reads, and of a read back that it is not repeated', async () => {
    const { clock, driver, edge, start } = rig()
    const slow = { collectCycle: 5_000, desired: '55' }
    edge.apply(device({ properties: [property('temperature'), property('setpoint', slow)] }), model)
    start()
    await clock.advance(10_000)
    const periods = (key: string) =>
      new Set(driver.reads.filter(({ keys }) => keys.includes(key)).map(({ everyMs }) => everyMs))
    expect(periods('temperature')).toEqual(new Set([1_000]))
    expect(periods('setpoint')).toEqual(new Set([5_000, undefined]))
  })

  it('writes a changed desired value once, reads it back and reports it as observed', async () => {
    const { clock, driver, edge, start } = rig()
    edge.apply(device(), model)
    start()
    await clock.advance(3_000)
    const wished = device({
      properties: [property('temperature'), property('setpoint', { desired: '55' })],
    })
    edge.apply(wished, model)
    await clock.advance(20)
    expect(driver.writes).toEqual([{ host: 'h', key: 'setpoint', value: 55 }])
    expect(edge.twin(id, 'setpoint')).toEqual({ reported: '55', observedDesired: '55' })
    for (let i = 0; i < 5; i++) edge.apply(wished, model)
    await clock.advance(5_000)
    expect(driver.writes).toHaveLength(1)
    expect(driver.connects).toBe(1)
  })

  it('does not write at the start what the device already has, and writes what differs', async () => {
    for (const [desired, writes] of [
      ['42', 0],
      ['43', 1],
    ] as const) {
      const { clock, driver, edge, start } = rig()
      edge.apply(device({ properties: [property('setpoint', { desired })] }), model)
      const stop = start()
      await clock.advance(5_000)
      expect(driver.writes).toHaveLength(writes)
      expect(edge.twin(id, 'setpoint')).toEqual({ reported: desired, observedDesired: desired })
      await stop()
    }
  })

  it('never writes an unset, unparsable, out-of-range or read-only desired value', async () => {
    const { clock, driver, edge, start } = rig()
    edge.apply(
      device({
        properties: [
          property('temperature', { desired: '30' }),
          property('setpoint', { desired: '101' }),
          property('label', { desired: '' }),
        ],
      }),
      model,
    )
    start()
    await clock.advance(2_000)
    edge.apply(device({ properties: [property('setpoint', { desired: 'warm' })] }), model)
    await clock.advance(2_000)
    expect(driver.writes).toEqual([])
    expect(edge.states.at(-1)?.state).toBe('unhealthy')
  })

  it('keeps only the newest wish while the device is away and applies it on return', async () => {
    const { clock, driver, edge, start } = rig()
    edge.apply(device(), model)
    start()
    await clock.advance(2_000)
    driver.cut('h')
    await clock.advance(2_000)
    for (const desired of ['50', '51', '52']) {
      edge.apply(
        device({ properties: [property('temperature'), property('setpoint', { desired })] }),
        model,
      )
      await clock.advance(1_000)
    }
    expect(edge.states.at(-1)).toEqual({ device: id, state: 'offline' })
    driver.restore('h')
    await clock.advance(4_500)
    expect(driver.writes).toEqual([{ host: 'h', key: 'setpoint', value: 52 }])
    expect(edge.twin(id, 'setpoint')).toEqual({ reported: '52', observedDesired: '52' })
    expect(edge.states.at(-1)).toEqual({ device: id, state: 'ok' })
  })

  it('corrects drift only where the policy says so', async () => {
    const { clock, driver, edge, field, start } = rig()
    const visitor = { key: 'setpoint', desiredPolicy: 'reassert' }
    edge.apply(device({ properties: [property('setpoint', { desired: '55', visitor })] }), model)
    start()
    await clock.advance(2_000)
    field.set('setpoint', 12)
    await clock.advance(2_000)
    expect(driver.writes.map(({ value }) => value)).toEqual([55, 55])
  })

  it('writes a pulse once per change, also over a restart', async () => {
    const store = createVolatileStore()
    const { clock, driver, edge, start } = rig({ store })
    const visitor = { key: 'setpoint', desiredPolicy: 'once' }
    edge.apply(device({ properties: [property('setpoint', { desired: '1', visitor })] }), model)
    const stop = start()
    await clock.advance(3_000)
    await stop()
    start()
    await clock.advance(3_000)
    expect(driver.writes).toHaveLength(1)
  })

  it('keeps a bad property to itself', async () => {
    const { clock, edge, field, start } = rig()
    field.set('setpoint', new MapperError('rejected', 'illegal address'))
    edge.apply(device(), model)
    start()
    await clock.advance(1_500)
    expect(edge.twin(id, 'temperature')).toEqual({ reported: '21.5', observedDesired: '' })
    expect(edge.twin(id, 'setpoint')).toBeUndefined()
    expect(edge.states.at(-1)?.state).toBe('unhealthy')
    field.set('setpoint', 7)
    await clock.advance(4_000)
    expect(edge.states.at(-1)?.state).toBe('ok')
  })

  it('never reports a value that is not one', async () => {
    const { clock, edge, field, start } = rig()
    field.set('temperature', Number.NaN)
    edge.apply(device(), model)
    start()
    await clock.advance(1_500)
    expect(edge.twin(id, 'temperature')).toBeUndefined()
  })

  it('keeps a wrong configuration to its device', async () => {
    const { clock, edge, start } = rig()
    edge.apply(device({ name: 'bad', protocol: {} }), model)
    edge.apply(device(), model)
    start()
    await clock.advance(1_500)
    expect(edge.twin(id, 'temperature')?.reported).toBe('21.5')
    expect(edge.states).toContainEqual({ device: 'default/bad', state: 'unhealthy' })
  })

  it('registers again after EdgeCore was away and tells everything again', async () => {
    const { clock, driver, edge, field, start } = rig()
    edge.apply(device(), model)
    start()
    await clock.advance(2_000)
    edge.setUp(false)
    field.set('temperature', 30)
    await clock.advance(5_000)
    const { registrations } = edge
    const before = edge.reports.length
    edge.setUp(true)
    await clock.advance(1_000)
    expect(edge.registrations).toBe(registrations + 1)
    expect(driver.connects).toBe(1)
    const told = edge.reports
      .slice(before)
      .flatMap(({ twins }) => twins.map(({ property }) => property))
    expect(new Set(told)).toEqual(new Set(['temperature', 'setpoint']))
    expect(edge.twin(id, 'temperature')?.reported).toBe('30')
  })

  it('removes a device only when EdgeCore leaves it out twice', async () => {
    const { clock, driver, edge, start } = rig()
    edge.apply(device(), model)
    start()
    await clock.advance(2_000)
    edge.setUp(false)
    edge.remove(id)
    edge.setUp(true)
    await clock.advance(5_000)
    expect(driver.open).toBe(1)
    await clock.advance(10_000)
    expect(driver.open).toBe(0)
  })

  it('slows down when EdgeCore refuses, and loses nothing', async () => {
    const { clock, edge, field, start } = rig({
      settings: { budget: { callsPerSecond: 1, burst: 5 } },
    })
    edge.apply(device(), model)
    start()
    await clock.advance(2_000)
    edge.setThrottled(true)
    const calls = edge.calls
    for (let i = 0; i < 60; i++) {
      field.set('temperature', i)
      await clock.advance(1_000)
    }
    expect(edge.calls - calls).toBeLessThan(40)
    edge.setThrottled(false)
    await clock.advance(20_000)
    expect(edge.twin(id, 'temperature')?.reported).toBe('59')
  })

  it('carries text outside the alphabet losslessly and never raw', async () => {
    const { clock, edge, field, start } = rig()
    field.set('label', 'Kessel Nr. 1 – süd')
    edge.apply(device({ properties: [property('label')] }), model)
    start()
    await clock.advance(1_500)
    const reported = edge.twin(id, 'label')?.reported ?? ''
    expect(reported).toMatch(/^b64:[A-Za-z0-9_-]+$/)
    expect(Buffer.from(reported.slice(4), 'base64url').toString()).toBe('Kessel Nr. 1 – süd')
  })

  it('asks a silent device on a shared line ever more rarely, and its neighbour as ever', async () => {
    const { clock, driver, edge, start } = rig({ settings: { reconnectMaxMs: 30_000 } })
    driver.device('h', 2).set('temperature', new MapperError('timeout', 'silent'))
    edge.apply(device({ properties: [property('temperature')] }), model)
    edge.apply(
      device({
        name: 'dead',
        protocol: { host: 'h', unit: 2 },
        properties: [property('temperature')],
      }),
      model,
    )
    start()
    await clock.advance(60_000)
    const of = (unit: number) => driver.reads.filter((read) => read.unit === unit).length
    expect(of(1)).toBeGreaterThan(58)
    expect(of(2)).toBeLessThan(15)
    expect(edge.states).toContainEqual({ device: 'default/dead', state: 'offline' })
    driver.device('h', 2).set('temperature', 5)
    await clock.advance(50_000)
    expect(edge.twin('default/dead', 'temperature')?.reported).toBe('5')
  })

  it('does not let a read that began before an update speak for the new configuration', async () => {
    const { clock, driver, edge, field, start } = rig()
    edge.apply(device({ properties: [property('temperature')] }), model)
    let hold = true
    driver.before = async () => {
      if (hold) await new Promise<void>((resolve) => clock.after(500, resolve))
    }
    start()
    await clock.advance(100)
    hold = false
    field.set('other', 99)
    edge.apply(
      device({ properties: [property('temperature', { visitor: { key: 'other' } })] }),
      model,
    )
    await clock.advance(5_000)
    expect(edge.reports.flatMap(({ twins }) => twins.map(({ reported }) => reported))).toEqual([
      '99',
    ])
  })

  it('shows what it knows', async () => {
    const one = rig()
    one.edge.apply(device(), model)
    one.start()
    await one.clock.advance(1_500)
    const [shown] = one.view.devices()
    expect(shown).toMatchObject({ id, state: 'ok', issues: [] })
    expect(shown?.readings.get('temperature')).toMatchObject({ text: '21.5', error: undefined })
    expect(one.view.edge.link).toBe('registered')
    expect(one.view.outbox).toEqual({ twins: 2, waiting: 0 })
    expect(one.edge.events?.describe(id)?.device.name).toBe('boiler-1')
  })
})
