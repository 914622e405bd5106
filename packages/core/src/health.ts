import type { DeviceState } from './device.ts'
import { errorPolicies, type MapperError } from './errors.ts'

/** What is known of a device's well-being. */
export interface Health {
  /** Why the last call as a whole failed, if it did. */
  readonly link: MapperError | undefined
  /** The error of the last reading of each property, undefined where it was good; unread ones are absent. */
  readonly readings: readonly (MapperError | undefined)[]
  /** Something in the configuration is wrong: part of the device is not running. */
  readonly misconfigured: boolean
}

/** The state of a device and, when it is not `ok`, the error that explains it. */
export function stateOf(health: Health): {
  readonly state: DeviceState
  readonly cause?: MapperError
} {
  if (health.link !== undefined) {
    return { state: errorPolicies[health.link.code].state, cause: health.link }
  }
  const errors = health.readings
  const bad = errors.filter((error) => error !== undefined)
  const [cause] = bad
  if (cause !== undefined) {
    const silent = bad.length === errors.length && bad.every(isSilence)
    return { state: silent ? 'offline' : 'unhealthy', cause }
  }
  if (health.misconfigured) return { state: 'unhealthy' }
  return { state: errors.length === 0 ? 'unknown' : 'ok' }
}

/** Nothing came from the device itself. */
export const isSilence = (error: MapperError): boolean =>
  errorPolicies[error.code].state === 'offline'
