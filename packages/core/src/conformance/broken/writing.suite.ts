import type { Outcome } from '../../driver.ts'
import { canceled } from '../../time.ts'
import { deviceAt, put } from '../memory-driver.suite.ts'
import { connections, throwRefusal, type BrokenDriver } from './broken-driver.suite.ts'

const codes = 'its errors have a code of the list'

export const brokenAtWriting: readonly BrokenDriver[] = [
  {
    fault: 'swallows a write',
    check: 'a write has arrived when it is answered',
    says: /good\[5\] holds boolean true after a write; it must be boolean false/,
    also: ['it writes the limits of types', 'a write that the device refuses is an outcome'],
    change: connections((good) => ({
      async write(protocol, writes, signal) {
        const kept = writes.filter(({ visitor }) => visitor.cell !== 'on')
        const outcomes = [...(await good.write(protocol, kept, signal))]
        return writes.map(({ visitor }) =>
          visitor.cell === 'on' ? { ok: true, value: undefined } : outcomes.shift()!,
        )
      },
    })),
  },
  {
    fault: 'writes a batch from its end',
    check: 'a batch is written in order, with one outcome each',
    says: /left the device wrong: good\[0\] holds number -32768/,
    change: connections((good) => ({
      async write(protocol, writes, signal) {
        return (await good.write(protocol, [...writes].reverse(), signal)).toReversed()
      },
    })),
  },
  {
    fault: 'writes integers as doubles',
    check: 'it writes the limits of types',
    says: /good\[1\] holds bigint 9223372036854775808 at a limit/,
    also: ['a batch is written in order, with one outcome each'],
    change: connections((good) => ({
      write: (protocol, writes, signal) =>
        good.write(
          protocol,
          writes.map(({ visitor, value }) => ({
            visitor,
            value: typeof value === 'bigint' ? BigInt(Number(value)) : value,
          })),
          signal,
        ),
    })),
  },
  {
    fault: 'cuts off what does not fit',
    check: 'it refuses what does not fit instead of changing it',
    says: /wrote number 32768 to good\[0\], which cannot hold it, and called it ok/,
    change: connections((good) => ({
      write: (protocol, writes, signal) =>
        good.write(
          protocol,
          writes.map(({ visitor, value }) => ({
            visitor,
            value: visitor.cell === 'speed' ? ((Number(value) + 32_768) & 65_535) - 32_768 : value,
          })),
          signal,
        ),
    })),
  },
  {
    fault: 'throws for a write that the device refuses',
    check: 'a write that the device refuses is an outcome',
    says: /failed a write: \[access_denied\] locked is locked/,
    also: [codes],
    change: connections((good) => ({
      async write(protocol, writes, signal) {
        const outcomes = await good.write(protocol, writes, signal)
        outcomes
          .filter((each) => !each.ok && each.error.code === 'access_denied')
          .forEach(throwRefusal)
        return outcomes
      },
    })),
  },
  {
    fault: 'stops a batch at a write that is refused',
    check: 'a write that the device refuses is an outcome',
    says: /answered a write of 7 items with 1 outcomes/,
    change: connections((_, { host }) => ({
      async write(protocol, writes, signal) {
        const device = deviceAt(host, protocol)
        const outcomes: Outcome<void>[] = []
        for (const { visitor, value } of writes) {
          const outcome = await device.ask(() => put(device, visitor, value), signal)
          outcomes.push(outcome)
          if (!outcome.ok) break
        }
        if (writes.length === 0 && signal.aborted) throw canceled(signal)
        return outcomes
      },
    })),
  },
  {
    fault: 'keeps a plan in its visitors',
    check: 'it changes neither its arguments nor its schemas',
    says: /failed|changed what it was given to read/,
    change: connections((good) => ({
      read(protocol, visitors, signal) {
        for (const visitor of visitors) if (!Object.isFrozen(visitor)) visitor.cell += ''
        for (const visitor of visitors) Reflect.set(visitor, 'plan', 'kept')
        return good.read(protocol, visitors, signal)
      },
    })),
  },
]
