import type { Value } from '../../driver.ts'
import type { Bench, CheckedPlace } from '../bench.ts'
import { contract, type Rule } from '../check.ts'
import { settled } from '../patience.ts'
import { isGood, must, shown, shownOutcome } from '../verdict.ts'

const topic = 'sharing'

export const sharingRules: readonly Rule[] = [
  {
    ...{ name: 'two devices share one connection', topic, needs: ['second'] },
    why: 'Devices with the same connectionKey share a connection; each call says which device it is for.',
    see: `Driver.connectionKey in ${contract}`,
    async attempt(bench) {
      const { driver, protocol, places } = bench
      const second = bench.second()
      const [key, other] = [protocol, second.protocol].map((each) => driver.connectionKey(each))
      must(key === other, `gave them two keys: ${key} and ${other}`)
      const connection = await bench.connect()
      for (let round = 0; round < 3; round++) {
        await bench.expectValues(connection, 'beside a second device')
        const visitors = second.places.map(({ visitor }) => visitor)
        const outcomes = await bench.read(connection, visitors, second.protocol)
        second.places.forEach((place) => expectTheirs(outcomes[place.index], place))
      }
      if ((connection.parallel ?? 1) < 2) return
      const both = [
        [protocol, places],
        [second.protocol, second.places],
      ] as const
      await Promise.all(
        both.map(async ([theirs, good]) => {
          const visitors = good.map(({ visitor }) => visitor)
          const outcomes = await bench.read(connection, visitors, theirs)
          good.forEach((place) => expectTheirs(outcomes[place.index], place))
        }),
      )
    },
  },
  {
    ...{ name: 'two connections do not disturb each other', topic },
    why: 'A driver has no mutable state in its module: one mapper has many connections at once.',
    see: `Driver in ${contract}`,
    async attempt(bench) {
      const other = await bench.another()
      const [first, theirs] = [await bench.connect(), await other.connect()]
      // Each device is told apart by what it holds, if the rig makes two of them.
      const [place] = bench.places
      const changed = place?.others[0]
      if (bench.rig.poke !== undefined && place !== undefined && changed !== undefined) {
        await bench.rig.poke(place.index, changed)
      }
      const [ours, others] = [await heldBy(bench), await heldBy(other)]
      for (let round = 0; round < 2; round++) {
        await bench.expectValues(first, 'beside another connection', ours)
        await other.expectValues(theirs, 'beside another connection', others)
      }
      await Promise.all([
        bench.expectValues(first, 'at once with another connection', ours),
        other.expectValues(theirs, 'at once with another connection', others),
      ])
      const closed = await settled(first.close(), bench.patienceMs)
      must(closed?.ok === true, 'did not close')
      await other.expectValues(theirs, 'after another connection was closed', others)
    },
  },
]

/** What the device holds now, where the rig can look. */
async function heldBy({ rig, places }: Bench): Promise<ReadonlyMap<number, Value>> {
  const held = new Map<number, Value>()
  for (const { index } of places) {
    const value = await rig.peek?.(index)
    if (value !== undefined) held.set(index, value)
  }
  return held
}

function expectTheirs(
  outcome: Parameters<typeof isGood>[0],
  { index, value, type }: CheckedPlace,
): void {
  const text = `read item ${index} of one of two devices as ${shownOutcome(outcome)}`
  must(isGood(outcome, value, type), `${text}; it has ${shown(value)}`)
}
