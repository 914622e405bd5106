import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOutbox, type Dispatch, type Outbox, type TwinOptions } from './outbox.ts'

const normal: TwinOptions = { urgent: false, changed: true, reportMs: 0 }
const text = (reported: string, observedDesired = '') => ({ reported, observedDesired })

const tell = (outbox: Outbox, now: number, room = 1_000): Dispatch | undefined => {
  const dispatch = outbox.next(now, room)
  if (dispatch !== undefined) outbox.told(dispatch, now)
  return dispatch
}
const names = (dispatch: Dispatch | undefined) =>
  dispatch?.kind === 'twins' ? dispatch.twins.map(({ property }) => property) : dispatch?.kind

describe('the outbox', () => {
  it('hands over all dirty twins of a device in one call, marked as first', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    outbox.twin('n/d', 'a', text('1'), 0, normal)
    outbox.twin('n/d', 'b', text('2'), 1, normal)
    expect(outbox.next(1, 100)).toEqual({
      kind: 'twins',
      device: 'n/d',
      urgent: false,
      twins: [
        { property: 'a', reported: '1', observedDesired: '', first: true },
        { property: 'b', reported: '2', observedDesired: '', first: true },
      ],
    })
    tell(outbox, 1)
    expect(outbox.next(2, 100)).toBeUndefined()
    expect(outbox.size).toEqual({ twins: 2, waiting: 0 })
  })

  it('keeps only the latest text, and forgets a change that went back', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    outbox.twin('n/d', 'a', text('1'), 0, normal)
    tell(outbox, 0)
    outbox.twin('n/d', 'a', text('2'), 1, normal)
    outbox.twin('n/d', 'a', text('1'), 2, normal)
    expect(outbox.next(3, 100)).toBeUndefined()
  })

  it('spends in order: desired outcome, state, oldest change, refresh', () => {
    const outbox = createOutbox({ refreshMs: 1_000 })
    outbox.twin('n/old', 'r', text('1'), 0, normal)
    tell(outbox, 0)
    outbox.twin('n/late', 'c', text('1'), 30, normal)
    outbox.twin('n/early', 'c', text('1'), 20, normal)
    outbox.state('n/early', 'ok', 40)
    outbox.twin('n/late', 'w', text('5', '5'), 50, { ...normal, urgent: true })
    const order = Array.from({ length: 5 }, () => tell(outbox, 2_000)).map((one) => [
      one?.device,
      names(one),
    ])
    expect(order[0]).toEqual(['n/late', ['w', 'c']])
    expect(order[1]).toEqual(['n/early', 'state'])
    expect(order[2]).toEqual(['n/early', ['c']])
    expect(order[3]).toEqual(['n/old', ['r']])
    expect(order[4]).toEqual([undefined, undefined])
  })

  it('honours the report cycle for changes, not for desired outcomes', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    const slow = { ...normal, reportMs: 5_000 }
    outbox.twin('n/d', 'a', text('1'), 0, slow)
    tell(outbox, 0)
    outbox.twin('n/d', 'a', text('2'), 1_000, slow)
    expect(outbox.next(4_999, 10)).toBeUndefined()
    expect(outbox.nextAt(1_000)).toBe(5_000)
    expect(names(outbox.next(5_000, 10))).toEqual(['a'])
    outbox.twin('n/d', 'a', text('2', '2'), 1_500, { ...slow, urgent: true })
    expect(names(outbox.next(1_500, 10))).toEqual(['a'])
  })

  it('tells an unchanged twin again after the refresh time, its neighbours along with it', () => {
    const outbox = createOutbox({ refreshMs: 10_000 })
    outbox.twin('n/d', 'a', text('1'), 0, normal)
    tell(outbox, 0)
    outbox.twin('n/d', 'b', text('1'), 500, normal)
    tell(outbox, 500)
    expect(outbox.nextAt(600)).toBe(10_000)
    expect(names(outbox.next(9_999, 10))).toBeUndefined()
    expect(names(tell(outbox, 10_000))).toEqual(['a', 'b'])
  })

  it('keeps a twin waiting whose text changed while the call was under way', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    outbox.twin('n/d', 'a', text('1'), 0, normal)
    const dispatch = outbox.next(0, 10)
    outbox.twin('n/d', 'a', text('2'), 1, normal)
    if (dispatch !== undefined) outbox.told(dispatch, 2)
    expect(outbox.next(3, 10)).toMatchObject({ twins: [{ reported: '2', first: false }] })
  })

  it('splits a big device to the room there is, a first report counting twice', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    for (let i = 0; i < 10; i++) outbox.twin('n/d', `p${i}`, text('1'), i, normal)
    expect(names(tell(outbox, 10, 6))).toEqual(['p0', 'p1', 'p2'])
    expect(names(tell(outbox, 10, 6))).toEqual(['p3', 'p4', 'p5'])
  })

  it('lets a refused device wait and the others go on', () => {
    const outbox = createOutbox({ refreshMs: 60_000 })
    outbox.twin('n/a', 'p', text('1'), 0, normal)
    outbox.twin('n/b', 'p', text('1'), 1, normal)
    const first = outbox.next(1, 10)
    if (first !== undefined) outbox.refused(first, 100)
    expect(outbox.next(2, 10)?.device).toBe('n/b')
    tell(outbox, 2)
    expect(outbox.next(3, 10)).toBeUndefined()
    expect(outbox.nextAt(3)).toBe(100)
    expect(outbox.next(100, 10)?.device).toBe('n/a')
  })

  it('ends with the cloud knowing the last text of every twin, in any interleaving', () => {
    const step = fc.oneof(
      fc.record({
        device: fc.constantFrom('n/a', 'n/b'),
        property: fc.constantFrom('p', 'q', 'r'),
        value: fc.nat(4),
      }),
      fc.record({ room: fc.integer({ min: 1, max: 5 }), lost: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = createOutbox({ refreshMs: 1e9 })
        const wanted = new Map<string, string>()
        const cloud = new Map<string, string>()
        let now = 0
        const send = (room: number, lost: boolean) => {
          const dispatch = outbox.next(now, room)
          if (dispatch?.kind !== 'twins') return dispatch !== undefined
          if (lost) return true
          for (const twin of dispatch.twins)
            cloud.set(`${dispatch.device}/${twin.property}`, twin.reported)
          outbox.told(dispatch, now)
          return dispatch.twins.length > 0
        }
        for (const one of steps) {
          now++
          if ('room' in one) send(one.room, one.lost)
          else {
            wanted.set(`${one.device}/${one.property}`, String(one.value))
            outbox.twin(one.device, one.property, text(String(one.value)), now, normal)
          }
        }
        for (let i = 0; i < 20 && send(1_000, false); i++) now++
        expect(cloud).toEqual(wanted)
        expect(outbox.size.waiting).toBe(0)
        expect(outbox.size.twins).toBe(wanted.size)
      }),
    )
  })
})
