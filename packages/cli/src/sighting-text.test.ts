import { MapperError } from '@mapper-sdk/core'
import type { Sighting, Taken } from '@mapper-sdk/serial/commission'
import { expect, test } from 'vitest'
import { sightingJson, sightingLine, takenText } from './sighting-text.ts'

const seen = (taken: Taken, text = 'SI\r'): Sighting => ({
  ...{ direction: 'sent', atMs: Date.UTC(2026, 0, 31, 12, 0, 0, 7) },
  ...{ raw: Buffer.from(text, 'latin1'), taken },
})
const failed = new MapperError('rejected', 'overload')
const weight = { name: 'weight', unit: 'kg', outcome: { ok: true, value: 12.5 } } as const
const broken = { name: 'rest', outcome: { ok: false, error: failed } } as const

test.each<readonly [text: string, taken: Taken]>([
  ['request weigh', { kind: 'request', of: 'weigh', isWrite: false, settings: {} }],
  [
    'write target = 100 address=3',
    { kind: 'request', of: 'target', isWrite: true, settings: { address: '3' }, value: 100 },
  ],
  ['answer to weigh: weight 12.5 kg', { kind: 'answer', of: 'weigh', values: [weight] }],
  ['answer to tare, 20 ms late', { kind: 'answer', of: 'tare', values: [], lateMs: 20 }],
  ['error of weigh: [rejected] overload', { kind: 'error', of: 'weigh', error: failed }],
  ['stream all: rest – [rejected] overload', { kind: 'stream', of: 'all', values: [broken] }],
  ['other', { kind: 'other' }],
  ['', { kind: 'frame' }],
  ['hurt: its checksum is wrong (checksum)', { kind: 'hurt', reason: 'checksum' }],
])('%s', (text, taken) => {
  expect(takenText(taken)).toBe(text)
})

test('a line has the time, the way, all bytes twice and what it is', () => {
  expect(sightingLine(seen({ kind: 'other' }))).toMatch(
    /^\d\d:\d\d:00\.007 > 53 49 0d {2}SI<CR> {2}other$/,
  )
  expect(sightingLine(seen({ kind: 'frame' }, '\x1b[31m'))).toContain('  <ESC>[31m')
})

test('a long frame is cut on a terminal, but not in JSON', () => {
  const long = seen({ kind: 'frame' }, 'x'.repeat(100))
  expect(sightingLine(long)).toContain(`${'x'.repeat(48)} … (100 bytes)`)
  expect(sightingLine(long)).not.toContain('x'.repeat(49))
  expect(JSON.parse(sightingJson(long))).toMatchObject({ text: 'x'.repeat(100) })
})

test('JSON has all of it', () => {
  const json = (taken: Taken) => JSON.parse(sightingJson(seen(taken))) as unknown
  expect(json({ kind: 'answer', of: 'weigh', values: [weight, broken] })).toEqual({
    ...{ at: '2026-01-31T12:00:00.007Z', direction: 'sent', hex: '53 49 0d', text: 'SI<CR>' },
    ...{ kind: 'answer', of: 'weigh' },
    values: {
      weight: { value: 12.5, unit: 'kg' },
      rest: { error: { code: 'rejected', message: 'overload' } },
    },
  })
  expect(json({ kind: 'hurt', reason: 'noise' })).toMatchObject({ kind: 'hurt', reason: 'noise' })
  const request = { kind: 'request', of: 'set', isWrite: true, settings: {}, value: 1n } as const
  expect(json(request)).toMatchObject({ isWrite: true, value: '1' })
})
