import { createChecker, errorAt, type Issue, type Path } from './config.ts'
import type { ModelProperty, RawConfig, RawValue } from './device.ts'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { checkMap } from './value-map.ts'
import {
  readValueOptions,
  valueOptionNames,
  valueOptionsSchema,
  type ValueOptions,
} from './value-options.ts'

/** Checks the configurations of one driver; what is wrong goes to `issues`, at the paths of the CR. */
export interface DriverConfig<P, V> {
  protocol(raw: RawConfig, issues: Issue[]): { protocol: P; connectionKey: string } | undefined
  /**
   * `at` is the place of the property in the CR. Without a model nothing is known of its type; without a
   * protocol the driver's own check is left out.
   */
  visitor(
    raw: RawConfig,
    property: ModelProperty | undefined,
    at: Path,
    issues: Issue[],
    protocol?: P,
  ): { visitor: V; options: ValueOptions } | undefined
}

/** Throws `internal` if the schemas of the driver cannot be used. */
export function createDriverConfig<P, V>(driver: Driver<P, V>): DriverConfig<P, V> {
  const protocolChecker = createChecker(driver.protocolSchema)
  const visitorChecker = createChecker(driver.visitorSchema, valueOptionNames)
  const optionsChecker = createChecker(valueOptionsSchema)
  const clash = clashOf(driver.visitorSchema)
  if (clash !== undefined) {
    throw new MapperError('internal', `the driver's visitorSchema has ${clash}, which core handles`)
  }

  const protocol = (raw: RawConfig, issues: Issue[]) => {
    const path = ['spec', 'protocol', 'configData']
    const normalized = attempt(path, issues, () => normalize(raw, 'protocol'))
    if (normalized === undefined) return undefined
    const checked = protocolChecker.check(normalized, path)
    issues.push(...checked.issues.map((issue) => asWritten(issue, path, raw, normalized)))
    if (checked.value === undefined) return undefined
    const value = checked.value as P
    const before = issues.length
    const conflict = attempt(path, issues, () => driver.checkProtocol?.(value))
    if (conflict !== undefined) {
      const issue = errorAt([...path, conflict.field], conflict.message)
      issues.push(asWritten(issue, path, raw, normalized))
    }
    if (issues.length > before) return undefined
    const connectionKey = attempt(path, issues, () => driver.connectionKey(value))
    return connectionKey === undefined ? undefined : { protocol: value, connectionKey }
  }

  const visitor = (
    raw: RawConfig,
    property: ModelProperty | undefined,
    at: Path,
    issues: Issue[],
    protocol?: P,
  ) => {
    const path = [...at, 'visitors', 'configData']
    const normalized = attempt(path, issues, () => normalize(raw, 'visitor', property))
    if (normalized === undefined) return undefined
    const [ours, theirs] = split(normalized)
    const theirsChecked = visitorChecker.check(theirs, path)
    const oursChecked = optionsChecker.check(ours, path)
    const found = [...theirsChecked.issues, ...oursChecked.issues]
    if (Object.keys(raw).length === 0 && theirsChecked.value === undefined) {
      const first = found[0]
      const why = first && `; ${first.path.at(-1)} ${first.message}`
      issues.push(errorAt(path, `is missing, so nothing says where to read${why}`))
      return undefined
    }
    issues.push(...found.map((issue) => asWritten(issue, path, raw, normalized)))
    if (theirsChecked.value === undefined || oursChecked.value === undefined) return undefined
    const options = attempt([...path, 'map'], issues, () => {
      const options = readValueOptions(oursChecked.value as Parameters<typeof readValueOptions>[0])
      if (options.map !== undefined) checkMap(options.map, property?.type ?? 'STRING')
      return options
    })
    const visitor = theirsChecked.value as V
    const before = issues.length
    const conflict = attempt(path, issues, () =>
      protocol === undefined ? undefined : driver.check?.(protocol, visitor, property),
    )
    if (conflict !== undefined) {
      const issue = errorAt([...path, conflict.field], conflict.message)
      issues.push(asWritten(issue, path, raw, normalized))
    }
    return options && issues.length === before ? { visitor, options } : undefined
  }

  const normalize = (raw: RawConfig, what: 'protocol' | 'visitor', property?: ModelProperty) => {
    const normalized: unknown = driver.normalize ? driver.normalize(raw, what, property) : raw
    if (typeof normalized === 'object' && normalized !== null) return normalized as RawConfig
    throw new MapperError('internal', 'cannot be used: the driver normalized it to no object')
  }

  return { protocol, visitor }
}

/** What `call` returns, or undefined and an issue that says why it threw. */
export function attempt<T>(path: Path, issues: Issue[], call: () => T): T | undefined {
  try {
    return call()
  } catch (thrown) {
    issues.push(errorAt(path, MapperError.from(thrown, 'invalid_config').detail))
    return undefined
  }
}

/** Core's own words of a visitor, and the driver's. */
function split(raw: RawConfig): [ours: RawConfig, theirs: RawConfig] {
  const entries = Object.entries(raw)
  const isOurs = ([key]: (typeof entries)[number]) => valueOptionNames.includes(key)
  return [
    Object.fromEntries(entries.filter(isOurs)),
    Object.fromEntries(entries.filter((entry) => !isOurs(entry))),
  ]
}

function clashOf(schema: object): string | undefined {
  const { properties = {} } = schema as { properties?: object }
  return valueOptionNames.find((name) => Object.hasOwn(properties, name))
}

const isSame = (a: RawValue | undefined, b: RawValue | undefined) =>
  typeof a !== 'object' && typeof b !== 'object' && String(a) === String(b)

/** The issue under the name that the CR uses, where the driver translated a key and kept its value. */
function asWritten(issue: Issue, at: Path, raw: RawConfig, normalized: RawConfig): Issue {
  const key = issue.path[at.length]
  if (raw === normalized || typeof key !== 'string' || Object.hasOwn(raw, key)) return issue
  const value = normalized[key]
  const [written, ...others] = Object.keys(raw).filter(
    (name) => !Object.hasOwn(normalized, name) && isSame(raw[name], value),
  )
  if (value === undefined || written === undefined || others.length > 0) return issue
  return { ...issue, path: [...at, written, ...issue.path.slice(at.length + 1)] }
}
