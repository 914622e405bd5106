import type { Outcome, Value } from '../../driver.ts'
import { MapperError } from '../../errors.ts'
import { answers, connections, throwRefusal, type BrokenDriver } from './broken-driver.suite.ts'

const inOrder = 'a read answers one outcome per visitor, in order'
const alone = 'a bad item stays alone'
const codes = 'its errors have a code of the list'
const learned = 'what it learned does not mislead the next connection'

export const brokenAtReading: readonly BrokenDriver[] = [
  {
    fault: 'answers in the order of the device',
    check: inOrder,
    says: /read good\[\d\] at \d of \d/,
    also: 'any',
    change: answers((outcomes, visitors) => {
      const order = [...visitors.keys()].sort((a, b) =>
        (visitors[a]?.cell ?? '').localeCompare(visitors[b]?.cell ?? ''),
      )
      return order.map((at) => outcomes[at]!)
    }),
  },
  {
    fault: 'answers a visitor that comes twice once',
    check: inOrder,
    says: /answered a read of 12 items with 6 outcomes/,
    also: ['it changes neither its arguments nor its schemas'],
    change: answers((outcomes, visitors) =>
      outcomes.filter((_, at) => visitors.findIndex((v) => v.cell === visitors[at]?.cell) === at),
    ),
  },
  {
    fault: 'throws for an item that the device refuses',
    check: alone,
    says: /failed a read: \[rejected\] there is no moon/,
    also: [codes, learned, 'it does not flood the log', 'it asks the device only when it is asked'],
    change: answers((outcomes) => {
      outcomes.forEach(throwRefusal)
      return outcomes
    }),
  },
  {
    fault: 'reads what is not there as NaN',
    check: alone,
    says: /answered the bad item at 0 with number NaN/,
    also: [learned],
    change: answers((outcomes) =>
      outcomes.map((each) => (each.ok ? each : { ok: true, value: NaN })),
    ),
  },
  {
    fault: 'reads numbers that are none as 0',
    check: 'what is no value is not read as one',
    says: /read number NaN at good\[2\], a DOUBLE, as number 0/,
    change: answers((outcomes) =>
      outcomes.map((each) =>
        each.ok && typeof each.value === 'number' && !Number.isFinite(each.value)
          ? { ok: true, value: 0 }
          : each,
      ),
    ),
  },
  {
    fault: 'keeps integers as doubles',
    check: 'it reads the limits of types',
    says: /read good\[1\]/,
    also: 'any',
    change: answers((outcomes) =>
      outcomes.map((each) =>
        each.ok && typeof each.value === 'bigint'
          ? { ok: true, value: BigInt(Number(each.value)) }
          : each,
      ),
    ),
  },
  {
    fault: 'gives out the buffer that it receives into',
    check: 'outcomes stay as they were answered',
    says: /changed the value of good\[4\] afterwards, from bytes 0001feff to bytes 09080706/,
    change: connections((good) => {
      const buffer = new Uint8Array(4)
      return {
        async read(protocol, visitors, signal) {
          const outcomes = await good.read(protocol, visitors, signal)
          return outcomes.map((each) => {
            if (!each.ok || !(each.value instanceof Uint8Array)) return each
            buffer.set(each.value)
            return { ok: true, value: buffer }
          })
        },
      }
    }),
  },
  {
    fault: 'keeps the values of a list that it knows',
    check: 'it reads afresh each time',
    says: /read good\[0\] after it changed as number 1500; the device has number -32768/,
    change: connections((good) => {
      const known = new WeakMap<object, readonly Outcome<Value>[]>()
      return {
        async read(protocol, visitors, signal) {
          const kept = signal.aborted ? undefined : known.get(visitors)
          const outcomes = kept ?? (await good.read(protocol, visitors, signal))
          known.set(visitors, outcomes)
          return outcomes
        },
      }
    }),
  },
  {
    fault: 'gives outcomes errors of any kind',
    check: codes,
    says: /an error that is no MapperError: RangeError/,
    change: answers((outcomes) =>
      outcomes.map((each) =>
        each.ok ? each : { ok: false, error: new RangeError('no such cell') as never },
      ),
    ),
  },
  {
    fault: 'makes up codes',
    check: codes,
    says: /used the code no_such_cell/,
    change: answers((outcomes) =>
      outcomes.map((each) =>
        each.ok ? each : { ok: false, error: new MapperError('no_such_cell' as never, 'no') },
      ),
    ),
  },
  {
    fault: 'logs every read',
    check: 'it does not flood the log',
    says: /logged 30 lines in 30 reads, such as read 7/,
    change: connections((good, { context }) => ({
      read(protocol, visitors, signal) {
        context.logger.info(`read ${visitors.length}`)
        return good.read(protocol, visitors, signal)
      },
    })),
  },
  {
    fault: 'learns places by their position',
    check: learned,
    says: /read good\[0\] on connection 2 as \[rejected\]/,
    change: connections((good, { context: { memory } }) => {
      const before = memory.get('bad')
      return {
        async read(protocol, visitors, signal) {
          const outcomes = await good.read(protocol, visitors, signal)
          outcomes.forEach((each, at) => !each.ok && memory.set('bad', at))
          const error = new MapperError('rejected', 'it was bad before')
          return outcomes.map((each, at) => (at === before ? { ok: false, error } : each))
        },
      }
    }),
  },
]
