import { MapperError } from '@mapper-sdk/core'
import type { StatusCode } from 'node-opcua-client'

/** The answer of the server to a request as a whole, if there was one. */
export function serviceResultOf(thrown: unknown): StatusCode | undefined {
  const { response } = (thrown ?? {}) as {
    response?: { responseHeader?: { serviceResult?: StatusCode } }
  }
  return response?.responseHeader?.serviceResult
}

const gone = new Set([
  'BadSessionIdInvalid',
  'BadSessionClosed',
  'BadSessionNotActivated',
  'BadSecureChannelClosed',
  'BadSecureChannelIdInvalid',
])

/** The server does not know the session any more. */
export const isSessionGone = (thrown: unknown): boolean =>
  gone.has(serviceResultOf(thrown)?.name ?? '')

/** What failed as a whole, as a MapperError. */
export function failureOf(thrown: unknown): MapperError {
  if (thrown instanceof MapperError) return thrown
  const status = serviceResultOf(thrown)
  if (status !== undefined) {
    return new MapperError('rejected', `the server answered ${status.name}`, { cause: thrown })
  }
  return MapperError.from(thrown, 'unreachable')
}
