import type { ConnectContext } from './connect-context.ts'
import type { ModelProperty, RawConfig } from './device.ts'
import type { Outcome, Value } from './outcome.ts'
import type { JSONSchema } from './schema.ts'
import type { Watch } from './watch.ts'

export type { ConnectContext } from './connect-context.ts'
export type { Outcome, Value } from './outcome.ts'
export type { Watch } from './watch.ts'

/** One write of a batch. The value already has the property's type and lies within its limits. */
export interface Write<V> {
  readonly visitor: V
  readonly value: Value
}

/** What is wrong with a field: words that go on after its name, as in "is 3, but uint32 takes 2". */
export interface Conflict {
  readonly field: string
  readonly message: string
}

/**
 * A protocol: how to check its configuration and how to connect. `P` is the checked
 * `spec.protocol.configData` of a device, `V` the checked `visitors.configData` of a property.
 *
 * Core promises: configurations are normalized and checked before they get here, and never change;
 * a connection is never used again after it threw.
 * A driver promises: no retries, sleeps, queues, polling or locks beyond the protocol's own timing,
 * no mutable module state, no changes to its arguments. Core owns all of these.
 */
export interface Driver<P = unknown, V = unknown> {
  /** As in `spec.protocol.protocolName`. */
  readonly protocolName: string
  /** Of `spec.protocol.configData`. Core coerces and fills defaults in a copy. */
  readonly protocolSchema: JSONSchema
  /** Of `visitors.configData`, without the value options, which belong to core. */
  readonly visitorSchema: JSONSchema
  /**
   * Translates dialects and aliases of existing CRs to the words of the schemas. Pure; returns a new
   * object or the same one. `property` is the model's property when `what` is `visitor`.
   */
  normalize?(raw: RawConfig, what: 'protocol' | 'visitor', property?: ModelProperty): RawConfig
  /**
   * What its schema cannot say about a checked visitor: fields that do not fit together or beyond the
   * protocol. Only that property is left out. Pure. `property` is the model's, if there is a model.
   */
  check?(protocol: P, visitor: V, property?: ModelProperty): Conflict | undefined
  /** The same of a checked protocol config, before all visitors; may look at files that it names. */
  checkProtocol?(protocol: P): Conflict | undefined
  /** Devices with the same key share one connection: one serial line, one socket. */
  connectionKey(protocol: P): string
  /**
   * Connections with the same key take each other's time, as those on one serial line do: a silent device
   * then costs all of them little. Left out: the connectionKey.
   */
  lineKey?(protocol: P): string
  /** Opens the connection. A throw means it is not there; core tries again, later and later. */
  connect(protocol: P, context: ConnectContext): Promise<Connection<P, V>>
}

/**
 * An open link to one or more devices.
 *
 * Two layers of failure: a throw says that the link is unusable and the whole batch failed; core
 * closes it and connects afresh. An `Outcome` per item says that the device answered no for that item.
 * A device that is silent on a link that others share is not a throw: its items fail with `timeout`.
 *
 * Core promises: never more calls at once than `parallel`, never two for one device (but see
 * `writesOvertake` and `subscribe`); every signal includes the deadline; the visitors of the same due set
 * are the same array object, so a plan made for them can be kept in a WeakMap.
 * A driver promises: a call settles within one second of its abort.
 */
export interface Connection<P = unknown, V = unknown> {
  /** Calls that core may have in flight at once, each for another device; 1 if left out. */
  readonly parallel?: number
  /** How long one call may take, in ms, where that is longer than core's own deadline. */
  readonly callTimeoutMs?: number
  /**
   * Core starts a write at once, also beside a read of the same device: the connection does it before
   * the next request of that. Left out: a write waits for its turn like any call.
   */
  readonly writesOvertake?: boolean
  /** Answers one outcome per visitor, in the same order. `everyMs`: how often core reads them, if it does. */
  read(
    protocol: P,
    visitors: readonly V[],
    signal: AbortSignal,
    everyMs?: number,
  ): Promise<readonly Outcome<Value>[]>
  /** Writes all of them, in order. The answer has one outcome per write, in the same order. */
  write(
    protocol: P,
    writes: readonly Write<V>[],
    signal: AbortSignal,
  ): Promise<readonly Outcome<void>[]>
  /**
   * Watches the visitors and says what changes, first what they are now, until the signal aborts; then it
   * resolves. The call lasts as long as the subscription, runs beside all others and has no deadline; a
   * throw says, as ever, that the link is unusable. If it resolves by itself, core reads. Left out: core
   * reads. `everyMs` is the collectCycle: how often core wants to know at most.
   */
  subscribe?(
    protocol: P,
    visitors: readonly V[],
    watch: Watch,
    signal: AbortSignal,
    everyMs: number,
  ): Promise<void>
  /** Ends it: calls in flight fail, no timer or socket is left. Any time, any number of times. */
  close(): Promise<void>
}
