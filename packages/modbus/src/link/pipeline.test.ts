import { MapperError } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { readOf } from './pdu.ts'
import { pipeline, type PipelineOptions } from './pipeline.ts'

const never = new AbortController().signal
const yes = { ok: true, data: new Uint8Array(2) } as const

/** A pipeline whose frames go nowhere. */
function offline(more: Partial<PipelineOptions> = {}) {
  const sent: [id: number, address: number][] = []
  const settled: [id: number, code: string | undefined][] = []
  let lastId = 0
  const calls = pipeline({
    where: 'nowhere',
    depth: 2,
    takeId: () => ++lastId,
    send: ({ address }, id) => sent.push([id, address]),
    overdue: () => new MapperError('timeout', 'overdue'),
    onSettled: (id, unanswered) => settled.push([id, unanswered?.code]),
    ...more,
  })
  const ask = (address: number, timeoutMs = 60_000, signal = never) =>
    calls.transact(readOf(1, 3, address, 1), { timeoutMs, signal }).then(
      () => address,
      (error: unknown) => (error instanceof MapperError ? error.code : error),
    )
  return { calls, ask, sent, settled }
}

describe('calls in a pipeline', () => {
  it('are sent in order, as many at once as there is room for', async () => {
    const { calls, ask, sent, settled } = offline()
    const all = [10, 11, 12, 13].map((address) => ask(address))
    expect(sent).toEqual([
      [1, 10],
      [2, 11],
    ])
    calls.settle(2, yes)
    expect(sent).toHaveLength(2)
    calls.pump()
    expect(sent.at(-1)).toEqual([3, 12])
    // An id that is over, or never was, changes nothing.
    calls.settle(2, yes)
    calls.settle(99, yes)
    for (const id of [1, 3]) calls.settle(id, yes)
    calls.pump()
    calls.settle(4, yes)
    expect(await Promise.all(all)).toEqual([10, 11, 12, 13])
    expect(settled).toEqual([2, 1, 3, 4].map((id) => [id, undefined]))
  })

  it('wait while there is no id, and keep their order', async () => {
    let isFree = false
    let id = 0
    const { calls, ask, sent } = offline({ takeId: () => (isFree ? ++id : undefined) })
    const stop = new AbortController()
    const all = [ask(10), ask(11, 60_000, stop.signal), ask(12)]
    expect(sent).toEqual([])
    stop.abort()
    expect(await all[1]).toBe('canceled')
    isFree = true
    calls.pump()
    expect(sent).toEqual([
      [1, 10],
      [2, 12],
    ])
    calls.fail(new MapperError('canceled', 'enough'))
    expect(await Promise.all([all[0], all[2]])).toEqual(['canceled', 'canceled'])
  })

  it('are as many at once as was said last', async () => {
    const { calls, ask, sent } = offline({ depth: 99 })
    expect(calls.depth).toBe(16)
    calls.setDepth(0)
    expect(calls.depth).toBe(1)
    const all = [10, 11, 12, 13].map((address) => ask(address))
    expect(sent).toHaveLength(1)
    calls.setDepth(3)
    expect(sent).toHaveLength(3)
    calls.setDepth(1)
    calls.settle(1, yes)
    calls.settle(2, yes)
    calls.pump()
    expect(sent).toHaveLength(3)
    calls.settle(3, yes)
    calls.pump()
    calls.settle(4, yes)
    expect(await Promise.all(all)).toEqual([10, 11, 12, 13])
  })

  it('are overdue one by one, also where a later one has less time', async () => {
    const { calls, ask, settled } = offline()
    const [slow, quick] = [ask(10, 40), ask(11, 10)]
    expect(await Promise.race([slow.then(() => 'slow'), quick.then(() => 'quick')])).toBe('quick')
    expect(await Promise.all([slow, quick])).toEqual(['timeout', 'timeout'])
    expect(settled).toEqual([
      [2, 'timeout'],
      [1, 'timeout'],
    ])
    expect(calls.inFlight.size).toBe(0)
  })

  it('all end with the first reason of a failure', async () => {
    const { calls, ask, sent } = offline()
    const all = [10, 11, 12].map((address) => ask(address))
    calls.fail(new MapperError('unreachable', 'gone'))
    calls.fail(new MapperError('canceled', 'closed'))
    calls.pump()
    expect(await Promise.all(all)).toEqual(['unreachable', 'unreachable', 'unreachable'])
    expect(calls.failed?.code).toBe('unreachable')
    expect(sent).toHaveLength(2)
  })
})
