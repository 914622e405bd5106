import type { DeviceState } from './device.ts'
import { errorPolicies, type MapperError } from './errors.ts'

/** What is known of a device's well-being. */
export interface Health {
  /** Why the last call as a whole failed, if it did. */
  readonly link: MapperError | undefined
  /** How many properties have been read at all, well or not. */
  readonly read: number
  /** The errors of those whose last reading failed. */
  readonly errors: readonly MapperError[]
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
  const errors = health.errors.filter(({ code }) => errorPolicies[code].state !== 'ok')
  const [cause] = errors
  if (cause !== undefined) {
    const silent = health.errors.length === read && errors.every(isSilence)
    return { state: silent ? 'offline' : 'unhealthy', cause }
  }
  if (health.misconfigured) return { state: 'unhealthy' }
  return { state: read === 0 ? 'unknown' : 'ok' }
}

/** Nothing came from the device itself. */
export const isSilence = (error: MapperError): boolean =>
  errorPolicies[error.code].state === 'offline'
