import { MapperError } from '../../errors.ts'
import { afterAbortMs, begin, underWay, type Bench } from '../bench.ts'
import { contract, type Rule } from '../check.ts'
import { pass, settled } from '../patience.ts'
import { must, shownOutcome, told } from '../verdict.ts'

const topic = 'closing'
const see = `Connection.close in ${contract}`

export const closingRules: readonly Rule[] = [
  {
    ...{ name: 'close may be called any number of times', topic, see },
    why: 'close ends the connection at any time, any number of times, and does not throw.',
    async attempt(bench) {
      const connection = await bench.connect()
      await bench.expectValues(connection, 'before it was closed')
      const closes = [begin(() => connection.close()), begin(() => connection.close())]
      for (const close of closes) await expectClosed(close, bench)
      await expectClosed(
        begin(() => connection.close()),
        bench,
      )
      const unused = await bench.connect()
      await expectClosed(
        begin(() => unused.close()),
        bench,
      )
    },
  },
  {
    ...{ name: 'close ends a read that is under way', topic, see, needs: ['silence'] },
    why: 'Calls in flight fail when the connection is closed.',
    async attempt(bench) {
      const { rig, places, protocol } = bench
      const connection = await bench.connect()
      await rig.silence?.(true)
      const { signal } = new AbortController()
      const visitors = places.map(({ visitor }) => visitor)
      const call = await underWay(() => connection.read(protocol, visitors, signal))
      await expectClosed(
        begin(() => connection.close()),
        bench,
      )
      const end = await call.within(afterAbortMs)
      must(end !== undefined, `did not settle a read within ${afterAbortMs} ms of close`)
      if (!end.ok) {
        const { code } = MapperError.from(end.thrown)
        must(code !== 'internal', `failed a read with ${told(end.thrown)} at close`)
        return
      }
      const good = end.value.find(({ ok }) => ok)
      must(good === undefined, `answered a read at close with ${shownOutcome(good)}`)
    },
  },
  {
    ...{ name: 'it leaves nothing open', topic, see },
    why: 'After close, after an abort while connecting and after a close in the middle of a call no timer, socket or file is left.',
    async attempt(bench) {
      // A library may set itself up for the whole process when it is first used.
      await visit(bench)
      await pass(20)
      const before = await fewest()
      for (let round = 0; round < 3; round++) await visit(bench)
      await closeInUse(bench)
      let left: readonly string[] = []
      for (let leftMs = bench.patienceMs; leftMs > 0; leftMs -= lookMs) {
        left = beyond(before, await openNow())
        if (left.length === 0) return
        await pass(lookMs)
      }
      must(false, `left open after some connections: ${left.join(', ')}`)
    },
  },
]

async function expectClosed(close: Promise<void>, { patienceMs }: Bench): Promise<void> {
  const end = await settled(close, patienceMs)
  must(end !== undefined, `did not settle close in ${patienceMs} ms`)
  must(end.ok, `threw from close: ${end.ok ? '' : told(end.thrown)}`)
}

/** The life of a connection, and that of one that is stopped while it comes to be. */
async function visit(bench: Bench): Promise<void> {
  const connection = await bench.connect()
  await bench.expectValues(connection, 'before it was closed')
  await expectClosed(
    begin(() => connection.close()),
    bench,
  )
  const abort = new AbortController()
  const connecting = bench.connecting({ signal: abort.signal })
  connecting.catch(() => undefined)
  abort.abort(new MapperError('canceled', 'the check stopped it'))
  const end = await settled(connecting, afterAbortMs)
  must(end !== undefined, `did not settle connect within ${afterAbortMs} ms of its abort`)
  if (end.ok) await expectClosed(end.value.close(), bench)
}

/** That of one that is closed in the middle of a call. */
async function closeInUse(bench: Bench): Promise<void> {
  const { rig, protocol, places } = bench
  if (rig.silence === undefined) return
  const busy = await bench.connect()
  await rig.silence(true)
  const { signal } = new AbortController()
  const visitors = places.map(({ visitor }) => visitor)
  const call = await underWay(() => busy.read(protocol, visitors, signal))
  await expectClosed(
    begin(() => busy.close()),
    bench,
  )
  await call.within(afterAbortMs)
  await rig.silence(false)
}

type Counts = ReadonlyMap<string, number>

const lookMs = 20

/** What keeps the process alive, by kind. A timer that is just being worked off no longer counts. */
async function openNow(): Promise<Counts> {
  await new Promise((resolve) => setImmediate(resolve))
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** The fewest of each kind that were seen in a moment: what comes and goes is not counted. */
async function fewest(): Promise<Counts> {
  let least = await openNow()
  for (let look = 0; look < 5; look++) {
    await pass(5)
    const now = await openNow()
    least = new Map([...least].map(([kind, count]) => [kind, Math.min(count, now.get(kind) ?? 0)]))
  }
  return least
}

const beyond = (before: Counts, now: Counts): readonly string[] =>
  [...now].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0)
    return more > 0 ? [`${more} ${kind}`] : []
  })
