import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { idOf, type Device, type DeviceModel, type Id } from '../device.ts'
import type { Edge, EdgeLink, Registration, TwinUpdate } from './edge.ts'

type Eventually<T> = T | Promise<T>

/** KubeEdge with one node, and a way to it: everything that the suite needs to ask what an Edge does. */
export interface EdgeRig {
  /** Not opened yet. Its protocol is `protocolName`. */
  readonly edge: Edge
  readonly protocolName: string
  /** A namespace for the suite alone. */
  readonly namespace: string
  /** How a state that is reported shows in the cloud. */
  readonly states: 'at-once' | 'with-next-twin' | 'unsupported'
  /** Where a report of an unknown device is answered. Left out: it is taken, and lost. */
  readonly unknownDevices?: 'rejected'
  /** What `unhealthy` is called there, if not so. */
  readonly unhealthy?: string
  /** False where no observed desired value is known. */
  readonly observesDesired?: false
  /** `kubectl apply` of a Device or DeviceModel. */
  apply(manifest: RigManifest): Eventually<void>
  /** `kubectl delete`. */
  remove(kind: 'Device' | 'DeviceModel', id: Id): Eventually<void>
  setDesired(device: Id, property: string, value: string): Eventually<void>
  /** What the cloud shows of a twin now. */
  twin(device: Id, property: string): Eventually<RigTwin | undefined>
  state(device: Id): Eventually<string | undefined>
  restart(): Promise<void>
  stopEdge(): Promise<void>
  startEdge(): Promise<void>
  /** What the mapper answers when EdgeCore, or a person, asks for a device. Left out: cannot ask. */
  getDevice?(device: Id): Promise<{ readonly name: string; readonly twins: readonly string[] }>
  close(): Promise<void>
}

export interface RigManifest {
  readonly apiVersion: string
  readonly kind: 'Device' | 'DeviceModel'
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: Readonly<Record<string, unknown>>
}
export interface RigTwin {
  readonly reported?: string
  readonly observedDesired?: string
}

/** What every way to KubeEdge must do, whatever is behind it. */
export function edgeSuite(name: string, makeRig: () => Promise<EdgeRig>): void {
  describe(name, () => {
    let rig: EdgeRig
    let boiler: Id
    beforeEach(async () => {
      rig = await makeRig()
      boiler = `${rig.namespace}/suite-boiler`
    })
    afterEach(() => rig.close())

    /** A generous wait: a real cluster takes its time. */
    const eventually = <T>(check: () => Eventually<T>) =>
      vi.waitFor(check, { timeout: 20_000, interval: 20 })
    const untilAborted = () => new AbortController().signal

    const model = (type = 'INT'): RigManifest => ({
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'DeviceModel',
      metadata: { name: 'suite-model', namespace: rig.namespace },
      spec: {
        protocol: rig.protocolName,
        properties: [
          { name: 'setpoint', type, accessMode: 'ReadWrite', minimum: '0', maximum: '100' },
          { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', unit: 'degC' },
        ],
      },
    })
    const device = (
      name = 'suite-boiler',
      { protocolName = rig.protocolName, desired = '', offset = 20 } = {},
    ): RigManifest => ({
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'Device',
      metadata: { name, namespace: rig.namespace },
      spec: {
        deviceModelRef: { name: 'suite-model' },
        nodeName: 'edge1',
        protocol: {
          protocolName,
          configData: { ip: '127.0.0.1', port: 15502, ratio: 0.1, debug: true, quiet: false },
        },
        properties: [
          {
            name: 'setpoint',
            desired: { value: desired },
            collectCycle: 1000,
            reportCycle: 2000,
            reportToCloud: true,
            visitors: { protocolName, configData: { register: 'HoldingRegister', offset } },
          },
          {
            name: 'temperature',
            reportToCloud: true,
            visitors: { protocolName, configData: { register: 'InputRegister', scale: 0.1 } },
          },
        ],
      },
    })

    /** Opens the edge and keeps what comes from it. */
    async function open() {
      const log: string[] = []
      const links: boolean[] = []
      const devices = new Map<Id, Device>()
      const models = new Map<Id, DeviceModel>()
      const link = await rig.edge.open(
        {
          device(each) {
            log.push(`device ${idOf(each)}`)
            devices.set(idOf(each), each)
          },
          deviceRemoved: (id) => void log.push(`deviceRemoved ${id}`),
          model(each) {
            log.push(`model ${idOf(each)}`)
            models.set(idOf(each), each)
          },
          modelRemoved: (id) => void log.push(`modelRemoved ${id}`),
          link: (up) => void links.push(up),
          route: () => undefined,
          describe(id) {
            const known = devices.get(id)
            const twins = [{ property: 'setpoint', reported: '42', observedDesired: '42' }]
            return known && { device: known, twins }
          },
        },
        untilAborted(),
      )
      onTestFinished(() => link.close())
      const up = () => eventually(() => expect(links.at(-1)).toBe(true))
      await up()
      return { link, log, links, devices, models, up }
    }

    async function register(link: EdgeLink): Promise<Registration> {
      const reply = await link.register(untilAborted())
      if (reply === 'throttled') throw new Error('the node has no call left for the suite')
      return reply
    }

    /** A link that knows the boiler, as after a while of peace. */
    async function settled() {
      const opened = await open()
      await register(opened.link)
      await rig.apply(model())
      await rig.apply(device())
      await eventually(() => expect(opened.log.at(-1)).toBe(`device ${boiler}`))
      return opened
    }
    const report = (link: EdgeLink, id: Id, ...twins: TwinUpdate[]) =>
      link.reportTwins({ device: id, twins }, untilAborted())
    const twinOf = (property: string, reported: string, first: boolean): TwinUpdate => ({
      ...{ property, reported, observedDesired: '', first },
    })
    const shows = (property: string, reported: string) =>
      eventually(async () => expect((await rig.twin(boiler, property))?.reported).toBe(reported))

    test('registering answers all devices of the protocol, and each model once', async () => {
      await rig.apply(model())
      await rig.apply(device('suite-boiler', { desired: '42' }))
      await rig.apply(device('suite-boiler-2'))
      await rig.apply(device('suite-stranger', { protocolName: 'suite-other' }))
      const { link } = await open()
      const { devices, models } = await eventually(async () => {
        const reply = await register(link)
        expect(reply.devices).toHaveLength(2)
        return reply
      })
      expect(devices.map(idOf).sort()).toEqual([boiler, `${boiler}-2`])
      expect(models).toEqual([
        {
          namespace: rig.namespace,
          name: 'suite-model',
          properties: [
            {
              name: 'setpoint',
              type: 'INT',
              accessMode: 'ReadWrite',
              minimum: '0',
              maximum: '100',
            },
            { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', unit: 'degC' },
          ],
        },
      ])
      expect(devices.find((each) => idOf(each) === boiler)).toMatchObject({
        namespace: rig.namespace,
        name: 'suite-boiler',
        model: 'suite-model',
        protocolName: rig.protocolName,
        protocol: { ip: '127.0.0.1', port: 15502, ratio: 0.1, debug: true, quiet: false },
        properties: [
          {
            ...{ name: 'setpoint', desired: '42', collectCycle: 1000, reportCycle: 2000 },
            ...{ reportToCloud: true, visitor: { register: 'HoldingRegister', offset: 20 } },
          },
          {
            ...{ name: 'temperature', desired: '', collectCycle: 0, reportToCloud: true },
            visitor: { register: 'InputRegister', scale: 0.1 },
          },
        ],
      })
    })

    test('a device that is created comes with its model, and is listed from then on', async () => {
      const { link, log } = await open()
      expect((await register(link)).devices).toEqual([])
      await rig.apply(model())
      await rig.apply(device())
      await eventually(() => expect(log).toHaveLength(2))
      expect(log).toEqual([`model ${rig.namespace}/suite-model`, `device ${boiler}`])
      expect((await register(link)).devices.map(idOf)).toEqual([boiler])
    })

    test('a changed desired value or setting comes with the whole device', async () => {
      const { devices } = await settled()
      await rig.setDesired(boiler, 'setpoint', '77')
      await eventually(() => expect(devices.get(boiler)?.properties[0]?.desired).toBe('77'))
      await rig.apply(device('suite-boiler', { desired: '77', offset: 30 }))
      await eventually(() =>
        expect(devices.get(boiler)?.properties[0]).toMatchObject({
          desired: '77',
          visitor: { register: 'HoldingRegister', offset: 30 },
        }),
      )
    })

    test('a changed model comes when a device of it changes', async () => {
      const { log, models } = await settled()
      log.length = 0
      await rig.apply(model('DOUBLE'))
      await rig.setDesired(boiler, 'setpoint', '1')
      await eventually(() => expect(log.at(-1)).toBe(`device ${boiler}`))
      expect(log[0]).toBe(`model ${rig.namespace}/suite-model`)
      expect(models.get(`${rig.namespace}/suite-model`)?.properties[0]?.type).toBe('DOUBLE')
    })

    test('a device that is deleted is removed, after its model, and listed no more', async () => {
      const { link, log } = await settled()
      log.length = 0
      await rig.remove('Device', boiler)
      await eventually(() => expect(log).toHaveLength(2))
      expect(log).toEqual([`modelRemoved ${rig.namespace}/suite-model`, `deviceRemoved ${boiler}`])
      expect((await register(link)).devices).toEqual([])
    })

    test('registering again is harmless', async () => {
      const { link, log } = await settled()
      const [first, second] = [await register(link), await register(link)]
      expect(second).toEqual(first)
      await rig.setDesired(boiler, 'setpoint', '5')
      await eventually(() =>
        expect(log.filter((line) => line === `device ${boiler}`)).toHaveLength(2),
      )
    })

    test('a first report lands, and so does every later one', async () => {
      const { link } = await settled()
      const first = { property: 'setpoint', reported: '42', observedDesired: '41', first: true }
      expect(await report(link, boiler, first, twinOf('temperature', '21.5', true))).toBe(
        'accepted',
      )
      await shows('setpoint', '42')
      await shows('temperature', '21.5')
      if (rig.observesDesired !== false) {
        expect((await rig.twin(boiler, 'setpoint'))?.observedDesired).toBe('41')
      }
      expect(await report(link, boiler, twinOf('temperature', '22', false))).toBe('accepted')
      await shows('temperature', '22')
    })

    test('an unknown twin or device is taken, and harms no other', async () => {
      const { link } = await settled()
      const lost = report(link, `${boiler}-nobody`, twinOf('setpoint', '1', true))
      if (rig.unknownDevices === 'rejected') {
        await expect(lost).rejects.toMatchObject({ code: 'rejected' })
      } else expect(await lost).toBe('accepted')
      const twins = [twinOf('nothing', '1', true), twinOf('setpoint', '7', true)]
      expect(await report(link, boiler, ...twins)).toBe('accepted')
      await shows('setpoint', '7')
      expect((await rig.twin(boiler, 'nothing'))?.reported).toBeUndefined()
    })

    test('a state shows where EdgeCore knows states, and is refused where not', async () => {
      const { link } = await settled()
      const reportState = () => link.reportState(boiler, 'unhealthy', untilAborted())
      if (rig.states === 'unsupported') {
        await expect(reportState()).rejects.toMatchObject({ code: 'unsupported' })
        return
      }
      expect(await reportState()).toBe('accepted')
      if (rig.states === 'with-next-twin') {
        expect(await report(link, boiler, twinOf('setpoint', '1', true))).toBe('accepted')
      }
      await eventually(async () =>
        expect(await rig.state(boiler)).toBe(rig.unhealthy ?? 'unhealthy'),
      )
    })

    test('a restart of EdgeCore shows, and after registering again all is as before', async () => {
      const { link, links, devices, up } = await settled()
      links.length = 0
      await rig.restart()
      await eventually(() => expect(links[0]).toBe(false))
      await up()
      expect((await register(link)).devices.map(idOf)).toEqual([boiler])
      await rig.setDesired(boiler, 'setpoint', '9')
      await eventually(() => expect(devices.get(boiler)?.properties[0]?.desired).toBe('9'))
      expect(await report(link, boiler, twinOf('setpoint', '9', true))).toBe('accepted')
      await shows('setpoint', '9')
    })

    test('while EdgeCore is away calls fail, and the link comes up by itself', async () => {
      const { link, links, up } = await settled()
      await rig.stopEdge()
      await eventually(() => expect(links.at(-1)).toBe(false))
      const away = { code: 'edge_unavailable' }
      await expect(link.register(untilAborted())).rejects.toMatchObject(away)
      const twin = twinOf('setpoint', '1', true)
      await expect(report(link, boiler, twin)).rejects.toMatchObject(away)
      await rig.startEdge()
      await up()
      expect((await register(link)).devices.map(idOf)).toEqual([boiler])
    })

    test('too many calls are throttled, whichever they are', async () => {
      const { limits } = rig.edge
      if (!Number.isFinite(limits.burst)) return
      const { link } = await settled()
      // Twice the burst in one go: faster than the node's budget grows.
      const calls = Array.from({ length: limits.burst * 2 }, () =>
        report(link, boiler, twinOf('setpoint', '1', false)),
      )
      const receipts = await Promise.all(calls)
      expect(receipts).toContain('accepted')
      expect(receipts).toContain('throttled')
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => link.register(untilAborted())),
      )
      expect(replies).toContain('throttled')
    })

    test('a call that is given up is canceled', async () => {
      const { link } = await open()
      const aborted = AbortSignal.abort()
      await expect(link.register(aborted)).rejects.toMatchObject({ code: 'canceled' })
    })

    test('what the mapper knows of a device can be asked', async ({ skip }) => {
      if (rig.getDevice === undefined) return skip('this rig cannot ask the mapper')
      await settled()
      expect(await rig.getDevice(boiler)).toEqual({ name: 'suite-boiler', twins: ['setpoint=42'] })
    })

    test('after close its place is free for the next', async () => {
      const { link } = await settled()
      await link.close()
      await link.close()
      await expect(link.register(untilAborted())).rejects.toMatchObject({ code: 'canceled' })
      const { link: next } = await open()
      expect((await register(next)).devices.map(idOf)).toEqual([boiler])
    })
  })
}
