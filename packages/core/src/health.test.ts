import { describe, expect, it } from 'vitest'
import { errorPolicies, MapperError, type ErrorCode } from './errors.ts'
import { isGrave, isSilence, stateOf } from './health.ts'

const codes = Object.keys(errorPolicies) as ErrorCode[]
const error = (code: ErrorCode) => new MapperError(code, 'test')
const faultsOf = (...errors: MapperError[]) => ({
  count: errors.length,
  silent: errors.filter(isSilence).length,
  grave: errors.filter(isGrave).length,
  cause: errors.find(isGrave),
})
const healthy = { link: undefined, read: 3, faults: faultsOf(), misconfigured: false }

describe('the state of a device', () => {
  it('is ok when all is read, unknown when nothing is', () => {
    expect(stateOf(healthy)).toEqual({ state: 'ok' })
    expect(stateOf({ ...healthy, read: 0 })).toEqual({ state: 'unknown' })
  })

  it('is offline only when every property was met with silence', () => {
    const timeout = error('timeout')
    expect(stateOf({ ...healthy, faults: faultsOf(timeout, timeout, timeout) }).state).toBe(
      'offline',
    )
    expect(stateOf({ ...healthy, faults: faultsOf(timeout, timeout) }).state).toBe('unhealthy')
  })

  it('does not suffer from properties without a value', () => {
    const none = error('unsupported')
    expect(stateOf({ ...healthy, faults: faultsOf(none, none, none) })).toEqual({ state: 'ok' })
    const cause = error('rejected')
    expect(stateOf({ ...healthy, faults: faultsOf(none, cause) })).toEqual({
      state: 'unhealthy',
      cause,
    })
  })

  it.each(codes)('is never ok while the connection fails with %s', (code) => {
    const link = error(code)
    const { state, cause } = stateOf({ ...healthy, link })
    expect(state).not.toBe('ok')
    expect(cause).toBe(link)
  })
})
