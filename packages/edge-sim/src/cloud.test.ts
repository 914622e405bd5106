import { expect, test } from 'vitest'
import { createCloudView, type CloudView } from './cloud.ts'
import type { DeviceCr } from './manifest.ts'
import { behaviourOf, type KubeEdgeVersion } from './version.ts'

const device: DeviceCr = {
  kind: 'Device',
  metadata: { name: 'boiler', namespace: 'plant' },
  spec: {
    deviceModelRef: { name: 'm' },
    protocol: { protocolName: 'modbus' },
    properties: [{ name: 'a', desired: { value: '5' } }, { name: 'b' }],
  },
}
const id = 'plant/boiler'
/** One twin in a message of its own. */
const report = (
  view: CloudView,
  device: string,
  property: string,
  reported: string,
  observedDesired = '',
) =>
  view
    .reportTwins(device, {
      ...{ wallMs: 1000, atMs: 1200 },
      twins: [{ property, reported, observedDesired, type: 'string' }],
    })
    .get(property)
function viewOf(version: KubeEdgeVersion, cr = device) {
  const view = createCloudView(behaviourOf(version))
  view.put(cr)
  return view
}

test('every property of the spec shows, before any report', () => {
  expect(viewOf('1.23').list()).toEqual([
    {
      id,
      protocolName: 'modbus',
      twins: [
        { property: 'a', desired: '5' },
        { property: 'b', desired: '' },
      ],
    },
  ])
})

test('the first report of a twin makes an entry with an empty value; the second fills it', () => {
  const view = viewOf('1.23')
  expect(report(view, id, 'a', '21.5', '5')).toBe('first-report')
  expect(view.twin(id, 'a')).toEqual({ property: 'a', desired: '5', reported: '', atMs: 1200 })
  expect(report(view, id, 'a', '21.5', '5')).toBeUndefined()
  expect(view.twin(id, 'a')).toEqual({
    ...{ property: 'a', desired: '5', reported: '21.5', observedDesired: '5', atMs: 1200 },
    metadata: { timestamp: '1000', type: 'string' },
  })
})

test('in 1.15 a twin lands only where status.twins has it already', () => {
  const view = viewOf('1.15', { ...device, status: { twins: [{ propertyName: 'a' }] } })
  expect(report(view, id, 'a', '1')).toBeUndefined()
  expect(report(view, id, 'b', '1')).toBe('not-in-status')
  expect(view.twin(id, 'a')?.reported).toBe('1')
})

test('where bursts are lossy, a patch may undo the one before it', () => {
  const dice = [0.9, 0]
  const overwritten: string[] = []
  const view = createCloudView(behaviourOf('1.23'), {
    random: () => dice.shift() ?? 1,
    onOverwritten: (device, property) => overwritten.push(`${device}/${property}`),
  })
  view.put(device)
  for (const value of ['1', '2']) report(view, id, 'a', value)
  report(view, id, 'b', '1')
  expect(view.twin(id, 'a')?.reported).toBe('2')
  report(view, id, 'a', '3')
  expect(view.twin(id, 'b')?.reported).toBeUndefined()
  expect(view.twin(id, 'a')?.reported).toBe('3')
  expect(overwritten).toEqual(['plant/boiler/b'])
})

test('twins of one message do not undo each other, and are undone together', () => {
  const overwritten: string[] = []
  const view = createCloudView(behaviourOf('1.23'), {
    random: () => 0,
    onOverwritten: (_device, property) => overwritten.push(property),
  })
  view.put(device)
  const send = (...values: readonly [string, string][]) =>
    view.reportTwins(id, {
      ...{ wallMs: 1000, atMs: 1200 },
      twins: values.map(([property, reported]) => ({ property, reported, type: 'int' })),
    })
  expect([...send(['a', '1'], ['b', '1'])]).toEqual([
    ['a', 'first-report'],
    ['b', 'first-report'],
  ])
  expect(send(['a', '2'], ['b', '2']).size).toBe(0)
  expect(view.list()[0]?.twins.map(({ reported }) => reported)).toEqual(['2', '2'])
  // The half that a message leaves out stays as it is.
  expect(view.twin(id, 'a')?.observedDesired).toBeUndefined()
  expect(overwritten).toEqual([])
  send(['a', '3'])
  expect(overwritten).toEqual(['b'])
  expect(view.list()[0]?.twins.map(({ reported }) => reported)).toEqual(['3', ''])
})

test('what the spec does not have is ignored', () => {
  const view = viewOf('1.23')
  expect(report(view, id, 'c', '1')).toBe('unknown-property')
  expect(report(view, 'plant/other', 'a', '1')).toBe('unknown-device')
  expect(view.reportState('plant/other', 'ok', 0)).toBe('unknown-device')
})

test('lastOnlineTime is set by online and ok, and left alone by the others', () => {
  const view = viewOf('1.23')
  view.reportState(id, 'OK', Date.UTC(2026, 10, 23, 16, 0, 4, 999))
  expect(view.list()[0]).toMatchObject({ state: 'OK', lastOnlineTime: '2026-11-23T16:00:04Z' })
  view.reportState(id, 'offline', Date.UTC(2027, 0, 1))
  expect(view.list()[0]).toMatchObject({ state: 'offline', lastOnlineTime: '2026-11-23T16:00:04Z' })
})

test('from 1.18 to 1.22 a state shows only with the next twin', () => {
  const view = viewOf('1.22')
  expect(view.reportState(id, 'ok', 0)).toBe('waits')
  expect(view.list()[0]?.state).toBeUndefined()
  report(view, id, 'a', '1')
  expect(view.list()[0]?.state).toBe('ok')
})

test('the status is in the Device up to 1.22, in a DeviceStatus after', () => {
  const old = viewOf('1.22')
  report(old, id, 'a', '1')
  expect(old.resources()).toMatchObject([
    { kind: 'Device', status: { twins: [{ propertyName: 'a', reported: { value: '' } }] } },
  ])
  const now = viewOf('1.23')
  report(now, id, 'a', '1')
  expect(now.resources()).toMatchObject([
    { kind: 'Device', metadata: { name: 'boiler' } },
    {
      kind: 'DeviceStatus',
      metadata: { name: 'boiler', namespace: 'plant' },
      status: { twins: [{ propertyName: 'a', reported: { value: '' } }] },
    },
  ])
  expect(now.resources()[0]).not.toHaveProperty('status')
})

test('a device that is deleted and made again has an empty status', () => {
  const view = viewOf('1.23')
  report(view, id, 'a', '1')
  view.drop(id)
  expect(view.list()).toEqual([])
  expect(view.put(device)).toBe('created')
  expect(view.twin(id, 'a')?.reported).toBeUndefined()
})

test('an equal manifest is no change, other labels are none of the spec', () => {
  const view = viewOf('1.23')
  expect(view.put(structuredClone(device))).toBe('same')
  const labels = { site: 'north' }
  expect(view.put({ ...device, metadata: { ...device.metadata, labels } })).toBe('relabelled')
  expect(view.put({ ...device, spec: { ...device.spec, properties: [] } })).toBe('changed')
})
