import { formatValue, limitProblem } from './convert.ts'
import type { Id } from './device.ts'
import type { Outcome, Value } from './driver.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { isSilence } from './health.ts'
import type { Logger } from './log.ts'
import type { Outbox } from './outbox.ts'
import type { ResolvedProperty } from './resolve.ts'
import type { Clock } from './time.ts'
import { encodeTwinText } from './twin-text.ts'
import { applyOptions, isChange } from './value-options.ts'

/** The last reading of a property. */
export interface Reading {
  /** The last good value as text; undefined if there was none yet. */
  readonly text: string | undefined
  /** When it was true, in ms since 1970. */
  readonly at: number
  /** Why the newest reading failed, if it did. */
  readonly error: MapperError | undefined
}

/** The readings of one device: from outcomes of the wire to texts for the twins. */
export interface Readings {
  /** Takes one outcome of the wire, read at `now` (wall ms); answers the text if it is a good value. */
  take(property: ResolvedProperty, outcome: Outcome<Value>, now: number): string | undefined
  /** Puts what the twin should show now into the outbox. `urgent`: a desired value met its fate. */
  publish(property: ResolvedProperty, observedDesired: string, urgent: boolean): void
  /** Forgets the properties that are not listed, here and in the outbox. */
  keep(properties: readonly ResolvedProperty[]): void
  readonly all: ReadonlyMap<string, Reading>
  /** Why the newest value of a property cannot be told to EdgeCore at all, if so. */
  untold(property: string): string | undefined
  /** The errors of the properties whose last reading failed. */
  errors(): readonly MapperError[]
}

/** Asked for after every read. */
const none: readonly MapperError[] = []

export function createReadings(options: {
  readonly device: Id
  readonly outbox: Outbox
  readonly clock: Clock
  readonly logger: Logger
  readonly values: 'encode' | 'reject'
}): Readings {
  const { clock, device, logger, outbox, values } = options
  const all = new Map<string, Reading>()
  const errors = new Map<string, MapperError>()
  const untold = new Map<string, string>()
  const warned = new Set<string>()

  const warnOnce = (kind: string, property: ResolvedProperty, reason: string) => {
    const key = `${kind}/${property.name}`
    if (warned.has(key)) return
    warned.add(key)
    logger.warn({ property: property.name, reason }, 'a reading is out of the ordinary')
  }

  const textOf = (property: ResolvedProperty, raw: Value): string | MapperError => {
    try {
      const value = applyOptions(raw, property.options)
      const problem = limitProblem(value, property.limits)
      if (problem !== undefined) warnOnce('limit', property, problem)
      return formatValue(value, property.type)
    } catch (thrown) {
      return MapperError.from(thrown, 'bad_data')
    }
  }

  return {
    take(property, outcome, now) {
      const { name } = property
      const before = all.get(name)
      const read = outcome.ok ? textOf(property, outcome.value) : outcome.error
      if (read instanceof MapperError) {
        all.set(name, { text: before?.text, at: before?.at ?? 0, error: read })
        errors.set(name, read)
        // A silent device is told once, by its state, not once per property.
        if (before?.error?.code !== read.code && !isSilence(read)) {
          logger[errorPolicies[read.code].level]({ property: name, err: read }, 'no reading')
        }
        return undefined
      }
      if (errors.delete(name)) logger.info({ property: name }, 'reading again')
      all.set(name, {
        text: read,
        at: (outcome.ok ? outcome.at : undefined) ?? now,
        error: undefined,
      })
      return read
    },
    publish(property, observedDesired, urgent) {
      const text = all.get(property.name)?.text
      if (!property.reportToCloud || text === undefined) return
      const reported = encodeTwinText(text, values)
      if (!reported.ok) {
        untold.set(property.name, reported.reason)
        return warnOnce('text', property, reported.reason)
      }
      untold.delete(property.name)
      // A desired value outside the alphabet would take the whole twin down with it.
      const observed = encodeTwinText(observedDesired, values)
      const told = outbox.lastTold(device, property.name)
      outbox.twin(
        device,
        property.name,
        { reported: reported.text, observedDesired: observed.ok ? observed.text : '' },
        clock.now(),
        {
          urgent,
          changed: isChange(told?.reported, reported.text, property.options),
          reportMs: property.reportMs,
        },
      )
    },
    keep(properties) {
      const names = new Set(properties.map(({ name }) => name))
      const reported = new Set(
        properties.filter((one) => one.reportToCloud).map(({ name }) => name),
      )
      for (const { property } of outbox.twins(device)) {
        if (!reported.has(property)) outbox.forgetTwin(device, property)
      }
      for (const name of all.keys()) {
        if (names.has(name)) continue
        all.delete(name)
        errors.delete(name)
        untold.delete(name)
      }
      warned.clear()
    },
    all,
    untold: (property) => untold.get(property),
    errors: () => (errors.size === 0 ? none : [...errors.values()]),
  }
}
