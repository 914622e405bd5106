import type { DeviceState } from './device.ts'
import { errorPolicies, type MapperError } from './errors.ts'

/** What became of the properties whose last reading failed. */
export interface Faults {
  readonly count: number
  /** Those that met with silence. */
  readonly silent: number
  /** Those that count for the state of the device, and the error of the first of them. */
  readonly grave: number
  readonly cause: MapperError | undefined
}

/** What is known of a device's well-being. */
export interface Health {
  /** Why the last call as a whole failed, if it did. */
  readonly link: MapperError | undefined
  /** How many properties have been read at all, well or not. */
  readonly read: number
  readonly faults: Faults
  /** Something in the configuration is wrong: part of the device is not running. */
  readonly misconfigured: boolean
}

/** The state of a device and, when it is not `ok`, the error that explains it. */
export function stateOf(health: Health): {
  readonly state: DeviceState
  readonly cause?: MapperError
} {
  if (health.link !== undefined) {
    const { state } = errorPolicies[health.link.code]
    return { state: state === 'ok' ? 'unhealthy' : state, cause: health.link }
  }
  const { read } = health
  const { count, silent, grave, cause } = health.faults
  if (cause !== undefined) {
    return { state: count === read && silent === grave ? 'offline' : 'unhealthy', cause }
  }
  if (health.misconfigured) return { state: 'unhealthy' }
  return { state: read === 0 ? 'unknown' : 'ok' }
}

/** Nothing came from the device itself. */
export const isSilence = (error: MapperError): boolean =>
  errorPolicies[error.code].state === 'offline'

/** A property without a value may be quite in order. */
export const isGrave = (error: MapperError): boolean => errorPolicies[error.code].state !== 'ok'
