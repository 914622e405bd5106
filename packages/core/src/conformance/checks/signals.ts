import type { Connection, Outcome } from '../../driver.ts'
import { MapperError } from '../../errors.ts'
import { afterAbortMs, underWay, type Bench } from '../bench.ts'
import { contract, guide, type Rule } from '../check.ts'
import { comesTrue, pass, settled, type Settled } from '../patience.ts'
import { isGood, isSame, leaveOut, must, shown, shownOutcome, told } from '../verdict.ts'
import { writable } from './configuration.ts'
import { quietAfter } from './reading.ts'

const topic = 'signals'
const see = `${guide}, "Signals"`
const why =
  'A call settles within one second of its abort: with canceled, or timeout for a deadline.'

export const signalRules: readonly Rule[] = [
  {
    ...{ name: 'a call that is aborted before it begins does nothing', topic, why, see },
    async attempt(bench) {
      const { protocol, places, rig } = bench
      const connection = await bench.connect()
      const gone = AbortSignal.abort(new MapperError('canceled', 'the check stopped it'))
      const visitors = places.map(({ visitor }) => visitor)
      expectStopped('read', await soon(() => connection.read(protocol, visitors, gone)))
      const [place] = writable(bench)
      if (place !== undefined) {
        const write = { visitor: place.visitor, value: place.others[0] ?? place.value }
        const other = await bench.connect()
        expectStopped('write', await soon(() => other.write(protocol, [write], gone)))
        const seen = (await rig.peek?.(place.index)) ?? place.value
        must(isSame(seen, place.value, place.type), `wrote ${shown(seen)} after the abort`)
      }
      const connecting = await settled(bench.connecting({ signal: gone }), afterAbortMs)
      expectConnectStopped(connecting)
    },
  },
  {
    ...{ name: 'a read of a silent device ends when it is aborted', topic, why, see },
    needs: ['silence'],
    attempt: (bench) => abortCall(bench, 'read'),
  },
  {
    ...{ name: 'a write to a silent device ends when it is aborted', topic, why, see },
    needs: ['silence'],
    attempt: (bench) => abortCall(bench, 'write'),
  },
  {
    ...{ name: 'a deadline ends a call with timeout', topic, why, see },
    needs: ['silence'],
    attempt: (bench) =>
      abortCall(bench, 'read', new DOMException('the time is over', 'TimeoutError')),
  },
  {
    ...{ name: 'connecting to a silent device ends when it is aborted', topic, why, see },
    needs: ['silence'],
    async attempt({ rig, connecting }) {
      await rig.silence?.(true)
      const abort = new AbortController()
      const call = await underWay(() => connecting({ signal: abort.signal }))
      abort.abort(new MapperError('canceled', 'the check stopped it'))
      expectConnectStopped(await call.within(afterAbortMs))
    },
  },
  {
    ...{ name: 'a late answer is not taken for the next one', topic, needs: ['silence', 'poke'] },
    why: 'No wrong value is ever good: after an abort a connection still tells answers apart, or is of no use any more.',
    see: `${guide}, "Two layers of failure"`,
    async attempt(bench) {
      const { rig, places, protocol } = bench
      const connection = await bench.connect()
      await rig.silence?.(true)
      const abort = new AbortController()
      const visitors = places.map(({ visitor }) => visitor)
      const call = await underWay(() => connection.read(protocol, visitors, abort.signal))
      abort.abort(new MapperError('canceled', 'the check stopped it'))
      await call.within(afterAbortMs)
      await rig.silence?.(false)
      for (const { index, others, value } of places) await rig.poke?.(index, others[0] ?? value)
      // In another order too: a late answer would be taken for that of another item.
      const { signal } = new AbortController()
      const backwards = [...places].reverse()
      const again = await settled(
        (async () =>
          connection.read(
            protocol,
            backwards.map(({ visitor }) => visitor),
            signal,
          ))(),
        bench.patienceMs,
      )
      must(again !== undefined, `did not settle the next read in ${bench.patienceMs} ms`)
      if (!again.ok) return
      backwards.forEach(({ index, others, value, type }, at) => {
        const outcome = again.value[at]
        const wanted = others[0] ?? value
        must(
          outcome?.ok === false || isGood(outcome, wanted, type),
          `read good[${index}] after an abort as ${shownOutcome(outcome)}; the device has ${shown(wanted)}`,
        )
      })
    },
  },
  {
    ...{ name: 'a silent device is not asked again', topic, needs: ['silence', 'requests'] },
    why: 'A driver does not try again by itself: core does, later and later.',
    see: `Driver in ${contract}`,
    async attempt(bench) {
      const { rig, places, protocol } = bench
      const count = () => rig.requests?.() ?? 0
      const connection = await bench.connect()
      const visitors = places.map(({ visitor }) => visitor)
      await bench.read(connection, visitors)
      const before = count()
      await bench.read(connection, visitors)
      const usual = count() - before
      await rig.silence?.(true)
      const abort = new AbortController()
      const asked = count()
      const call = await underWay(() => connection.read(protocol, visitors, abort.signal))
      await comesTrue(() => count() > asked, afterAbortMs)
      await pass(200)
      abort.abort(new MapperError('canceled', 'the check stopped it'))
      await call.within(afterAbortMs)
      const sent = count() - asked
      must(sent <= usual, `sent ${sent} requests to a silent device for a read that takes ${usual}`)
      await quietAfter(bench, 'a read that was aborted')
    },
  },
]

/** A call that should settle at once. */
const soon = <T>(call: () => Promise<T>) => settled((async () => call())(), afterAbortMs)

const ofAbort: readonly string[] = ['canceled', 'timeout']
const codeOf = (thrown: unknown) => MapperError.from(thrown).code

/** A rejection, or outcomes that all say the same: others may share the link. */
function expectStopped(
  what: string,
  end: Settled<readonly Outcome<unknown>[]> | undefined,
  codes = ofAbort,
): void {
  must(end !== undefined, `did not settle a ${what} within ${afterAbortMs} ms of its abort`)
  if (!end.ok) {
    must(codes.includes(codeOf(end.thrown)), `failed an aborted ${what} with ${told(end.thrown)}`)
    return
  }
  const other = end.value.find((each) => each.ok || !codes.includes(each.error.code))
  const isRight = end.value.length > 0 && other === undefined
  must(isRight, `answered an aborted ${what} as if nothing were: ${shownOutcome(other)}`)
}

/** Who has nothing to ask while connecting may be through before the abort; core closes what it gets. */
function expectConnectStopped(end: Settled<Connection> | undefined): void {
  must(end !== undefined, `did not settle connect within ${afterAbortMs} ms of its abort`)
  if (end.ok) return
  must(
    ofAbort.includes(codeOf(end.thrown)),
    `failed an aborted connect with ${told(end.thrown)}; it must be canceled or timeout`,
  )
}

async function abortCall(bench: Bench, what: 'read' | 'write', reason?: Error): Promise<void> {
  const { rig, places, protocol } = bench
  const [place] = writable(bench)
  if (what === 'write' && place === undefined) leaveOut('no place of the rig can be written')
  const connection = await bench.connect()
  await bench.expectValues(connection, 'before the device fell silent')
  await rig.silence?.(true)
  const abort = new AbortController()
  const call = await underWay<readonly Outcome<unknown>[]>(() =>
    what === 'read' || place === undefined
      ? connection.read(
          protocol,
          places.map(({ visitor }) => visitor),
          abort.signal,
        )
      : connection.write(
          protocol,
          [{ visitor: place.visitor, value: place.others[0] ?? place.value }],
          abort.signal,
        ),
  )
  abort.abort(reason ?? new MapperError('canceled', 'the check stopped it'))
  const codes = reason === undefined ? ofAbort : ['timeout']
  expectStopped(what, await call.within(afterAbortMs), codes)
}
