import type { OpcuaSimulatorOptions } from './options.ts'

export interface SetOptions {
  /** A name such as `Good`, `UncertainLastUsableValue`, `BadWaitingForInitialData`; default Good. */
  readonly statusCode?: string
  /** Default: now. */
  readonly sourceTimestamp?: Date
}

/** A variable as it is now. 64-bit integers are bigints; enumerations numbers; structures plain objects. */
export interface SimulatedReading {
  readonly value: unknown
  readonly statusCode: string
  readonly sourceTimestamp: Date | undefined
}

/** What becomes of requests, until it is set anew. */
export interface Interference {
  /** Every request of these services waits this long before it is handled, in ms. */
  readonly delayMs?: number
  /** Requests of these services are read and never answered. */
  readonly drop?: boolean
  /** Names such as `Read` or `CreateSession`; all services if left out. */
  readonly services?: readonly string[]
}

/**
 * A running OPC UA server with known nodes and switches for faults.
 *
 * The nodes are under `Objects/Simulator`, in the namespace `simulatorNamespace`. A node is known by
 * its name, which is also its string identifier: `Scalars.Int32` is `ns=3;s=Scalars.Int32`, and its
 * browse path is `/Objects/3:Simulator/3:Scalars/3:Int32`.
 */
export interface OpcuaSimulator {
  /** `opc.tcp://127.0.0.1:PORT`. */
  readonly url: string
  readonly port: number
  /** Index of `simulatorNamespace`: 3 unless the options order namespaces differently. */
  readonly namespaceIndex: number
  /** `ns=3;s=NAME`. */
  nodeId(name: string): string
  /** DER of the server's certificate. */
  readonly certificate: Uint8Array
  /** Folder of the server's key and of the certificates that it trusts. */
  readonly certificates: string

  /** Sets a variable past the wire. Throws for a name that is not there. */
  set(name: string, value: unknown, options?: SetOptions): void
  get(name: string): SimulatedReading
  has(name: string): boolean
  /** Removes a node as a server does whose address space changes while it runs. */
  removeNode(name: string): void
  /** Adds a variable of a built-in type to the folder `Added`; the name of one that was removed may come back. */
  addNode(name: string, type: string, value: unknown): void
  /** Raises an event at `Events.Source`; the fields that are given replace the usual ones. */
  raiseEvent(fields?: RaisedEvent): void
  /** Activates or ends the alarm `Events.Alarm`. */
  setAlarm(active: boolean): void

  readonly sessionCount: number
  /** Subscriptions of all sessions, also of those that lost theirs. */
  readonly subscriptionCount: number
  readonly monitoredItemCount: number
  /** TCP connections that are open. */
  readonly connectionCount: number
  /** Requests since the start, by service: `{ Read: 3, Publish: 12 }`. A restart goes on counting. */
  readonly calls: Readonly<Record<string, number>>

  /** The server ends all sessions without a word. `keepSubscriptions`: they wait to be transferred. */
  closeSessions(options?: { readonly keepSubscriptions?: boolean }): void
  /**
   * The server ends all subscriptions and tells their owners, as when their lifetime is over.
   * `silently`: it forgets them without a word.
   */
  deleteSubscriptions(options?: { readonly silently?: boolean }): void
  /** Publish responses are sent this much later, in order; Infinity keeps them back; 0 sends what waits. */
  delayPublish(ms: number): void
  /** Delays or drops requests; nothing ends it. */
  interfere(how?: Interference): void
  /** Says that it will shut down in so many seconds, as in ServerStatus; undefined takes it back. */
  announceShutdown(seconds: number | undefined): void
  /** Cuts all connections; new ones are taken. */
  cutConnections(): void

  /**
   * Ends the server and starts it afresh on the same port, with these options changed. All values are
   * those of a start.
   */
  restart(changes?: OpcuaSimulatorOptions): Promise<void>
  /** Restarts with a new key and a new certificate. */
  replaceCertificate(): Promise<void>
  /** Ends the server without starting it: connections are refused until `restart`. */
  stop(): Promise<void>
  /** Ends it for good; nothing is left open and temporary files are gone. Any number of times. */
  close(): Promise<void>
}

export interface RaisedEvent {
  readonly message?: string
  /** 1 … 1000. */
  readonly severity?: number
  /** The fields of the simulator's own event type. */
  readonly orderNumber?: bigint
  readonly temperature?: number
}
