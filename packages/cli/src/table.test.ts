import type { CloudDevice } from '@mapper-sdk/edge-sim'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changes, logLine, renderTable } from './table.ts'

const boiler: CloudDevice = {
  id: 'default/boiler',
  protocolName: 'modbus',
  state: 'ok',
  twins: [
    { property: 'temperature', desired: '', reported: '61.2', atMs: 1000 },
    { property: 'setpoint', desired: '60', reported: '55', observedDesired: '55', atMs: 500 },
    { property: 'burner', desired: 'true' },
  ],
}
const picture = { title: 'playground', devices: [boiler], findings: [], log: [], now: 3500 }

test('shows value, age and what is desired', () => {
  expect(renderTable(picture, 100, 20).map((line) => line.trimEnd())).toEqual([
    'playground',
    '',
    'default/boiler  modbus  ok',
    '  temperature  61.2                   2.5 s',
    '  setpoint     55                     3.0 s  desired 60, on its way',
    '  burner       —                             desired true, on its way',
  ])
})

test('fits any terminal, and no value can move its cursor', () => {
  const text = fc.string({ unit: 'binary' })
  const device = fc.record({
    id: text,
    protocolName: text,
    twins: fc.array(
      fc.record({ property: text, desired: text, reported: text, atMs: fc.integer() }),
    ),
  })
  fc.assert(
    fc.property(
      fc.array(device),
      fc.array(text),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      (devices, log, width, height) => {
        const lines = renderTable({ ...picture, devices, log, findings: log }, width, height)
        expect(lines.length).toBeLessThanOrEqual(height)
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(width)
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('says what is not shown', () => {
  const lines = renderTable(picture, 80, 4)
  expect(lines.at(-1)).toBe('… 3 more lines')
})

test('changes are told one by one', () => {
  const [temperature, setpoint, burner] = boiler.twins
  if (!temperature || !setpoint || !burner) throw new Error('three twins')
  const later: CloudDevice = {
    ...boiler,
    state: 'offline',
    twins: [
      { ...temperature, reported: '61.3' },
      { ...setpoint, reported: '60', observedDesired: '60' },
      { ...burner, desired: 'false' },
    ],
  }
  expect(changes([boiler], [boiler])).toEqual([])
  expect(changes([boiler], [later])).toEqual([
    'default/boiler is offline',
    'default/boiler temperature = 61.3',
    'default/boiler setpoint = 60',
    'default/boiler setpoint desired 60 taken',
    'default/boiler burner desired false',
  ])
  expect(changes([boiler], [])).toEqual(['default/boiler is gone'])
})

test('log lines are shortened for people', () => {
  const entry = {
    level: 'warn',
    time: '2026-01-01T00:00:00Z',
    mapper: 'm',
    namespace: 'default',
    device: 'boiler',
    err: { message: 'no answer' },
    state: 'offline',
    msg: 'device state',
  }
  expect(logLine(JSON.stringify(entry), 'mapper-modbus')).toBe(
    'mapper-modbus: warn: boiler: device state (no answer, state=offline)',
  )
  expect(logLine('{"control":"http://x"}', 'edge-sim')).toBe('edge-sim: {"control":"http://x"}')
  expect(logLine('plain', 'edge-sim')).toBe('edge-sim: plain')
})
