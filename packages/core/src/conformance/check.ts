import type { Bench } from './bench.ts'
import type { Rig } from './rig.ts'

export type Topic =
  | 'configuration'
  | 'reading'
  | 'writing'
  | 'signals'
  | 'outages'
  | 'closing'
  | 'sharing'
  | 'watching'

/** What a rig may leave out. */
export type Need = Exclude<keyof Rig, 'driver' | 'protocol' | 'good' | 'patienceMs' | 'close'>

/** One rule of the contract, and how it is tried. */
export interface Rule {
  readonly name: string
  readonly topic: Topic
  /** What the contract says, as a whole sentence. */
  readonly why: string
  /** Where it says so. */
  readonly see: string
  readonly needs?: readonly Need[]
  /** Throws what the driver did instead, or why it cannot be checked. */
  readonly attempt: (bench: Bench) => Promise<void>
}

/** Where most rules are written down. */
export const contract = 'packages/core/src/driver.ts'
export const guide = 'docs/writing-a-driver.md'
