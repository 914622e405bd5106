import type { Outcome, Value } from './outcome.ts'
import type { MapperError } from './errors.ts'

/**
 * Where a connection says what it sees of the visitors that it watches, until the signal of the watch
 * aborts; what comes later is ignored. Cheap: what is said in one tick is worked off together, and changes
 * that follow each other closely wait up to 250 ms for one another, unless they may be reported sooner.
 */
export interface Watch {
  /** The visitor with this index has changed, or has its first value. */
  changed(index: number, outcome: Outcome<Value>): void
  /** Visitors that cannot be watched (all, if the driver is told not to): core reads these, each collectCycle. */
  readInstead(indexes: readonly number[]): void
  /** The link is interrupted, and the connection works on it; left out: it goes on, nothing was missed. */
  interrupted(error?: MapperError): void
}
