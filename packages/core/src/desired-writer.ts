import { formatValue, parseValue } from './convert.ts'
import {
  noDesired,
  observedOf,
  onReading,
  onWritten,
  startDesired,
  startWriting,
  wish,
  type Desired,
  type WriteResult,
} from './desired.ts'
import type { Outcome, Value, Write } from './driver.ts'
import { MapperError } from './errors.ts'
import type { Logger } from './log.ts'
import type { StateStore } from './store.ts'
import type { ResolvedDevice, ResolvedProperty } from './resolve.ts'
import { applyOptions, invertOptions } from './value-options.ts'
import { writeOf, type WriteBatch } from './write-batch.ts'

/** The desired values of one device: decides what to write, writes it once, keeps what was taken. */
export interface DesiredWriter {
  /** The device as it is from now on. */
  update(device: ResolvedDevice): void
  /** A good reading of a property, as text. */
  reading(property: ResolvedProperty, text: string): void
  /** Writes all that is pending, newest wish only. At most one flush is under way. */
  flush(): Promise<void>
  observed(property: string): string
}

export function createDesiredWriter(options: {
  readonly device: ResolvedDevice
  readonly store: StateStore
  readonly logger: Logger
  readonly writeBatch: WriteBatch
  /** The outcome of a write is known: report the property soon. */
  readonly onOutcome: (property: ResolvedProperty, readBack: Outcome<Value> | undefined) => void
}): DesiredWriter {
  const { store, logger } = options
  const states = new Map<string, Desired>()
  const pending = new Set<string>()
  /** What a property read right after its write: devices round, and that is not drift. */
  const taken = new Map<string, string>()
  let device = options.device
  let flushing = false

  const keyOf = (property: ResolvedProperty) => `written/${device.id}/${property.name}`
  const set = (name: string, state: Desired) => {
    states.set(name, state)
    if (state.kind === 'pending') pending.add(name)
    else pending.delete(name)
  }
  const stateOf = (name: string) => states.get(name) ?? noDesired

  const init = (property: ResolvedProperty) => {
    const policy = property.options.desiredPolicy
    const remembered = policy === 'once' ? store.get(keyOf(property)) : undefined
    set(property.name, startDesired(wantedOf(property), policy, remembered))
  }

  const finish = (property: ResolvedProperty, result: WriteResult, error?: MapperError) => {
    const before = stateOf(property.name)
    const policy = property.options.desiredPolicy
    const after = onWritten(before, result, policy)
    set(property.name, after)
    if (before.kind !== 'writing') return
    const fields = { property: property.name, desired: before.wanted, ...(error && { err: error }) }
    if (result === 'done') {
      if (policy === 'once') store.set(keyOf(property), before.wanted)
      logger.info(fields, 'desired value written')
    } else if (after.kind === 'refused') {
      // A pulse whose outcome is unknown may have happened: it must not happen again after a restart.
      if (policy === 'once' && result === 'unknown') store.set(keyOf(property), before.wanted)
      logger.warn(fields, 'desired value not taken; it is tried again when it changes')
    } else {
      logger.debug(fields, 'desired value not written yet')
    }
  }

  for (const property of device.properties) init(property)

  return {
    update(next) {
      const known = new Map(device.properties.map((property) => [property.name, property]))
      device = next
      const names = new Set(next.properties.map(({ name }) => name))
      for (const name of states.keys()) {
        if (names.has(name)) continue
        states.delete(name)
        pending.delete(name)
      }
      for (const property of next.properties) {
        const state = states.get(property.name)
        const before = known.get(property.name)
        if (state === undefined || before === undefined) init(property)
        else set(property.name, wish(state, wantedOf(property)))
      }
    },
    reading(property, text) {
      const state = stateOf(property.name)
      if (state.kind !== 'compare' && state.kind !== 'settled') return
      const equal = text === textOf(property, state.wanted) || text === taken.get(property.name)
      set(property.name, onReading(state, equal, property.options.desiredPolicy))
    },
    async flush() {
      if (flushing || pending.size === 0) return
      const properties: ResolvedProperty[] = []
      const writes: Write<unknown>[] = []
      for (const property of device.properties) {
        const state = stateOf(property.name)
        if (state.kind !== 'pending') continue
        set(property.name, startWriting(state))
        taken.delete(property.name)
        try {
          writes.push(writeOf(property, state.wanted))
          properties.push(property)
        } catch (thrown) {
          finish(property, 'refused', MapperError.from(thrown))
          options.onOutcome(property, undefined)
        }
      }
      if (writes.length === 0) return
      flushing = true
      try {
        const { started, result, error } = await options.writeBatch(properties, writes)
        properties.forEach((property, index) => {
          const outcome = result?.written[index]
          const back = result?.readBack?.[index]
          if (outcome === undefined) finish(property, started ? 'unknown' : 'not started', error)
          else if (outcome.ok) finish(property, 'done')
          else finish(property, resultOf(outcome.error), outcome.error)
          if (outcome?.ok && back?.ok) rememberTaken(property, back.value)
          if (outcome !== undefined) options.onOutcome(property, back)
        })
      } finally {
        flushing = false
      }
    },
    observed: (name) => observedOf(stateOf(name)),
  }

  function rememberTaken(property: ResolvedProperty, raw: Value) {
    try {
      taken.set(property.name, formatValue(applyOptions(raw, property.options), property.type))
    } catch {
      // A value that has no text has nothing to be compared with.
    }
  }
}

const wantedOf = (property: ResolvedProperty) => (property.writable ? property.desired : '')

/** The text that a device reads as once it has taken the wish; the wish itself if it has none. */
function textOf(property: ResolvedProperty, wanted: string): string {
  try {
    const value = parseValue(wanted, property.type)
    return formatValue(
      applyOptions(invertOptions(value, property.options), property.options),
      property.type,
    )
  } catch {
    return wanted
  }
}

function resultOf(error: MapperError): WriteResult {
  const unknown = ['timeout', 'unreachable', 'canceled', 'internal'].includes(error.code)
  return unknown ? 'unknown' : 'refused'
}
