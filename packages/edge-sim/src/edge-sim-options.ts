import type { Clock, Logger } from '@mapper-sdk/core'
import type { Rate } from './limiter.ts'
import type { KubeEdgeVersion } from './version.ts'

export interface EdgeSimOptions {
  /** Where the stand-in serves DeviceManagerService: an absolute path, like EdgeCore's dmi.sock. */
  readonly socketPath: string
  /** A folder of Device and DeviceModel YAML; its changes are followed. */
  readonly folder?: string
  /** Which KubeEdge to play; 1.23 if left out. */
  readonly version?: KubeEdgeVersion
  /**
   * Plays KubeEdge up to 1.14 for mappers of that time, whatever `version` says: devices by
   * `deviceProfile()` and one-level topics, desired values as deltas over the broker. Calls over DMI
   * are UNIMPLEMENTED, and no mapper is called.
   */
  readonly legacy?: boolean
  /** The broker of EdgeCore's event bus, such as `mqtt://127.0.0.1:1883`. Without it there is no event bus. */
  readonly mqtt?: { readonly url: string }
  /** Where to keep what `deviceProfile()` gives up to date. */
  readonly profileFile?: string
  /** Calls of mappers that EdgeCore takes; 1 a second with a burst of 100 if left out. */
  readonly limiter?: Rate | 'off'
  /** Twins that go on to the cloud; 30 a second with a burst of 60 if left out. */
  readonly upstream?: Rate | 'off'
  /** Bursts of twins of one device undo each other in the cloud now and then, as in CloudCore. Off if left out. */
  readonly lossyBursts?: boolean
  readonly logger?: Logger
  readonly clock?: Clock
  readonly random?: () => number
}
