import type { Value } from '../../driver.ts'
import type { Bench, CheckedPlace } from '../bench.ts'
import { contract, guide, type Rule } from '../check.ts'
import { isSame, leaveOut, must, shown, shownOutcome } from '../verdict.ts'
import { writable } from './configuration.ts'
import { rounds, valueIn } from './reading.ts'

const topic = 'writing'
const writes = `Connection.write in ${contract}`

export const writingRules: readonly Rule[] = [
  {
    ...{ name: 'a write has arrived when it is answered', topic },
    why: 'A write that is ok has reached the device; otherwise its outcome says why not.',
    see: writes,
    async attempt(bench) {
      const connection = await bench.connect()
      for (const place of writables(bench)) {
        const value = place.others[0] ?? place.value
        const [outcome] = await bench.write(connection, [{ visitor: place.visitor, value }])
        must(outcome?.ok === true, failed(place, value, shownOutcome(outcome)))
        await expectHeld(bench, connection, place, value, 'after a write')
      }
    },
  },
  {
    ...{ name: 'a batch is written in order, with one outcome each', topic },
    why: 'write writes all of them, in order. The answer has one outcome per write, in the same order.',
    see: writes,
    async attempt(bench) {
      const connection = await bench.connect()
      await bench.write(connection, [])
      const places = writables(bench)
      const batch = [0, 1].flatMap((round) =>
        places.map((place) => ({ place, value: place.others[round] ?? place.value })),
      )
      const outcomes = await bench.write(
        connection,
        batch.map(({ place, value }) => ({ visitor: place.visitor, value })),
      )
      batch.forEach(({ place, value }, at) =>
        must(outcomes[at]?.ok === true, failed(place, value, shownOutcome(outcomes[at]))),
      )
      for (const place of places) {
        const last = place.others[1] ?? place.value
        await expectHeld(bench, connection, place, last, 'after a batch in which it was the last')
      }
    },
  },
  {
    ...{ name: 'it writes the limits of types', topic },
    why: 'A value arrives with all its digits, and comes back as it was written.',
    see: `${guide}, "Reading and writing"`,
    async attempt(bench) {
      const connection = await bench.connect()
      const places = writables(bench)
      for (const round of rounds(places)) {
        const writes = places.map((place) => ({
          visitor: place.visitor,
          value: valueIn(place, round),
        }))
        const outcomes = await bench.write(connection, writes)
        for (const [at, place] of places.entries()) {
          const value = valueIn(place, round)
          must(outcomes[at]?.ok === true, failed(place, value, shownOutcome(outcomes[at])))
          await expectHeld(bench, connection, place, value, 'at a limit')
        }
      }
    },
  },
  {
    ...{ name: 'it refuses what does not fit instead of changing it', topic },
    why: 'A value that the place cannot hold is refused in its outcome; it is neither cut nor rounded.',
    see: `${guide}, "Reading and writing"`,
    async attempt(bench) {
      const cases = writable(bench).flatMap((place) =>
        (place.refuses ?? []).map((value) => ({ place, value })),
      )
      if (cases.length === 0) leaveOut('no place of the rig has values that it refuses')
      const connection = await bench.connect()
      for (const { place, value } of cases) {
        const [outcome] = await bench.write(connection, [{ visitor: place.visitor, value }])
        must(
          outcome?.ok === false,
          `wrote ${shown(value)} to good[${place.index}], which cannot hold it, and called it ok`,
        )
        await expectHeld(bench, connection, place, place.value, `after ${shown(value)} was refused`)
      }
    },
  },
  {
    ...{ name: 'a write that the device refuses is an outcome', topic, needs: ['refusedWrite'] },
    why: 'The device answered no for that item: its outcome says so, and the others are written.',
    see: `Connection in ${contract}, "Two layers of failure"`,
    async attempt(bench) {
      const { rig } = bench
      if (rig.refusedWrite === undefined) return
      const refused = {
        visitor: bench.visitorOf(rig.refusedWrite),
        value: rig.refusedWrite.value,
      }
      const connection = await bench.connect()
      const good = writable(bench).map((place) => ({
        place,
        value: place.others[0] ?? place.value,
        visitor: place.visitor,
      }))
      for (let at = 0; at <= good.length; at++) {
        const batch = [...good.slice(0, at), refused, ...good.slice(at)]
        const outcomes = [
          ...(await bench.write(
            connection,
            batch.map(({ visitor, value }) => ({ visitor, value })),
          )),
        ]
        const [outcome] = outcomes.splice(at, 1)
        must(outcome?.ok === false, `called the refused write at ${at} of the batch ok`)
        good.forEach(({ place, value }, index) =>
          must(outcomes[index]?.ok === true, failed(place, value, shownOutcome(outcomes[index]))),
        )
      }
      for (const { place, value } of good) {
        await expectHeld(bench, connection, place, value, 'beside a refused write')
      }
    },
  },
]

function writables(bench: Bench): readonly CheckedPlace[] {
  const places = writable(bench)
  if (places.length === 0) leaveOut('no place of the rig can be written')
  return places
}

const failed = ({ index, type }: CheckedPlace, value: Value, why: string) =>
  `did not write ${shown(value)} to good[${index}], a ${type}: ${why}`

/** What the device holds, looked at behind the driver's back, or else as the driver reads it. */
async function expectHeld(
  bench: Bench,
  connection: Parameters<Bench['read']>[0],
  { index, type, visitor }: CheckedPlace,
  value: Value,
  when: string,
): Promise<void> {
  const seen = await bench.rig.peek?.(index)
  if (seen !== undefined) {
    const text = `good[${index}] holds ${shown(seen)} ${when}; it must be ${shown(value)}`
    must(isSame(seen, value, type), `left the device wrong: ${text}`)
  }
  const [outcome] = await bench.read(connection, [visitor])
  must(
    outcome?.ok === true && isSame(outcome.value, value, type),
    `read good[${index}] ${when} as ${shownOutcome(outcome)}; it must be ${shown(value)}`,
  )
}
