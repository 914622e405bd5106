import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MapperError } from '../errors.ts'
import { shareWire } from './shared-wire.ts'
import type { Wire } from './wire.ts'

/** A wire that keeps what was written and says what it is told. */
function fakeWire() {
  let hear: (bytes: Buffer) => void = () => undefined
  let lose: (reason: MapperError) => void = () => undefined
  const written: string[] = []
  let closed = 0
  const wire: Wire = {
    name: 'test',
    characterMs: 1,
    write: async (bytes) => void written.push(Buffer.from(bytes).toString()),
    discardInput: async () => undefined,
    listen(onBytes, onLost) {
      hear = onBytes
      lose = onLost
    },
    close: async () => void closed++,
  }
  const events = { lost: 0, unused: 0 }
  const shared = shareWire(wire, {
    onLost: () => void events.lost++,
    onUnused: () => void events.unused++,
  })
  return {
    shared,
    written,
    events,
    say: (text: string) => hear(Buffer.from(text)),
    lose: () => lose(new MapperError('unreachable', 'unplugged')),
    get closed() {
      return closed
    },
  }
}

const never = new AbortController().signal
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (thrown: unknown) => (thrown instanceof MapperError ? thrown.code : 'foreign'),
  )

describe('a shared wire', () => {
  it('gives one share the turn at a time, urgent ones first', async () => {
    const { shared } = fakeWire()
    const [a, b, c] = [shared.share(), shared.share(), shared.share()]
    const order: string[] = []
    const turn = (name: string) => async () => {
      order.push(`${name} begins`)
      await settle()
      order.push(`${name} ends`)
    }
    await Promise.all([
      a.turn(turn('a'), { signal: never }),
      b.turn(turn('b'), { signal: never }),
      c.turn(turn('c'), { urgent: true, signal: never }),
    ])
    expect(order).toEqual(['a begins', 'a ends', 'c begins', 'c ends', 'b begins', 'b ends'])
  })

  it('lets nobody write out of turn', async () => {
    const { shared, written } = fakeWire()
    const [a, b] = [shared.share(), shared.share()]
    expect(await codeOf(a.write(Buffer.from('early')))).toBe('internal')
    await a.turn(
      async () => {
        expect(await codeOf(b.write(Buffer.from('foreign')))).toBe('internal')
        expect(await codeOf(b.discardInput())).toBe('internal')
        await a.write(Buffer.from('own'))
      },
      { signal: never },
    )
    expect(written).toEqual(['own'])
  })

  it('gives bytes to whose turn it is, and late ones to whose it was', async () => {
    const { shared, say } = fakeWire()
    const heard = { a: '', b: '' }
    const [a, b] = [shared.share(), shared.share()]
    a.listen(
      (bytes) => (heard.a += bytes.toString()),
      () => undefined,
    )
    b.listen(
      (bytes) => (heard.b += bytes.toString()),
      () => undefined,
    )
    say('nobody')
    await a.turn(async () => say('1'), { signal: never })
    say('2')
    await b.turn(async () => say('3'), { signal: never })
    say('4')
    expect(heard).toEqual({ a: '12', b: '34' })
    expect(a.lastByteAt).toBe(b.lastByteAt)
    expect(a.lastByteAt).toBeGreaterThan(0)
  })

  it('lets those hear who want to what nobody asked for, and tells them what they missed', async () => {
    const { shared, say } = fakeWire()
    const [asking, hearing] = [shared.share(), shared.share()]
    const heard: string[] = []
    hearing.listen(
      (bytes) => heard.push(bytes.toString()),
      () => undefined,
      () => heard.push('missed'),
    )
    say('1')
    await asking.turn(async () => say('2'), { signal: never })
    say('3')
    await hearing.turn(async () => say('4'), { signal: never })
    say('5')
    expect(heard).toEqual(['1', 'missed', '3', '4', '5'])
  })

  it('passes a failure on and goes on with the next', async () => {
    const { shared } = fakeWire()
    const [a, b] = [shared.share(), shared.share()]
    const failing = a.turn(
      async () => {
        throw new MapperError('timeout', 'silent')
      },
      { signal: never },
    )
    const next = b.turn(async () => 'fine', { signal: never })
    expect(await codeOf(failing)).toBe('timeout')
    expect(await next).toBe('fine')
  })

  it('forgets who no longer wants a turn', async () => {
    const { shared } = fakeWire()
    const [a, b, c] = [shared.share(), shared.share(), shared.share()]
    const stop = new AbortController()
    let ran = false
    const first = a.turn(settle, { signal: never })
    const second = b.turn(async () => void (ran = true), { signal: stop.signal })
    const third = c.turn(async () => 'third', { signal: never })
    stop.abort()
    expect(await codeOf(second)).toBe('canceled')
    expect(await codeOf(b.turn(settle, { signal: stop.signal }))).toBe('canceled')
    await first
    expect(await third).toBe('third')
    expect(ran).toBe(false)
  })

  it('tells everybody when the wire is lost', async () => {
    const { shared, lose, events } = fakeWire()
    const [a, b] = [shared.share(), shared.share()]
    const told: string[] = []
    a.listen(
      () => undefined,
      ({ code }) => told.push(`a ${code}`),
    )
    const held = a.turn(() => new Promise<void>(() => undefined), { signal: never })
    const waiting = b.turn(settle, { signal: never })
    void held
    lose()
    expect(await codeOf(waiting)).toBe('unreachable')
    expect(await codeOf(b.turn(settle, { signal: never }))).toBe('unreachable')
    b.listen(
      () => undefined,
      ({ code }) => told.push(`b ${code}`),
    )
    expect(told).toEqual(['a unreachable', 'b unreachable'])
    expect(events).toEqual({ lost: 1, unused: 0 })
  })

  it('closes with its last share', async () => {
    const one = fakeWire()
    const [a, b] = [one.shared.share(), one.shared.share()]
    await a.close()
    await a.close()
    expect(one.closed).toBe(0)
    await b.close()
    expect([one.closed, one.events.unused]).toEqual([1, 1])
  })

  it('is dropped for all when one of them says so', async () => {
    const one = fakeWire()
    const [a, b] = [one.shared.share(), one.shared.share()]
    const told: string[] = []
    b.listen(
      () => undefined,
      ({ code }) => told.push(code),
    )
    const waiting = a.turn(
      async () => {
        const behind = codeOf(b.turn(settle, { signal: never }))
        a.drop(new MapperError('bad_data', 'nonsense'))
        a.drop(new MapperError('timeout', 'too late to be the reason'))
        return behind
      },
      { signal: never },
    )
    expect(await waiting).toBe('bad_data')
    expect(told).toEqual(['bad_data'])
    expect([a.lost?.code, b.lost?.code, one.shared.lost?.code]).toEqual(Array(3).fill('bad_data'))
    expect(await codeOf(b.turn(settle, { signal: never }))).toBe('bad_data')
    await Promise.all([a.close(), b.close()])
    expect([one.closed, one.events.unused]).toEqual([1, 1])
  })

  it('never interleaves, whoever wants what', async () => {
    const wishes = fc.array(fc.record({ who: fc.nat(2), urgent: fc.boolean(), bytes: fc.nat(3) }), {
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(wishes, async (wishes) => {
        const { shared, written } = fakeWire()
        const shares = [shared.share(), shared.share(), shared.share()]
        await Promise.all(
          wishes.map(({ who, urgent, bytes }, index) => {
            const share = shares[who]
            if (share === undefined) throw new Error('no share')
            return share.turn(
              async () => {
                for (let byte = 0; byte <= bytes; byte++) {
                  await share.write(Buffer.from(`${index}`))
                  await Promise.resolve()
                }
              },
              { urgent, signal: never },
            )
          }),
        )
        const runs = written.filter((text, index) => text !== written[index - 1])
        expect(new Set(runs).size).toBe(runs.length)
        expect(runs).toHaveLength(wishes.length)
      }),
      { numRuns: 50 },
    )
  })
})
