import { limitProblem, parseValue } from './convert.ts'
import type { Connection, Outcome, Value, Write } from './driver.ts'
import { MapperError } from './errors.ts'
import { expectLength } from './expect-length.ts'
import type { Lease } from './lease.ts'
import type { ResolvedProperty } from './resolve.ts'
import { invertOptions } from './value-options.ts'

/** What a batch of writes did: per write its outcome, and what the device says afterwards. */
export interface WriteBack {
  readonly written: readonly Outcome<void>[]
  /** Undefined if it could not be read back. */
  readonly readBack?: readonly Outcome<Value>[]
}

/** Runs one batch on the device; `started` false means that the device was not reached at all. */
export type WriteBatch = (
  properties: readonly ResolvedProperty[],
  writes: readonly Write<unknown>[],
) => Promise<{ started: boolean; result?: WriteBack; error?: MapperError }>

/** Writes, then reads back, as one call on the connection, so that nothing comes in between. */
export function createWriteBatch(
  lease: Lease,
  protocol: () => unknown,
  signal: AbortSignal,
): WriteBatch {
  return async (properties, writes) => {
    let back: WriteBack | undefined
    const visitors = properties.map(({ visitor }) => visitor)
    const call = {
      kind: 'write' as const,
      signal,
      started: false,
      run: async (connection: Connection, callSignal: AbortSignal) => {
        const written = await connection.write(protocol(), writes, callSignal)
        back = { written: expectLength(written, writes) }
        const readBack = await connection.read(protocol(), visitors, callSignal)
        back = { ...back, readBack: expectLength(readBack, visitors) }
      },
    }
    try {
      await lease.run(call)
      return { started: true, ...(back && { result: back }) }
    } catch (thrown) {
      const error = MapperError.from(thrown)
      return { started: call.started, error, ...(back && { result: back }) }
    }
  }
}

/**
 * A text from outside as a write: typed, within the limits, unscaled. Throws `access_denied` for what
 * must not be written, `bad_data` or `rejected` for a text that is no value of the property.
 */
export function writeOf(property: ResolvedProperty, text: string): Write<unknown> {
  if (!property.writable) throw new MapperError('access_denied', `${property.name} is read-only`)
  const value = parseValue(text, property.type)
  const problem = limitProblem(value, property.limits)
  if (problem !== undefined) throw new MapperError('rejected', problem)
  return { visitor: property.visitor, value: invertOptions(value, property.options) }
}
