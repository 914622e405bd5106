import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('never more at once than there are places, in their order, and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('works', 'fails', 'given up'), { maxLength: 20 }),
      fc.scheduler(),
      async (places, kinds, scheduler) => {
        const gate = createGate(places)
        const started: number[] = []
        let running = 0
        const calls = kinds.map(async (kind, i) => {
          const stop = new AbortController()
          const call = gate(async () => {
            started.push(i)
            expect(++running).toBeLessThanOrEqual(places)
            await scheduler.schedule(Promise.resolve())
            running--
            if (kind === 'fails') throw new Error('failed')
            return i
          }, stop.signal)
          if (kind === 'given up') stop.abort(new Error('given up'))
          return call.then(
            () => 'done',
            (error: Error) => error.message,
          )
        })
        const ends = await scheduler.waitFor(Promise.all(calls))
        expect(started).toEqual([...started].sort((a, b) => a - b))
        for (const [i, kind] of kinds.entries()) {
          if (kind === 'works') expect(ends[i]).toBe('done')
          if (kind === 'fails') expect(ends[i]).toBe('failed')
          // Given up before its turn it never starts.
          if (kind === 'given up') expect(started.includes(i)).toBe(ends[i] === 'done')
        }
        const after = await gate(async () => 'free', new AbortController().signal)
        expect(after).toBe('free')
      },
    ),
  )
})
