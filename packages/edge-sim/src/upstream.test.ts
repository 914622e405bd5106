import { createManualClock } from '@mapper-sdk/core/testing'
import { expect, test } from 'vitest'
import { createUpstream } from './upstream.ts'

test('60 messages pass at once, the rest at 30 a second, in order', async () => {
  const clock = createManualClock()
  const upstream = createUpstream({ perSecond: 30, burst: 60 }, clock)
  const arrived: number[] = []
  for (let index = 0; index < 150; index++) upstream.push(() => arrived.push(index))
  expect(arrived).toHaveLength(0)
  await clock.advance(0)
  expect(arrived).toHaveLength(60)
  await clock.advance(1000)
  expect(arrived).toHaveLength(90)
  await clock.advance(2000)
  expect(arrived).toEqual(Array.from({ length: 150 }, (_, index) => index))
  expect(upstream.pending()).toBe(0)
})

test('2000 twins take as long as they do on a real node', async () => {
  const clock = createManualClock()
  const upstream = createUpstream({ perSecond: 30, burst: 60 }, clock)
  for (let index = 0; index < 2000; index++) upstream.push(() => undefined)
  await clock.advance(64_000)
  expect(upstream.pending()).toBeGreaterThan(0)
  await clock.advance(1000)
  expect(upstream.pending()).toBe(0)
})

test('what still waits at the end is lost and counted', async () => {
  const clock = createManualClock()
  const upstream = createUpstream({ perSecond: 30, burst: 1 }, clock)
  let arrived = 0
  for (let index = 0; index < 10; index++) upstream.push(() => arrived++)
  await clock.advance(0)
  expect(upstream.stop()).toBe(9)
  await clock.advance(10_000)
  expect(arrived).toBe(1)
})

test('the queue is bounded', () => {
  const upstream = createUpstream({ perSecond: 30, burst: 60 }, createManualClock())
  let taken = 0
  while (taken <= 100_000 && upstream.push(() => undefined)) taken++
  expect(taken).toBe(100_000)
  expect(upstream.push(() => undefined)).toBe(false)
})
