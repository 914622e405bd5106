import { expect, test } from 'vitest'
import { silentLogger } from './log.ts'
import type { Outcome, Value } from './outcome.ts'
import type { ResolvedProperty } from './resolve.ts'
import { slotOf } from './slot.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createWatched } from './watched.ts'

function start(...reportMs: number[]) {
  const clock = createManualClock()
  const taken: [string, Value][] = []
  const slots = reportMs.map((each, index) =>
    slotOf({ name: `p${index}`, reportMs: each } as ResolvedProperty),
  )
  let news = 0
  const watched = createWatched({
    ...{ slots, clock, logger: silentLogger, reads: () => 0 },
    take: ({ name }, outcome: Outcome<Value>) => {
      if (outcome.ok) taken.push([name, outcome.value])
    },
    onHeard: () => undefined,
    onToRead: () => undefined,
    onNews: () => void news++,
  })
  const watch = watched.begin()
  const tell = (value: Value, index = 0) => watch.changed(index, { ok: true, value })
  const tick = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { clock, taken, watched, watch, tell, tick, news: () => news }
}

test('a change after a while is worked off at once, those that follow closely together', async () => {
  const { clock, taken, tell, tick, news } = start(1_000)
  tell(1)
  await tick()
  expect(taken).toEqual([['p0', 1]])
  for (const value of [2, 3, 4]) {
    tell(value)
    await tick()
    await clock.advance(50)
  }
  expect(taken).toHaveLength(1)
  await clock.advance(100)
  expect(taken).toEqual([
    ['p0', 1],
    ['p0', 4],
  ])
  expect(news()).toBe(2)
  await clock.advance(1_000)
  tell(5)
  await tick()
  expect(taken.at(-1)).toEqual(['p0', 5])
})

test('nothing is held longer than the property that may be reported soonest', async () => {
  const { clock, taken, tell, tick } = start(1_000, 20)
  tell(1)
  await tick()
  tell(2)
  await tick()
  await clock.advance(20)
  expect(taken.at(-1)).toEqual(['p0', 2])
  const each = start(1_000, 0)
  each.tell(1)
  await each.tick()
  each.tell(2)
  await each.tick()
  expect(each.taken.at(-1)).toEqual(['p0', 2])
})

test('an interruption is told at once, with what was held; the end takes what was held, and no timer stays', async () => {
  const { clock, taken, watch, watched, tell, tick, news } = start(1_000)
  tell(1)
  await tick()
  tell(2)
  await tick()
  watch.interrupted()
  await tick()
  expect(taken.at(-1)).toEqual(['p0', 2])
  expect(news()).toBe(2)
  tell(3)
  await tick()
  watched.end()
  expect(taken.at(-1)).toEqual(['p0', 3])
  await clock.advance(1_000)
  expect(news()).toBe(2)
  expect(clock.pending).toBe(0)
})
