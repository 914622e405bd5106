import type { Connection, Outcome, Value } from '../../driver.ts'
import { MapperError } from '../../errors.ts'
import { afterAbortMs, begin, type Bench } from '../bench.ts'
import { contract, guide, type Rule } from '../check.ts'
import { countdown, pass, settled, type Settled } from '../patience.ts'
import { must, shownOutcome, told } from '../verdict.ts'

const topic = 'outages'
const needs = ['cut', 'restore'] as const
const why =
  'A call on a link that is lost fails as a whole or in all its outcomes, with a code that says so; it never answers what it cannot know.'
const see = `Connection in ${contract}, "Two layers of failure"`

/** The deadline of a call on a link that may say nothing at all; core's own is longer. */
const deadlineMs = 700

export const outageRules: readonly Rule[] = [
  {
    ...{ name: 'a cut during a read fails it', topic, why, see, needs: [...needs, 'silence'] },
    async attempt(bench) {
      const { rig, places } = bench
      const connection = await bench.connect()
      await bench.expectValues(connection, 'before the cut')
      await rig.silence?.(true)
      const reading = readAll(bench, connection)
      await pass(30)
      await rig.cut?.()
      await rig.silence?.(false)
      expectLost('a read under way when the cable was cut', await reading, places.length)
    },
  },
  {
    ...{ name: 'a read after a cut fails', topic, why, see, needs },
    async attempt(bench) {
      const connection = await bench.connect()
      await bench.expectValues(connection, 'before the cut')
      await bench.rig.cut?.()
      const end = await readAll(bench, connection)
      expectLost('a read after the cable was cut', end, bench.places.length)
    },
  },
  {
    ...{ name: 'it does not connect to what is not there', topic, needs },
    why: 'A throw of connect means that the link is not there: unreachable or timeout.',
    see: `Driver.connect in ${contract}`,
    async attempt(bench) {
      await bench.rig.cut?.()
      const { signal, stop } = deadline()
      const end = await settled(bench.connecting({ signal }), deadlineMs + afterAbortMs)
      stop()
      must(end !== undefined, `did not settle connect ${afterAbortMs} ms after its deadline`)
      if (!end.ok) return expectCode('connect', end.thrown)
      // Who has nothing to ask while connecting notices at the first read.
      expectLost('the first read', await readAll(bench, end.value), bench.places.length)
    },
  },
  {
    ...{ name: 'it connects afresh when the cable is back', topic, needs: [...needs, 'poke'] },
    why: 'Core closes a connection that failed and connects anew; that one knows nothing of old values.',
    see: `${guide}, "Connecting"`,
    async attempt(bench) {
      const { rig, places } = bench
      const memory = new Map<string, unknown>()
      const lost = await bench.connect({ memory })
      await bench.expectValues(lost, 'before the cut')
      await rig.cut?.()
      await readAll(bench, lost)
      await settled(
        begin(() => lost.close()),
        bench.patienceMs,
      )
      const now = new Map<number, Value>()
      for (const { index, others, value } of places) now.set(index, others[0] ?? value)
      await rig.restore?.()
      for (const [index, value] of now) await rig.poke?.(index, value)
      const fresh = await bench.connect({ memory })
      await bench.expectValues(fresh, 'after the cable was back', now)
    },
  },
  {
    ...{ name: 'what it learned does not mislead the next connection', topic },
    why: 'memory outlives a connection: the next one gets it, or an empty one, and reads the same.',
    see: 'packages/core/src/store.ts',
    async attempt(bench) {
      const { rig, places } = bench
      const memory = new Map<string, unknown>()
      for (const [round, context] of [{ memory }, { memory }, {}, { memory }].entries()) {
        const connection = await bench.connect(context)
        await bench.expectValues(connection, `on connection ${round + 1}`)
        if (rig.bad !== undefined) {
          const visitors = [bench.visitorOf(rig.bad), ...places.map(({ visitor }) => visitor)]
          const [outcome] = await bench.read(connection, visitors)
          must(outcome?.ok === false, `read the bad item as good on connection ${round + 1}`)
        }
        await settled(
          begin(() => connection.close()),
          bench.patienceMs,
        )
      }
    },
  },
]

/** A signal that aborts by itself, as core's does. */
function deadline() {
  const abort = new AbortController()
  const { over, stop } = countdown(deadlineMs)
  const error = new MapperError('timeout', `no answer in ${deadlineMs} ms`)
  void over.then(() => abort.abort(error))
  return { signal: abort.signal, stop }
}

async function readAll({ protocol, places }: Bench, connection: Connection) {
  const { signal, stop } = deadline()
  const visitors = places.map(({ visitor }) => visitor)
  const reading = begin(() => connection.read(protocol, visitors, signal))
  const end = await settled(reading, deadlineMs + afterAbortMs)
  stop()
  return end
}

/** bad_data: the cable may be cut in the middle of an answer. */
const ofOutage: readonly string[] = ['unreachable', 'timeout', 'bad_data']

function expectCode(what: string, thrown: unknown): void {
  const { code } = MapperError.from(thrown)
  const text = `failed ${what} with ${told(thrown)}, which is ${code} to core`
  must(ofOutage.includes(code), `${text}; it must be ${ofOutage.slice(0, 2).join(' or ')}`)
}

function expectLost(
  what: string,
  end: Settled<readonly Outcome<Value>[]> | undefined,
  count: number,
): void {
  must(end !== undefined, `did not settle ${what}, ${afterAbortMs} ms after its deadline`)
  if (!end.ok) return expectCode(what, end.thrown)
  must(end.value.length === count, `answered ${what} with ${end.value.length} outcomes`)
  for (const outcome of end.value) {
    must(!outcome.ok, `answered ${what} with ${shownOutcome(outcome)}`)
    expectCode(what, outcome.error)
  }
}
