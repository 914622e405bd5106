import type { LevelSwitch } from '../log-level.ts'
import type { MapperView } from '../view.ts'

/** What the routes answer from. */
export interface HttpContext {
  /** Undefined until the mapper is at work. */
  view(): MapperView | undefined
  readonly level: LevelSwitch
  readonly mapper: MapperInfo
  isStopping(): boolean
  /** Requests by route, method and status, and connections refused because there were too many. */
  readonly traffic: Traffic
  /** Milliseconds since 1970. */
  wall(): number
}

export interface MapperInfo {
  readonly name: string
  readonly version: string
  readonly protocol: string
  /** Of the SDK. */
  readonly sdk: string
}

export interface Traffic {
  readonly requests: ReadonlyMap<string, TrafficCount>
  readonly dropped: number
}

export interface TrafficCount {
  readonly route: string
  readonly method: string
  readonly code: number
  readonly count: number
}
