import type { Outcome, Value } from '../../driver.ts'
import type {
  Change,
  MemoryConnection,
  MemoryDriver,
  MemoryHost,
  MemoryProtocol,
} from '../memory-driver.suite.ts'

/** A fault of a driver that people have made, and the checks that must find it. */
export interface BrokenDriver {
  readonly fault: string
  readonly change: Change
  /** The check that is there for this fault. */
  readonly check: string
  /** What it must say. */
  readonly says: RegExp
  /** Other checks that it fails as well. Left out: none. `any`: it can hardly do anything right. */
  readonly also?: readonly string[] | 'any'
  /** Its rigs disturb each other, so its checks must wait for one another. */
  readonly inTurn?: true
}

type Wrap = (
  good: MemoryConnection,
  about: {
    readonly host: MemoryHost
    readonly protocol: MemoryProtocol
    readonly context: Parameters<MemoryDriver['connect']>[1]
  },
) => Partial<MemoryConnection>

/** The good driver with something else in its connections. */
export const connections =
  (wrap: Wrap): Change =>
  (good, hosts) => ({
    ...good,
    async connect(protocol, context) {
      const connection = await good.connect(protocol, context)
      const host = hosts.get(protocol.host)
      return host ? { ...connection, ...wrap(connection, { host, protocol, context }) } : connection
    },
  })

/** The good driver with other answers to a read. */
export const answers = (
  change: (
    outcomes: readonly Outcome<Value>[],
    visitors: readonly { readonly cell: string }[],
  ) => readonly Outcome<Value>[],
): Change =>
  connections((good) => ({
    async read(protocol, visitors, signal) {
      return change(await good.read(protocol, visitors, signal), visitors)
    },
  }))

/** Takes an answer of the device for the end of the link. */
export const throwRefusal = (outcome: Outcome<unknown>) => {
  if (!outcome.ok) throw outcome.error
}
