import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  onReading,
  onWritten,
  startDesired,
  startWriting,
  wish,
  type Desired,
  type DesiredPolicy,
  type WriteResult,
} from './desired.ts'

const policies: DesiredPolicy[] = ['onChange', 'reassert', 'once']

describe('a desired value', () => {
  it('is never written when unset', () => {
    expect(startDesired('', 'onChange').kind).toBe('none')
    expect(wish({ kind: 'settled', wanted: '5', observed: '5' }, '').kind).toBe('none')
  })

  it('is written at the start only if the device differs', () => {
    expect(onReading(startDesired('5', 'onChange'), true, 'onChange')).toEqual({
      kind: 'settled',
      wanted: '5',
      observed: '5',
    })
    expect(onReading(startDesired('5', 'onChange'), false, 'onChange').kind).toBe('pending')
  })

  it('is written once for a pulse, also over restarts', () => {
    expect(startDesired('1', 'once').kind).toBe('pending')
    expect(startDesired('1', 'once', '1').kind).toBe('settled')
    expect(startDesired('2', 'once', '1').kind).toBe('pending')
  })

  it('is not corrected on drift unless asked to', () => {
    const settled: Desired = { kind: 'settled', wanted: '5', observed: '5' }
    expect(onReading(settled, false, 'onChange').kind).toBe('settled')
    expect(onReading(settled, false, 'reassert').kind).toBe('pending')
  })

  it('is compared first, not repeated, when the outcome of a write is unknown', () => {
    const writing: Desired = { kind: 'writing', wanted: '5', observed: '' }
    expect(onWritten(writing, 'unknown', 'onChange').kind).toBe('compare')
    expect(onWritten(writing, 'unknown', 'once').kind).toBe('refused')
  })

  it('keeps the newest wish that came during a write', () => {
    const writing = wish(startWriting({ kind: 'pending', wanted: '5', observed: '' }), '6')
    expect(onWritten(wish(writing, '7'), 'done', 'onChange')).toEqual({
      kind: 'pending',
      wanted: '7',
      observed: '5',
    })
    expect(onWritten(wish(writing, '5'), 'done', 'onChange')).toEqual({
      kind: 'settled',
      wanted: '5',
      observed: '5',
    })
  })

  it('is written at most once per change that the device takes', () => {
    type Step = { wish: string } | { reading: true } | { write: WriteResult }
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ wish: fc.constantFrom('', '1', '2', '3') }),
      fc.constant<Step>({ reading: true }),
      fc.record({
        write: fc.constantFrom<WriteResult>('done', 'refused', 'unknown', 'not started'),
      }),
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom(...policies),
        (steps, policy) => {
          let state: Desired = startDesired('', policy)
          let device = '0'
          let wanted = ''
          let changes = 0
          let done = 0
          for (const one of steps) {
            if ('wish' in one) {
              if (one.wish !== wanted) changes++
              wanted = one.wish
              state = wish(state, one.wish)
            } else if ('reading' in one) {
              if (state.kind !== 'none') state = onReading(state, state.wanted === device, policy)
            } else {
              state = startWriting(state)
              if (state.kind !== 'writing') continue
              expect(state.wanted).not.toBe('')
              if (one.write === 'done') {
                done++
                device = state.wanted
              }
              state = onWritten(state, one.write, policy)
            }
          }
          expect(done).toBeLessThanOrEqual(changes)
        },
      ),
    )
  })
})
