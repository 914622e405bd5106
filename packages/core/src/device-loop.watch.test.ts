import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceOf, id, loopRig, property, scriptedConnection } from './device-loop.suite.ts'
import type { Connection, Outcome, Value } from './driver.ts'
import { MapperError } from './errors.ts'

const good = (value: Value, at?: number): Outcome<Value> => ({
  ok: true,
  value,
  ...(at !== undefined && { at }),
})

function watched(names: readonly string[], values = new Map<string, Outcome<Value>>()) {
  const scripted = scriptedConnection(values)
  const properties = names.map((name) => property(name))
  const one = loopRig(properties, () => scripted.connection)
  const watch = () => {
    const last = scripted.watches.at(-1)
    if (last === undefined) throw new Error('nothing is watched')
    return last.watch
  }
  const wish = (name: string, desired: string) =>
    one.loop.update(
      deviceOf(properties.map((each) => (each.name === name ? { ...each, desired } : each))),
      false,
    )
  return Object.assign(one, { scripted, values, watch, wish })
}

describe('a burst of changes', () => {
  it('of 10 000 in one tick is worked off at once, with one wake', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `p${index}`)
    const one = watched(names)
    await one.clock.settle()
    const before = one.wakes
    const watch = one.watch()
    for (let round = 1; round <= 2; round++) {
      names.forEach((_, index) => watch.changed(index, good(round * index)))
    }
    expect(one.wakes).toBe(before)
    await one.clock.settle()
    expect(one.wakes).toBe(before + 1)
    const texts = new Map(one.outbox.twins(id).map((twin) => [twin.property, twin.text.reported]))
    names.forEach((name, index) => expect(texts.get(name)).toBe(String(2 * index)))
    await one.loop.stop()
    expect(one.clock.pending).toBe(0)
  })

  it('counts up to the very moment of the loss, or of the stop', async () => {
    const one = watched(['a', 'b'])
    await one.clock.settle()
    one.watch().changed(0, good(1))
    one.loop.update(deviceOf([property('a')]), false)
    expect(one.text('a')).toBe('1')
    await one.clock.settle()
    expect([...one.loop.readings.keys()]).toEqual(['a'])
    one.watch().changed(0, good(2))
    await one.loop.stop()
    expect(one.text('a')).toBe('2')
  })

  it('with outcomes that are none costs a reading, not the process', async () => {
    const one = watched(['a', 'b'])
    await one.clock.settle()
    one.watch().changed(0, null as unknown as Outcome<Value>)
    one.watch().changed(1, { ok: false, error: new Error('plain') as MapperError })
    await one.clock.settle()
    expect([...one.loop.readings.values()].map(({ error, text }) => [error?.code, text])).toEqual([
      ['internal', '0'],
      ['internal', '0'],
    ])
    one.watch().changed(0, good(4))
    one.watch().changed(1, good(5))
    await one.clock.advance(3_000)
    expect([one.text('a'), one.text('b'), one.loop.state]).toEqual(['4', '5', 'ok'])
    await one.loop.stop()
  })
})

describe('what cannot be watched', () => {
  it('is read with the same array as long as it is the same', async () => {
    const one = watched(['a', 'b', 'c'])
    await one.clock.settle()
    one.watch().readInstead([2])
    one.watch().readInstead([0, 2])
    await one.clock.advance(5_000)
    const { reads } = one.scripted
    expect(new Set(reads).size).toBe(1)
    expect([reads[0], reads.length >= 5]).toEqual([['a', 'c'], true])
    // While a watched one is doubtful it is read as well; then the old plan serves again.
    one.wish('b', '7')
    await one.clock.advance(1_000)
    expect(reads.at(-1)).toEqual(['a', 'b', 'c'])
    one.watch().changed(1, good(7))
    await one.clock.advance(2_000)
    expect(reads.at(-1)).toBe(reads[0])
    await one.loop.stop()
    expect(one.clock.pending).toBe(0)
  })
})

describe('a connection that is lost by a read', () => {
  it('is lost for the watches too, at once, though the driver does not end them', async () => {
    const one = watched(['a', 'b'])
    await one.clock.settle()
    const { connection, watches } = one.scripted
    const { read } = connection
    connection.read = async () => {
      throw new MapperError('unreachable', 'gone')
    }
    one.watch().readInstead([1])
    await one.clock.settle()
    expect(watches.map(({ signal }) => signal.aborted)).toEqual([true])
    expect(one.loop.linkError?.code).toBe('unreachable')
    connection.read = read
    await one.clock.advance(1_000)
    expect(watches.map(({ signal }) => signal.aborted)).toEqual([true, false])
    one.watch().changed(0, good(5))
    await one.clock.settle()
    expect([one.text('a'), one.loop.linkError]).toEqual(['5', undefined])
    await one.loop.stop()
  })

  it('is watched anew at once, although a call that was under way came to a good end', async () => {
    const scripted = scriptedConnection(new Map())
    let fail: (error: MapperError) => void = () => undefined
    let answer: () => void = () => undefined
    const { read, subscribe } = scripted.connection
    scripted.connection.subscribe = (protocol, visitors, watch, signal, everyMs) =>
      Promise.race([
        subscribe?.(protocol, visitors, watch, signal, everyMs),
        new Promise<void>((_, reject) => (fail = reject)),
      ])
    scripted.connection.read = async (...all) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return read(...all)
    }
    const slow = { collectMs: 3_600_000 }
    const one = loopRig([property('a', slow), property('b', slow)], () => scripted.connection)
    await one.clock.settle()
    scripted.watches[0]?.watch.readInstead([1])
    await one.clock.settle()
    fail(new MapperError('unreachable', 'gone'))
    await one.clock.settle()
    expect(one.loop.linkError?.code).toBe('unreachable')
    answer()
    await one.clock.settle()
    expect(one.loop.linkError).toBe(undefined)
    await one.clock.advance(1_000)
    expect(scripted.watches).toHaveLength(2)
    await one.loop.stop()
  })
})

describe('a write of a watched property', () => {
  const settings = { clockMs: 1_700_000_000_000 }

  it('is not undone by a read that began before the watch spoke', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    one.wish('a', '7')
    await one.clock.settle()
    const { connection } = one.scripted
    const { read } = connection
    let answer: () => void = () => undefined
    connection.read = async (...all) => {
      const outcomes = await read(...all)
      await new Promise<void>((resolve) => (answer = resolve))
      return outcomes
    }
    await one.clock.advance(1_000)
    one.watch().changed(0, good(8))
    await one.clock.settle()
    answer()
    await one.clock.advance(5_000)
    expect([one.text('a'), one.scripted.reads.length]).toEqual(['8', 1])
    await one.loop.stop()
  })

  it('is confirmed by the watch, and by no read of a cycle', async () => {
    const one = watched(['a', 'b'])
    await one.clock.settle()
    one.wish('a', '7')
    await one.clock.settle()
    one.watch().changed(0, good(7))
    await one.clock.advance(10_000)
    expect([one.text('a'), one.scripted.reads.length]).toEqual(['7', 0])
    await one.loop.stop()
  })

  it('is not believed for ever: the device took it back before the watch looked again', async () => {
    const one = watched(['a', 'b'])
    await one.clock.settle()
    one.wish('a', '7')
    await one.clock.settle()
    expect(one.text('a')).toBe('7')
    one.values.set('a', good(0))
    await one.clock.advance(1_000)
    expect([one.text('a'), one.scripted.reads]).toEqual(['0', [['a']]])
    await one.clock.advance(10_000)
    expect(one.scripted.reads).toHaveLength(1)
    await one.loop.stop()
  })

  it('is read until the watch agrees, whatever happens in between', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    one.wish('a', '7')
    await one.clock.advance(3_000)
    expect(one.scripted.reads).toHaveLength(3)
    one.watch().changed(0, good(7))
    await one.clock.advance(3_000)
    expect(one.scripted.reads).toHaveLength(3)
    await one.loop.stop()
  })

  it('may be overtaken by somebody else: the later of the two counts, by the clock of the device', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    const { clockMs } = settings
    one.scripted.whileWriting(async () => {
      one.values.set('a', good(7, clockMs))
      one.watch().changed(0, good(9, clockMs + 1))
    })
    one.wish('a', '7')
    await one.clock.settle()
    expect(one.text('a')).toBe('9')
    one.values.set('a', good(9, clockMs + 1))
    await one.clock.advance(5_000)
    expect([one.text('a'), one.scripted.reads.length]).toEqual(['9', 1])
    await one.loop.stop()
  })

  it('counts for more than what the watch said before, whatever time that bears', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    const { clockMs } = settings
    one.watch().changed(0, good(3, clockMs + 60_000))
    await one.clock.settle()
    one.scripted.whileWriting(() => void one.values.set('a', good(7, clockMs)))
    one.wish('a', '7')
    await one.clock.settle()
    expect(one.text('a')).toBe('7')
    await one.loop.stop()
  })

  it('is not undone by news of the time before, during or after it', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    const { clockMs } = settings
    one.scripted.whileWriting(async () => {
      one.values.set('a', good(7, clockMs))
      one.watch().changed(0, good(3, clockMs - 1))
    })
    one.wish('a', '7')
    await one.clock.settle()
    expect(one.text('a')).toBe('7')
    one.watch().changed(0, good(4, clockMs - 1))
    await one.clock.settle()
    expect(one.text('a')).toBe('7')
    await one.clock.advance(2_000)
    expect(one.text('a')).toBe('7')
    // A clock that was set back may look older; the reads of the cycles heal that.
    one.values.set('a', good(5, clockMs - 100))
    one.watch().changed(0, good(5, clockMs - 100))
    await one.clock.advance(1_000)
    expect(one.text('a')).toBe('5')
    await one.clock.advance(1_000)
    const reads = one.scripted.reads.length
    await one.clock.advance(5_000)
    expect(one.scripted.reads).toHaveLength(reads)
    await one.loop.stop()
  })

  it('of unknown fate is decided by a read, although the watch has nothing to say', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    const { write } = one.scripted.connection
    let refusals = 2
    one.scripted.connection.write = async (protocol, writes, signal) => {
      if (refusals-- <= 0) return write(protocol, writes, signal)
      return writes.map(() => ({ ok: false, error: new MapperError('timeout', 'no answer') }))
    }
    one.wish('a', '7')
    await one.clock.advance(5_000)
    expect([refusals, one.values.get('a')]).toEqual([-1, good(7)])
    await one.loop.stop()
  })

  it('by request answers what the device reads', async () => {
    const one = watched(['a'])
    await one.clock.settle()
    expect(await one.loop.write('a', '7')).toBe('7')
    one.values.set('a', good(0))
    await one.clock.advance(1_000)
    expect(one.text('a')).toBe('0')
    await one.loop.stop()
  })
})

describe('whatever happens', () => {
  interface Step {
    readonly wait: number
    readonly what: 'set' | 'write' | 'pulse' | 'lose' | 'interrupt' | 'update' | 'end' | 'read'
    readonly which: number
    readonly value: number
  }
  const steps = fc.array(
    fc.record<Step>({
      wait: fc.integer({ min: 0, max: 700 }),
      what: fc.constantFrom(
        ...([
          'set',
          'set',
          'write',
          'write',
          'pulse',
          'lose',
          'interrupt',
          'update',
          'end',
        ] as const),
        'read',
      ),
      which: fc.nat(2),
      value: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 12 },
  )
  const world = fc.record({
    steps,
    /** How long a call takes to the device and back, and news from it. */
    there: fc.integer({ min: 0, max: 200 }),
    back: fc.integer({ min: 0, max: 200 }),
    news: fc.integer({ min: 0, max: 300 }),
    sampleMs: fc.integer({ min: 50, max: 400 }),
    hasTime: fc.boolean(),
  })

  it('the cloud comes to show what the device has', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ steps: script, there, back, news, sampleMs, hasTime }) => {
        const names = ['a', 'b', 'c']
        const values = new Map(names.map((name) => [name, good(0, hasTime ? 1 : undefined)]))
        const set = (name: string, value: Value) =>
          values.set(name, good(value, hasTime ? one.clock.now() : undefined))
        const wait = (ms: number) => new Promise<void>((resolve) => one.clock.after(ms, resolve))
        const valueOf = (name: unknown) => values.get(String(name)) ?? good(0)
        let live = 0
        let hands: ((what: 'lose' | 'interrupt' | 'end' | 'read', which: number) => void)[] = []
        const connect = (): Connection => ({
          writesOvertake: true,
          async read(_protocol, visitors) {
            await wait(there)
            const outcomes = visitors.map(valueOf)
            await wait(back)
            return outcomes
          },
          async write(_protocol, writes) {
            await wait(there)
            for (const { visitor, value } of writes) set(String(visitor), value)
            await wait(back)
            return writes.map(() => ({ ok: true, value: undefined }))
          },
          subscribe: (_protocol, visitors, watch, signal) =>
            new Promise((resolve, reject) => {
              live++
              const seen: (Value | undefined)[] = visitors.map(() => undefined)
              const watches = visitors.map(() => true)
              let isOver = false
              const over = (error?: MapperError) => {
                if (isOver) return
                isOver = true
                live--
                hands = hands.filter((one) => one !== hand)
                if (error === undefined) resolve()
                else reject(error)
              }
              const hand: (typeof hands)[number] = (what, which) => {
                if (what === 'lose') over(new MapperError('unreachable', 'lost'))
                if (what === 'end') over()
                if (what === 'interrupt') {
                  watch.interrupted(new MapperError('unreachable', 'away'))
                  one.clock.after(news, () => watch.interrupted())
                }
                if (what === 'read' && which < watches.length) {
                  watches[which] = false
                  watch.readInstead([which])
                }
              }
              hands.push(hand)
              signal.addEventListener('abort', () => over(), { once: true })
              const look = () => {
                if (isOver) return
                visitors.forEach((visitor, index) => {
                  const outcome = valueOf(visitor)
                  if (!watches[index] || !outcome.ok || outcome.value === seen[index]) return
                  seen[index] = outcome.value
                  // Also after the end: a driver whose last words come late.
                  one.clock.after(news, () => watch.changed(index, outcome))
                })
                one.clock.after(sampleMs, look)
              }
              look()
            }),
          close: async () => undefined,
        })
        let properties = names.map((name) => property(name))
        const one = loopRig(properties, connect)
        for (const { wait: ms, what, which, value } of script) {
          await one.clock.advance(ms)
          const name = names[which] ?? 'a'
          if (what === 'set') set(name, value)
          else if (what === 'write' || what === 'pulse') {
            properties = properties.map((each) =>
              each.name === name ? { ...each, desired: String(value) } : each,
            )
            one.loop.update(deviceOf(properties), false)
            // A device that takes its word back as soon as it was read back, before the watch looks.
            if (what === 'pulse') one.clock.after(2 * there + back + 1, () => set(name, 0))
          } else if (what === 'update') {
            properties = properties.map((each) => ({
              ...each,
              collectMs: each.name === name ? 500 * value : each.collectMs,
            }))
            one.loop.update(deviceOf(properties), false)
          } else for (const hand of hands) hand(what, which)
        }
        await one.clock.advance(15_000)
        const shown = names.map((name) => one.text(name))
        const true_ = names.map((name) => {
          const outcome = valueOf(name)
          return outcome.ok ? String(outcome.value) : ''
        })
        expect(shown).toEqual(true_)
        expect(one.loop.state).toBe('ok')
        await one.loop.stop()
        await one.clock.advance(2_000)
        expect([live, one.clock.pending, one.pool.size]).toEqual([0, 0, 0])
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
