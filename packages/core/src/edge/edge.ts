import type { Device, DeviceModel, DeviceState, Id } from '../device.ts'

/**
 * The port to KubeEdge: mechanism only. What to report, when and how often is decided by its caller,
 * because all calls share one budget.
 */
export interface Edge {
  /** What this way to EdgeCore bears. `Infinity` where there is no limit. */
  readonly limits: EdgeLimits
  /**
   * Starts to listen and returns at once; the link comes up whenever EdgeCore is there, and again
   * after every loss, until the signal aborts. Throws `invalid_config` or `access_denied` only if it
   * can never work (the socket's place is not ours to take).
   */
  open(events: EdgeEvents, signal: AbortSignal): Promise<EdgeLink>
}

export interface EdgeLimits {
  readonly callsPerSecond: number
  readonly burst: number
  readonly twinsPerSecond: number
  readonly twinsPerCall: number
  /** Calls that may be under way at once, each for another device; 1 if left out. */
  readonly callsAtOnce?: number
}

export interface EdgeLink {
  /** Announces the mapper and fetches all its devices and models. Idempotent. */
  register(signal: AbortSignal): Promise<Registration | 'throttled'>
  /** Hands over twins of one device. `accepted` means queued at EdgeCore, no more. */
  reportTwins(report: TwinReport, signal: AbortSignal): Promise<Receipt>
  /** Throws `unsupported` where EdgeCore is too old to know states. */
  reportState(device: Id, state: DeviceState, signal: AbortSignal): Promise<Receipt>
  /** Ends the link and frees its socket. Any number of times. */
  close(): Promise<void>
}

/**
 * `throttled`: EdgeCore took too many calls lately; nothing was reported. Refusals: it took all twins
 * but these, which it will not take as they are.
 */
export type Receipt = 'accepted' | 'throttled' | { readonly refused: readonly Refusal[] }

export interface Refusal {
  readonly property: string
  readonly reason: string
}

export interface Registration {
  readonly devices: readonly Device[]
  readonly models: readonly DeviceModel[]
}

export interface TwinReport {
  readonly device: Id
  readonly twins: readonly TwinUpdate[]
}

/** One twin as it goes out: texts that EdgeCore's alphabet admits, at most 512 characters. */
export interface TwinUpdate {
  readonly property: string
  readonly reported: string
  /** The desired value that the device has taken; '' if there was none. */
  readonly observedDesired: string
  /** The cloud has not seen this twin yet: its first report is lost there, so it is sent twice. */
  readonly first: boolean
}

/** What comes from KubeEdge. Calls return at once; the work is done in the background. */
export interface EdgeEvents {
  /** A device was created or changed, or only repeated. May come before its model. */
  device(device: Device): void
  deviceRemoved(device: Id): void
  model(model: DeviceModel): void
  modelRemoved(model: Id): void
  /** The way to EdgeCore came up (register now) or went down. */
  link(up: boolean, reason?: string): void
  /**
   * Twins and states take another way than registering from now on, which bears this; undefined: they
   * take the same way, with the budget of the edge. What was waiting is told on the new way.
   */
  route(limits: EdgeLimits | undefined): void
  /** What the mapper knows of a device, for EdgeCore's GetDevice. */
  describe(device: Id): DeviceDescription | undefined
}

export interface DeviceDescription {
  readonly device: Device
  readonly twins: readonly Omit<TwinUpdate, 'first'>[]
}
