import type { RawValue } from '../../device.ts'
import type { Outcome } from '../../driver.ts'
import { connectionTo, deviceAt, outcomeOf, type MemoryHost } from '../memory-driver.suite.ts'
import { answers, connections, type BrokenDriver } from './broken-driver.suite.ts'

const shares = 'two devices share one connection'
const changesNothing = 'it changes neither its arguments nor its schemas'
const namesField = 'it refuses wrong configurations and names the field'

/** Faults at configurations, at what devices share, and at watches. */
export const brokenAtOutlines: readonly BrokenDriver[] = [
  {
    fault: 'names the wrong field',
    check: namesField,
    says: /named not cell as wrong in the wrong visitor config {"cell":"nowhere"}, but: .*host/,
    change: (good) => ({
      ...good,
      check: (protocol, visitor) => {
        const conflict = good.check?.(protocol, visitor)
        return conflict && { ...conflict, field: 'host' }
      },
    }),
  },
  {
    fault: 'takes a configuration that cannot work',
    check: namesField,
    says: /took the wrong visitor config {"cell":"nowhere"}; it must refuse cell/,
    change: (good) => ({ ...good, check: () => undefined }),
  },
  {
    fault: 'does not explain an option',
    check: 'its schemas can be used and explain every option',
    says: /does not describe depth in its visitorSchema/,
    change: (good) => {
      const { properties } = good.visitorSchema as { properties: object }
      const visitorSchema = {
        ...good.visitorSchema,
        properties: { ...properties, depth: { type: 'integer' } },
      }
      return { ...good, visitorSchema }
    },
  },
  {
    fault: 'complains of what it needs itself',
    check: 'it takes good configurations without a complaint',
    says: /hostname is not known and ignored/,
    change: (good) => ({ ...good, normalize: (raw) => ({ host: raw['hostname'] ?? '', ...raw }) }),
  },
  {
    fault: 'translates a configuration in place',
    check: 'normalize is pure and need not be called twice',
    says: /changed the protocol config {"hostname":"host-\d+"} in normalize/,
    change: (good) => ({
      ...good,
      normalize(raw) {
        if (raw['hostname'] === undefined) return raw
        const own = raw as Record<string, RawValue>
        own['host'] = own['hostname'] ?? ''
        delete own['hostname']
        return own
      },
    }),
  },
  {
    fault: 'changes its own defaults',
    check: changesNothing,
    says: /changed its schemas/,
    change: (good) => {
      const own = { ...good, protocolSchema: structuredClone(good.protocolSchema) }
      const { properties } = own.protocolSchema as { properties: { unit: { default: number } } }
      return {
        ...own,
        connect(protocol, context) {
          properties.unit.default = (protocol.unit ?? 1) + 1
          return good.connect(protocol, context)
        },
      }
    },
  },
  {
    fault: 'takes its list of visitors apart',
    check: changesNothing,
    says: /changed what it was given to read/,
    change: connections((good) => ({
      async read(protocol, visitors, signal) {
        const outcomes = await good.read(protocol, [...visitors], signal)
        const list = visitors as unknown[]
        list.splice(0, list.length, ...list.toReversed())
        return outcomes
      },
    })),
    also: 'any',
  },
  {
    fault: 'makes up a key',
    check: 'connectionKey says the same for the same protocol config',
    says: /made two keys of one config: host-\d+#\d+ and host-\d+#\d+/,
    also: [shares],
    change: (good) => {
      let count = 0
      return { ...good, connectionKey: ({ host }) => `${host}#${count++}` }
    },
  },
  {
    fault: 'remembers in check what it was asked before',
    check: 'check is pure',
    says: /said two things of good\[0\] in check|refused a good visitor/,
    also: 'any',
    change: (good) => {
      const seen = new Set<string>()
      return {
        ...good,
        check(_, { cell }) {
          if (!seen.delete(cell)) return void seen.add(cell)
          return { field: 'cell', message: 'is there twice; leave one out' }
        },
      }
    },
  },
  {
    fault: 'has a connection for each unit',
    check: shares,
    says: /gave them two keys: host-\d+\/1 and host-\d+\/2/,
    change: (good) => ({ ...good, connectionKey: ({ host, unit }) => `${host}/${unit}` }),
  },
  {
    fault: 'asks the device that it was connected for',
    check: shares,
    says: /read item 0 of one of two devices as number 1500; it has number -7/,
    change: connections((good, { protocol }) => ({
      read: (_, visitors, signal) => good.read(protocol, visitors, signal),
    })),
  },
  {
    fault: 'keeps the device in its module',
    check: 'two connections do not disturb each other',
    says: /read good\[0\] beside another connection as number 1500; the device has number -32768/,
    change: (good, hosts) => {
      let current: MemoryHost | undefined
      return {
        ...good,
        async connect(protocol, context) {
          await (await good.connect(protocol, context)).close()
          current = hosts.get(protocol.host)
          const own = connectionTo(current!)
          return {
            ...own,
            read: (theirs, visitors, signal) =>
              deviceAt(current!, theirs)
                .ask(() => undefined, signal)
                .then(() => own.read(theirs, visitors, signal))
                .then(() => visitors.map((each) => outcomeOf(deviceAt(current!, theirs), each))),
          }
        },
      }
    },
    also: ['close ends a read that is under way'],
    inTurn: true,
  },
  {
    fault: 'watches without saying what is',
    check: 'a watch tells first what is',
    says: /told nothing of good\[0, 1, 2, 3, 4, 5\] at the start of a watch/,
    also: ['a watch tells what changes', 'an abort ends a watch', 'close ends a watch'],
    change: connections((good) => ({
      async subscribe(protocol, visitors, watch, signal, everyMs) {
        let isFirst = true
        const changed = (index: number, outcome: Outcome<never>) => {
          if (!isFirst) watch.changed(index, outcome)
        }
        const ended = good.subscribe?.(protocol, visitors, { ...watch, changed }, signal, everyMs)
        isFirst = false
        await ended
      },
    })),
  },
  {
    fault: 'tells changes under another index',
    check: 'a watch tells what changes',
    says: /told number 1500 of good\[0\] after it changed; the device has number -32768/,
    change: connections((good) => ({
      async subscribe(protocol, visitors, watch, signal, everyMs) {
        const told = new Set<number>()
        await good.subscribe?.(
          ...[protocol, visitors],
          {
            ...watch,
            changed(index, outcome) {
              watch.changed(told.has(index) ? visitors.length - 1 : index, outcome)
              told.add(index)
            },
          },
          ...[signal, everyMs],
        )
      },
    })),
  },
  {
    fault: 'goes on telling changes',
    check: 'an abort ends a watch',
    says: /told 1 changes after the watch was over/,
    change: connections((_, { host }) => ({
      async subscribe(protocol, visitors, watch, signal) {
        const device = deviceAt(host, protocol)
        const tell = (cell: string) =>
          visitors.forEach((visitor, index) => {
            if (visitor.cell === cell) watch.changed(index, outcomeOf(device, visitor))
          })
        visitors.forEach(({ cell }) => tell(cell))
        device.watchers.add(tell)
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        )
      },
    })),
    also: ['close ends a watch'],
  },
  {
    fault: 'fails when its watch is no longer wanted',
    check: 'an abort ends a watch',
    says: /failed a watch at its abort: AbortError/,
    change: connections((good) => ({
      async subscribe(protocol, visitors, watch, signal, everyMs) {
        await good.subscribe?.(protocol, visitors, watch, signal, everyMs)
        signal.throwIfAborted()
      },
    })),
  },
  {
    fault: 'answers nothing at all for an empty list',
    check: 'a read answers one outcome per visitor, in order',
    says: /answered a read of 0 items with undefined undefined and no list/,
    change: answers((outcomes) => (outcomes.length === 0 ? (undefined as never) : outcomes)),
  },
]
