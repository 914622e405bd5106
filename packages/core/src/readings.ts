import type { Activity } from './activity.ts'
import { formatValue, limitProblem } from './convert.ts'
import type { Id } from './device.ts'
import type { Outcome, Value } from './driver.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { isGrave, isSilence, type Faults } from './health.ts'
import type { Logger } from './log.ts'
import type { Outbox } from './outbox.ts'
import type { ResolvedProperty } from './resolve.ts'
import type { Clock } from './time.ts'
import { encodeTwinText } from './twin-text.ts'
import { applyOptions, isChange } from './value-options.ts'

/** The last reading of a property; the object stays the same and changes with the next reading. */
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
  /** What became of those whose last reading failed; asked for after every read, so it is kept. */
  faults(): Faults
}

export function createReadings(options: {
  readonly device: Id
  readonly outbox: Outbox
  readonly clock: Clock
  readonly logger: Logger
  readonly activity: Activity
  readonly values: 'encode' | 'reject'
}): Readings {
  const { activity, clock, device, logger, outbox, values } = options
  /** Changed in place: there may be a hundred thousand readings a second. */
  const all = new Map<string, { -readonly [Key in keyof Reading]: Reading[Key] }>()
  const grave = new Map<string, MapperError>()
  let failed = 0
  let silent = 0
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

  const setError = (name: string, before: MapperError | undefined, next?: MapperError) => {
    if (before !== undefined) failed--
    if (before !== undefined && isSilence(before)) silent--
    if (next !== undefined) failed++
    if (next !== undefined && isSilence(next)) silent++
    if (next !== undefined && isGrave(next)) grave.set(name, next)
    else grave.delete(name)
  }

  const readingOf = (name: string) => {
    let reading = all.get(name)
    if (reading === undefined) {
      reading = { text: undefined, at: 0, error: undefined }
      all.set(name, reading)
    }
    return reading
  }

  return {
    take(property, outcome, now) {
      const { name } = property
      const read = outcome.ok ? textOf(property, outcome.value) : MapperError.from(outcome.error)
      const reading = readingOf(name)
      const before = reading.error
      if (read instanceof MapperError) {
        activity.read(read.code)
        setError(name, before, read)
        reading.error = read
        // A silent device is told once, by its state, not once per property.
        if (before?.code !== read.code && !isSilence(read)) {
          logger[errorPolicies[read.code].level]({ property: name, err: read }, 'no reading')
        }
        return undefined
      }
      activity.read('good')
      if (before !== undefined) {
        setError(name, before)
        reading.error = undefined
        logger.info({ property: name }, 'reading again')
      }
      reading.text = read
      reading.at = (outcome.ok ? outcome.at : undefined) ?? now
      return read
    },
    publish(property, observedDesired, urgent) {
      const text = all.get(property.name)?.text
      if (!property.reportToCloud || text === undefined) return
      const reported = encodeTwinText(text, values)
      if (!reported.ok) {
        activity.dropped('text', 1)
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
      for (const [name, { error }] of all) {
        if (names.has(name)) continue
        setError(name, error)
        all.delete(name)
        untold.delete(name)
      }
      warned.clear()
    },
    all,
    untold: (property) => untold.get(property),
    faults: () => ({
      count: failed,
      silent,
      grave: grave.size,
      cause: grave.size === 0 ? undefined : grave.values().next().value,
    }),
  }
}
