import type { SecurityMode, SecurityPolicy } from '../config/protocol.ts'
import type { DeclaredNode } from './declared-nodes.ts'

/** How a user may say who it is. */
export type UserToken = 'anonymous' | 'password' | 'certificate'

/** The most that one request may ask for; 0 or left out: any number. */
export interface SimulatedLimits {
  readonly maxNodesPerRead?: number
  readonly maxNodesPerWrite?: number
  readonly maxNodesPerBrowse?: number
  readonly maxNodesPerMethodCall?: number
  readonly maxNodesPerRegisterNodes?: number
  readonly maxMonitoredItemsPerCall?: number
  readonly maxNodesPerTranslateBrowsePathsToNodeIds?: number
}

/** Counters that all change together, for measurements. */
export interface ChangingItems {
  readonly count: number
  readonly everyMs: number
  /**
   * Every change is put into the queue of whoever monitors the item, whatever sampling interval was
   * asked for, so that a gap in the numbers is a loss on the way. Default true.
   */
  readonly everyChange?: boolean
}

export interface OpcuaSimulatorOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number
  /** The address to listen on, and the one that is advertised; default 127.0.0.1. */
  readonly host?: string
  /** Host name that the endpoints advertise instead, as behind NAT. */
  readonly advertisedHost?: string
  /**
   * The namespaces from index 2 on, in this order. Must hold `simulatorNamespace`. The others hold
   * variables of the same identifiers with values that are wrong: see `decoyNamespace`.
   */
  readonly namespaces?: readonly string[]
  /** Default: None and all that are not broken. */
  readonly policies?: readonly SecurityPolicy[]
  /** Default: all. */
  readonly modes?: readonly SecurityMode[]
  /** Default: all. */
  readonly tokens?: readonly UserToken[]
  /** Passwords by user name; default `{ operator: 'secret', guest: 'guest' }`. */
  readonly users?: Readonly<Record<string, string>>
  readonly limits?: SimulatedLimits
  readonly maxSessions?: number
  readonly maxSubscriptions?: number
  /** A session that asks for a longer timeout gets this one, in ms. */
  readonly maxSessionTimeoutMs?: number
  /**
   * Folder whose `server` and `users` hold keys and certificates; what is missing is made. Left out: a
   * temporary one with a key that all simulators of the process share; removed by `close`.
   */
  readonly certificates?: string
  /** Accept the certificate of any client. Default true; false: only those in `trusted/certs`. */
  readonly trustClients?: boolean
  /** Let in whoever owns the key of any user certificate. Default true; false: only those that are trusted. */
  readonly trustUserCertificates?: boolean
  /** `Changing.0` … Default: 10 that change every 100 ms. */
  readonly items?: ChangingItems
  /** Nodes in the folder `Tree`, ten to a folder, in a deep branch. Default 0. */
  readonly treeNodes?: number
  /** Names of variables to leave out, as if they were gone since the last start. */
  readonly missing?: readonly string[]
  /** More variables, besides those of the simulator. */
  readonly nodes?: readonly DeclaredNode[]
  /** Adds node-opcua's address space for conformance tests. It takes a second or two. */
  readonly conformance?: boolean
}

/** The namespace that the simulator's own nodes are in. */
export const simulatorNamespace = 'urn:mapper-sdk:simulator'

/**
 * A namespace before it, whose scalars have the same identifiers and wrong values: whoever keeps an
 * index across a restart that moved the namespaces reads those.
 */
export const decoyNamespace = 'urn:mapper-sdk:simulator:decoy'
