import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

const owners = (count: number) => Array.from({ length: count }, (_, index) => ({ index }))

describe('a fair queue', () => {
  it('gives turns of equal cost in the order in which they were asked for', () => {
    const queue = createFairQueue<number>()
    const all = owners(3)
    all.forEach((owner, index) => queue.push(index, owner, false))
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([0, 1, 2, undefined])
  })

  it('puts urgent work first, and yet lets everything have its turn', () => {
    const queue = createFairQueue<string>()
    const [one = {}, other = {}] = owners(2)
    queue.push('read', one, false)
    for (let write = 0; write < 20; write++) queue.push(`write ${write}`, other, true)
    const order = Array.from({ length: 21 }, () => queue.take())
    expect(order[0]).toBe('write 0')
    expect(order.indexOf('read')).toBe(8)
    expect(new Set(order).size).toBe(21)
  })

  it('shares by what the turns cost, whatever they cost', () => {
    const costs = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(costs, (costs) => {
        const queue = createFairQueue<number>()
        const all = owners(costs.length)
        const used = costs.map(() => 0)
        all.forEach((owner, index) => queue.push(index, owner, false))
        for (let turn = 0; turn < 500; turn++) {
          const index = queue.take() ?? 0
          const [owner, cost] = [all[index] ?? {}, costs[index] ?? 0]
          used[index] = (used[index] ?? 0) + cost
          queue.charge(owner, cost)
          queue.push(index, owner, false)
        }
        // All of them want more all the time, so nobody is ahead by more than one turn.
        expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(Math.max(...costs))
      }),
    )
  })

  it('gives no credit to who was away', () => {
    const queue = createFairQueue<string>()
    const [busy = {}, late = {}] = owners(2)
    for (let turn = 0; turn < 100; turn++) {
      queue.push('busy', busy, false)
      queue.take()
      queue.charge(busy, 10)
    }
    let lates = 0
    for (let turn = 0; turn < 10; turn++) {
      queue.push('late', late, false)
      queue.push('busy', busy, false)
      const next = queue.take()
      queue.charge(next === 'late' ? late : busy, 10)
      if (next === 'late') lates++
      queue.drain()
    }
    expect(lates).toBeLessThanOrEqual(6)
  })

  it('takes only what is admitted, and loses nothing', () => {
    const pushes = fc.array(fc.record({ owner: fc.nat(3), urgent: fc.boolean() }))
    fc.assert(
      fc.property(pushes, fc.nat(3), (pushes, barred) => {
        const queue = createFairQueue<{ id: number; owner: number }>()
        const all = owners(4)
        pushes.forEach(({ owner, urgent }, id) =>
          queue.push({ id, owner }, all[owner] ?? {}, urgent),
        )
        const taken: number[] = []
        for (let item; (item = queue.take(({ owner }) => owner !== barred)) !== undefined;) {
          taken.push(item.id)
          expect(item.owner).not.toBe(barred)
        }
        const left = queue.drain()
        expect(left.every(({ owner }) => owner === barred)).toBe(true)
        expect(taken.length + left.length).toBe(pushes.length)
      }),
    )
  })

  it('gives out what is wanted and keeps the rest in its order', () => {
    const queue = createFairQueue<number>()
    for (let item = 0; item < 6; item++) queue.push(item, {}, false)
    expect(queue.drain((item) => item % 2 === 1)).toEqual([1, 3, 5])
    expect(queue.drain()).toEqual([0, 2, 4])
  })

  it('forgets what is deleted', () => {
    const queue = createFairQueue<string>()
    queue.push('gone', {}, true)
    expect(queue.delete('gone')).toBe(true)
    expect(queue.delete('gone')).toBe(false)
    expect(queue.size).toBe(0)
    expect(queue.take()).toBeUndefined()
  })
})
