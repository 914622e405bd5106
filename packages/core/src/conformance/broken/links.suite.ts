import type { Outcome, Value } from '../../driver.ts'
import { MapperError } from '../../errors.ts'
import { deviceAt, outcomeOf } from '../memory-driver.suite.ts'
import { countdown } from '../patience.ts'
import { connections, type BrokenDriver } from './broken-driver.suite.ts'

const abortedRead = 'a read of a silent device ends when it is aborted'
const deadline = 'a deadline ends a call with timeout'
const askedAgain = 'a silent device is not asked again'
const asksItself = 'it asks the device only when it is asked'
/** A signal that nobody aborts. */
const deaf = () => new AbortController().signal

/** Faults at signals, outages and the end of a connection. */
export const brokenAtLinks: readonly BrokenDriver[] = [
  {
    fault: 'does not hear the signal of a read',
    check: abortedRead,
    says: /did not settle a read within 1000 ms of its abort/,
    also: [deadline, 'a call that is aborted before it begins does nothing'],
    change: connections((good) => ({
      read: (protocol, visitors) => good.read(protocol, visitors, deaf()),
    })),
  },
  {
    fault: 'answers an abort with what it has',
    check: abortedRead,
    says: /answered an aborted read as if nothing were: number 0/,
    also: [deadline, 'a call that is aborted before it begins does nothing'],
    change: connections((good) => ({
      read: (protocol, visitors, signal) =>
        good.read(protocol, visitors, signal).catch((thrown: unknown) => {
          if (!signal.aborted) throw thrown
          return visitors.map((): Outcome<Value> => ({ ok: true, value: 0 }))
        }),
    })),
  },
  {
    fault: 'does not hear the signal of a write',
    check: 'a write to a silent device ends when it is aborted',
    says: /did not settle a write within 1000 ms of its abort/,
    also: ['a call that is aborted before it begins does nothing'],
    change: connections((good) => ({
      write: (protocol, writes) => good.write(protocol, writes, deaf()),
    })),
  },
  {
    fault: 'does not hear the signal of connect',
    check: 'connecting to a silent device ends when it is aborted',
    says: /did not settle connect within 1000 ms of its abort/,
    change: (good) => ({
      ...good,
      connect: (protocol, context) => good.connect(protocol, { ...context, signal: deaf() }),
    }),
  },
  {
    fault: 'calls a deadline canceled',
    check: deadline,
    says: /failed an aborted read with \[canceled\]/,
    change: connections((good) => ({
      read: (protocol, visitors, signal) =>
        good.read(protocol, visitors, signal).catch((thrown: unknown) => {
          throw signal.aborted ? new MapperError('canceled', 'stopped') : thrown
        }),
    })),
  },
  {
    fault: 'takes a late answer for the next one',
    check: 'a late answer is not taken for the next one',
    says: /after an abort as/,
    change: connections((good, { host }) => {
      let late: readonly Outcome<Value>[] | undefined
      return {
        async read(protocol, visitors, signal) {
          const answer = late
          late = undefined
          if (answer?.length === visitors.length) return answer
          const device = deviceAt(host, protocol)
          const outcomes = visitors.map((visitor) => outcomeOf(device, visitor))
          try {
            return await good.read(protocol, visitors, signal)
          } catch (thrown) {
            if (signal.aborted && device.isSilent) late = outcomes
            throw thrown
          }
        },
      }
    }),
  },
  {
    fault: 'asks again until it is answered',
    check: askedAgain,
    says: /sent \d+ requests to a silent device for a read that takes 1/,
    change: connections((good) => ({
      async read(protocol, visitors, signal) {
        for (;;) {
          // In time that the process has had: on a busy machine a good answer still comes before.
          const patience = new AbortController()
          const { over, stop } = countdown(40)
          void over.then(() => patience.abort(new MapperError('timeout', 'no answer yet')))
          try {
            const both = AbortSignal.any([signal, patience.signal])
            return await good.read(protocol, visitors, both)
          } catch (thrown) {
            if (signal.aborted || MapperError.from(thrown).code !== 'timeout') throw thrown
          } finally {
            stop()
          }
        }
      },
    })),
  },
  {
    fault: 'asks again later for what failed',
    check: asksItself,
    says: /sent \d+ requests by itself after a read/,
    change: connections((good) => ({
      async read(protocol, visitors, signal) {
        const outcomes = await good.read(protocol, visitors, signal)
        const again = (timesLeft: number) => {
          if (timesLeft === 0) return
          good.read(protocol, visitors, deaf()).catch(() => undefined)
          setTimeout(() => again(timesLeft - 1), 60)
        }
        if (outcomes.some(({ ok }) => !ok)) setTimeout(() => again(10), 60)
        return outcomes
      },
    })),
  },
  {
    fault: 'answers from what it read before while the cable is cut',
    check: 'a read after a cut fails',
    says: /answered a read after the cable was cut with number 1500/,
    also: ['a cut during a read fails it'],
    change: connections((good) => {
      let last: readonly Outcome<Value>[] | undefined
      return {
        read: (protocol, visitors, signal) =>
          good.read(protocol, visitors, signal).then(
            (outcomes) => (last = outcomes),
            (thrown: unknown) => {
              const isLost = MapperError.from(thrown).code === 'unreachable'
              if (isLost && last?.length === visitors.length) return last
              throw thrown
            },
          ),
      }
    }),
  },
  {
    fault: 'rejects with an error of its own when the link is lost',
    check: 'a read after a cut fails',
    says: /with Error: link down, which is internal to core/,
    also: ['a cut during a read fails it'],
    change: connections((good) => ({
      read: (protocol, visitors, signal) =>
        good.read(protocol, visitors, signal).catch((thrown: unknown) => {
          throw MapperError.from(thrown).code === 'unreachable' ? new Error('link down') : thrown
        }),
    })),
  },
  {
    fault: 'waits for ever when the cable is cut',
    check: 'a cut during a read fails it',
    says: /did not settle a read under way when the cable was cut, 1000 ms after its deadline/,
    also: ['a read after a cut fails'],
    change: connections((good) => ({
      read: (protocol, visitors, signal) =>
        good.read(protocol, visitors, signal).catch((thrown: unknown) => {
          if (MapperError.from(thrown).code === 'unreachable') return new Promise<never>(() => 0)
          throw thrown
        }),
    })),
  },
  {
    fault: 'brings old values along to a new connection',
    check: 'it connects afresh when the cable is back',
    says: /read good\[0\] after the cable was back as number 1500; the device has number -32768/,
    change: connections((good, { context: { memory } }) => {
      const kept = memory.get('last') as readonly Outcome<Value>[] | undefined
      let isFirst = true
      return {
        async read(protocol, visitors, signal) {
          const outcomes = await good.read(protocol, visitors, signal)
          const answer = isFirst && kept?.length === visitors.length ? kept : outcomes
          isFirst = false
          memory.set('last', outcomes)
          return answer
        },
      }
    }),
  },
  {
    fault: 'throws when it is closed twice',
    check: 'close may be called any number of times',
    says: /threw from close: Error: not open/,
    change: connections((good) => {
      let isOpen = true
      return {
        async close() {
          if (!isOpen) throw new Error('not open')
          isOpen = false
          await good.close()
        },
      }
    }),
  },
  {
    fault: 'leaves a read behind when it is closed',
    check: 'close ends a read that is under way',
    says: /did not settle a read within 1000 ms of close/,
    also: ['close ends a watch'],
    change: connections(() => ({ close: async () => undefined })),
  },
]

/** What the whole process has open is looked at; so these are not run beside others. */
export const brokenAtTheEnd: readonly BrokenDriver[] = [
  {
    fault: 'leaves a timer',
    check: 'it leaves nothing open',
    says: /left open after some connections: \d Timeout/,
    change: connections(() => {
      setTimeout(() => undefined, 3000)
      return {}
    }),
  },
]
