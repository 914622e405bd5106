import type { Outcome, Value, Watch } from '../../driver.ts'
import { afterAbortMs, begin, type Bench } from '../bench.ts'
import { contract, guide, type Rule } from '../check.ts'
import { comesTrue, pass, settled } from '../patience.ts'
import { valueIn } from './reading.ts'
import { isGood, leaveOut, must, shown, shownOutcome, told } from '../verdict.ts'

const topic = 'watching'
const see = `Connection.subscribe in ${contract}`

export const watchingRules: readonly Rule[] = [
  {
    ...{ name: 'a watch tells first what is', topic, see },
    why: 'A watch begins with the value of each visitor, or gives it back to be read.',
    async attempt(bench) {
      const watch = await startWatch(bench)
      for (const { index, value, type } of bench.places) {
        if (watch.isRead(index)) continue
        await watch.expect(index, value, type, 'at first')
      }
    },
  },
  {
    ...{ name: 'a watch tells what changes', topic, see, needs: ['poke'] },
    why: 'Each change of a watched visitor is told, under its own index.',
    async attempt(bench) {
      const watch = await startWatch(bench)
      const watched = bench.places.filter(({ index }) => !watch.isRead(index))
      for (const round of [undefined, 0, undefined]) {
        for (const { index, ...place } of watched) {
          await bench.rig.poke?.(index, valueIn(place, round))
        }
        for (const { index, type, ...place } of watched) {
          const when = round === undefined ? 'before it changed' : 'after it changed'
          await watch.expect(index, valueIn(place, round), type, when)
        }
      }
    },
  },
  {
    ...{ name: 'an abort ends a watch', topic, needs: ['poke'] },
    why: 'A watch lasts until its signal aborts; then it resolves within one second, and nothing is told any more.',
    see: `${guide}, "Changes instead of reads"`,
    async attempt(bench) {
      const watch = await startWatch(bench)
      const [place] = bench.places.filter(({ index }) => !watch.isRead(index))
      if (place === undefined) leaveOut('the driver gives all places of the rig back to be read')
      await watch.expect(place.index, place.value, place.type, 'at first')
      must(!watch.hasEnded(), 'ended a watch by itself')
      watch.stop()
      const end = await settled(watch.ended, afterAbortMs)
      must(end !== undefined, `did not end a watch within ${afterAbortMs} ms of its abort`)
      must(end.ok, `failed a watch at its abort: ${end.ok ? '' : told(end.thrown)}`)
      const before = watch.count()
      await bench.rig.poke?.(place.index, place.others[0] ?? place.value)
      await pass(150)
      const more = watch.count() - before
      must(more === 0, `told ${more} changes after the watch was over`)
    },
  },
  {
    ...{ name: 'close ends a watch', topic, see },
    why: 'close ends what is under way, watches included.',
    async attempt(bench) {
      const watch = await startWatch(bench)
      await settled(
        begin(() => watch.connection.close()),
        bench.patienceMs,
      )
      const end = await settled(watch.ended, afterAbortMs)
      must(end !== undefined, `did not end a watch within ${afterAbortMs} ms of close`)
    },
  },
]

async function startWatch(bench: Bench) {
  const { places, protocol, patienceMs } = bench
  const connection = await bench.connect()
  if (connection.subscribe === undefined) leaveOut('the connection has no subscribe, so core reads')
  const told: { readonly index: number; readonly outcome: Outcome<Value> }[] = []
  const read = new Set<number>()
  const sink: Watch = {
    changed: (index, outcome) => void told.push({ index, outcome }),
    readInstead: (indexes) => indexes.forEach((index) => read.add(index)),
    interrupted: () => undefined,
  }
  const stop = new AbortController()
  const visitors = places.map(({ visitor }) => visitor)
  let isOver = false
  const ended = begin(async () =>
    connection.subscribe?.(protocol, visitors, sink, stop.signal, 20),
  ).finally(() => (isOver = true))
  ended.catch(() => undefined)
  const lastOf = (index: number) => told.findLast((each) => each.index === index)?.outcome
  const isSettled = () =>
    isOver || places.every(({ index }) => read.has(index) || lastOf(index) !== undefined)
  const began = await comesTrue(isSettled, patienceMs)
  const silent = places.filter(({ index }) => !read.has(index) && lastOf(index) === undefined)
  must(
    began && silent.length === 0,
    `told nothing of good[${silent.map(({ index }) => index).join(', ')}] at the start of a watch`,
  )
  return {
    ...{ connection, ended },
    count: () => told.length,
    hasEnded: () => isOver,
    isRead: (index: number) => read.has(index),
    stop: () => stop.abort(),
    async expect(index: number, value: Value, type: Parameters<typeof isGood>[2], when: string) {
      const isTold = await comesTrue(() => isGood(lastOf(index), value, type), patienceMs)
      const last = shownOutcome(lastOf(index))
      must(isTold, `told ${last} of good[${index}] ${when}; the device has ${shown(value)}`)
    },
  }
}
