import type { Outcome, Value } from '../../driver.ts'
import { contract, guide, type Rule } from '../check.ts'
import type { GoodPlace } from '../rig.ts'
import type { Bench, CheckedPlace } from '../bench.ts'
import { isEqual } from '../../is-equal.ts'
import { pass } from '../patience.ts'
import { isGood, leaveOut, must, shown, shownOutcome, textOf } from '../verdict.ts'

const topic = 'reading'
const reads = `Connection.read in ${contract}`

export const readingRules: readonly Rule[] = [
  {
    ...{ name: 'it reads what the device has, of the type of the model', topic },
    why: 'A good outcome has the value of the device, as core can convert it to the type of the model.',
    see: `${guide}, "Reading and writing"`,
    async attempt(bench) {
      const connection = await bench.connect()
      await bench.expectValues(connection, 'the first time')
      await bench.expectValues(connection, 'the second time')
    },
  },
  {
    ...{ name: 'a read answers one outcome per visitor, in order', topic },
    why: 'The answer has one outcome per visitor, in the same order, also for none or the same one twice.',
    see: reads,
    async attempt(bench) {
      const { places } = bench
      const connection = await bench.connect()
      const single = places.map((place) => [place])
      const lists = [[], places, [...places].reverse(), [...places, ...places], ...single]
      for (const list of [...lists, ...shuffles(places)]) {
        const outcomes = await bench.read(
          connection,
          list.map(({ visitor }) => visitor),
        )
        list.forEach((place, at) => expectGood(outcomes[at], place, `at ${at} of ${list.length}`))
      }
    },
  },
  {
    ...{ name: 'a bad item stays alone', topic, needs: ['bad'] },
    why: 'What the device answers no to is an outcome of that item; the others are still good.',
    see: `Connection in ${contract}, "Two layers of failure"`,
    async attempt(bench) {
      const { places, rig } = bench
      if (rig.bad === undefined) return
      const bad = bench.visitorOf(rig.bad)
      const connection = await bench.connect()
      for (let at = 0; at <= places.length; at++) {
        const visitors: unknown[] = places.map(({ visitor }) => visitor)
        visitors.splice(at, 0, bad)
        const outcomes = [...(await bench.read(connection, visitors))]
        const [outcome] = outcomes.splice(at, 1)
        must(
          outcome?.ok === false,
          `answered the bad item at ${at} with ${shownOutcome(outcome)}, as if it were good`,
        )
        places.forEach((place) => expectGood(outcomes[place.index], place, 'beside a bad item'))
      }
      await bench.expectValues(connection, 'after a bad item')
    },
  },
  {
    ...{ name: 'it reads afresh each time', topic, needs: ['poke'] },
    why: 'A read tells what the device has now, never what it had before.',
    see: reads,
    async attempt(bench) {
      const { places, rig } = bench
      const connection = await bench.connect()
      // The same list each time, as core has it: a plan may be kept for it, but no values.
      const visitors = places.map(({ visitor }) => visitor)
      for (const round of [undefined, 0, undefined, 1]) {
        for (const { index, ...place } of places) await rig.poke?.(index, valueIn(place, round))
        const outcomes = await bench.read(connection, visitors)
        for (const place of places) {
          const value = valueIn(place, round)
          expectGood(outcomes[place.index], { ...place, value }, 'after it changed')
        }
      }
    },
  },
  {
    ...{ name: 'outcomes stay as they were answered', topic, needs: ['poke'] },
    why: 'Core keeps values and compares them later, so their memory is not used again.',
    see: 'packages/core/src/outcome.ts',
    async attempt(bench) {
      const { places, rig } = bench
      const connection = await bench.connect()
      const visitors = places.map(({ visitor }) => visitor)
      const first = await bench.read(connection, visitors)
      const copy = values(first)
      for (const { index, others, value } of places) await rig.poke?.(index, others[0] ?? value)
      await bench.read(connection, visitors)
      const now = values(first)
      places.forEach(({ index }) =>
        must(
          isEqual(now[index], copy[index]),
          `changed the value of good[${index}] afterwards, from ${shown(copy[index])} to ${shown(now[index])}`,
        ),
      )
    },
  },
  {
    ...{ name: 'it reads the limits of types', topic, needs: ['poke'] },
    why: 'Values come with all their digits: integers beyond 2^53 are bigints, bytes are a Uint8Array.',
    see: 'packages/core/src/outcome.ts',
    async attempt(bench) {
      const { places, rig } = bench
      const connection = await bench.connect()
      for (const round of rounds(places)) {
        for (const { index, ...place } of places) await rig.poke?.(index, valueIn(place, round))
        const outcomes = await bench.read(
          connection,
          places.map(({ visitor }) => visitor),
        )
        for (const place of places) {
          const value = valueIn(place, round)
          expectGood(outcomes[place.index], { ...place, value }, 'at a limit')
        }
      }
    },
  },
  {
    ...{ name: 'what is no value is not read as one', topic, needs: ['poke'] },
    why: 'No wrong value is ever good: what cannot be read is bad_data, or a value such as NaN that core refuses.',
    see: `${guide}, "Two layers of failure"`,
    async attempt(bench) {
      const { places, rig } = bench
      const unreadable = places.flatMap((place) =>
        (place.unreadable ?? []).map((value) => ({ place, value })),
      )
      if (unreadable.length === 0) leaveOut('no place of the rig has unreadable values')
      const connection = await bench.connect()
      for (const { place, value } of unreadable) {
        await rig.poke?.(place.index, value)
        const [outcome] = await bench.read(connection, [place.visitor])
        const isRefused = outcome?.ok === false || textOf(outcome!.value, place.type) === undefined
        must(
          isRefused,
          `read ${shown(value)} at good[${place.index}], a ${place.type}, as ${shownOutcome(outcome)}`,
        )
      }
    },
  },
  {
    ...{ name: 'it does not flood the log', topic },
    why: 'A state change is worth a line from info on, what repeats is debug.',
    see: 'packages/core/src/log.ts',
    async attempt(bench) {
      const { places, rig, logged } = bench
      const connection = await bench.connect()
      const visitors = [...places, ...(rig.bad ? [{ visitor: bench.visitorOf(rig.bad) }] : [])].map(
        ({ visitor }) => visitor,
      )
      for (let round = 0; round < 30; round++) await bench.read(connection, visitors)
      const text = `logged ${logged.length} lines in 30 reads, such as ${logged.at(-1)}`
      must(logged.length <= 6, text)
    },
  },
  {
    ...{ name: 'it asks the device only when it is asked', topic, needs: ['requests'] },
    why: 'A driver has no timers and polls nothing: core says when something is read.',
    see: `Driver in ${contract}`,
    async attempt(bench) {
      const connection = await bench.connect()
      await bench.expectValues(connection, 'once')
      if (bench.rig.bad !== undefined) {
        await bench.read(connection, [bench.visitorOf(bench.rig.bad)])
      }
      await quietAfter(bench, 'a read')
    },
  },
]

/** A round for each of the other values of the place that has the most. */
export const rounds = (places: readonly Pick<GoodPlace, 'others'>[]): readonly number[] =>
  Array.from({ length: Math.max(...places.map(({ others }) => others.length)) }, (_, at) => at)

/** What is there at first, or one of the other values. */
export const valueIn = ({ others, value }: Pick<GoodPlace, 'others' | 'value'>, round?: number) =>
  round === undefined ? value : (others[round % others.length] ?? value)

/** Nothing reaches the device by itself. What is on the way arrives first. */
export async function quietAfter({ rig }: Bench, what: string): Promise<void> {
  await pass(30)
  const before = rig.requests?.() ?? 0
  await pass(170)
  const more = (rig.requests?.() ?? 0) - before
  must(more === 0, `sent ${more} requests by itself after ${what}`)
}

function expectGood(
  outcome: Outcome<Value> | undefined,
  { index, value, type }: CheckedPlace,
  when: string,
): void {
  must(
    isGood(outcome, value, type),
    `read good[${index}] ${when} as ${shownOutcome(outcome)}; the device has ${shown(value)}`,
  )
}

const values = (outcomes: readonly Outcome<Value>[]) =>
  outcomes.map((outcome) => (outcome.ok ? structuredClone(outcome.value) : undefined))

/** A few orders, the same in each run. */
function shuffles<T>(list: readonly T[]): readonly T[][] {
  return [3, 5, 7].map((step) =>
    list
      .map((item, index) => ({ item, rank: ((index + 1) * step * 7919) % 101 }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item),
  )
}
