import { formatValue } from '../convert.ts'
import type { PropertyType } from '../device.ts'
import type { Outcome, Value } from '../driver.ts'
import { MapperError } from '../errors.ts'

const violation = 'Violation'
const notChecked = 'NotChecked'

const named = (name: string, message: string) => Object.assign(new Error(message), { name })
const hasName = (thrown: unknown, name: string): thrown is Error =>
  thrown instanceof Error && thrown.name === name

/** Throws what the driver did, in words that go on after "the driver", unless `holds`. */
export function must(holds: boolean, did: string): asserts holds {
  if (!holds) throw named(violation, did)
}

/** Ends a check that cannot be carried out, for this reason. */
export function leaveOut(reason: string): never {
  throw named(notChecked, reason)
}

export const isViolation = (thrown: unknown) => hasName(thrown, violation)
export const isNotChecked = (thrown: unknown) => hasName(thrown, notChecked)
/** What a runner sees that cannot be told of a skipped test otherwise. */
export const notCheckedError = (reason: string) => named(notChecked, `not checked: ${reason}`)

/** A thrown value in a sentence, with its class, since that is often what is wrong with it. */
export function told(thrown: unknown): string {
  if (thrown instanceof MapperError) return thrown.message
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`
  return `${typeof thrown} ${String(thrown)}`
}

/** A value in a sentence, with its kind: 1, 1n, '1' and true are often taken for each other. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex').slice(0, 64)}`
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return `${typeof value} ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`
}

export function shownOutcome(outcome: Outcome<unknown> | undefined): string {
  if (outcome === undefined) return 'nothing'
  return outcome.ok ? shown(outcome.value) : told(outcome.error)
}

/** As the model's type shows it; undefined: core refuses to report it. */
export function textOf(value: Value, type: PropertyType): string | undefined {
  try {
    return formatValue(value, type)
  } catch (thrown) {
    if (thrown instanceof MapperError) return undefined
    throw thrown
  }
}

/** Whether two values are the same for whoever sees the twin. */
export function isSame(a: Value, b: Value, type: PropertyType): boolean {
  const [text, other] = [textOf(a, type), textOf(b, type)]
  return text !== undefined && text === other
}

export const isGood = (outcome: Outcome<Value> | undefined, value: Value, type: PropertyType) =>
  outcome?.ok === true && isSame(outcome.value, value, type)
