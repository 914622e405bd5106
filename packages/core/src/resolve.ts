import { createChecker, type Issue, type Path } from './config.ts'
import { limitProblem, parseLimits, parseValue, type Limits } from './convert.ts'
import { cycleMs } from './cycle.ts'
import {
  idOf,
  type Device,
  type DeviceModel,
  type DeviceProperty,
  type Id,
  type ModelProperty,
  type PropertyType,
  type RawConfig,
  type RawValue,
} from './device.ts'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { isEqual } from './is-equal.ts'
import { decodeTwinText, isLegalName } from './twin-text.ts'
import {
  invertOptions,
  readValueOptions,
  valueOptionNames,
  valueOptionsSchema,
  type ValueOptions,
} from './value-options.ts'
import { checkMap } from './value-map.ts'

/** One property that can be collected: device, model and visitor taken together and checked. */
export interface ResolvedProperty<V = unknown> {
  readonly name: string
  readonly type: PropertyType
  readonly writable: boolean
  readonly visitor: V
  readonly options: ValueOptions
  readonly limits: Limits
  readonly collectMs: number
  /** The shortest time between two reports; as `collectMs` if the CR does not say. */
  readonly reportMs: number
  readonly reportToCloud: boolean
  /** What is wished, already decoded, of the right type and within the limits; '' if nothing is. */
  readonly desired: string
  readonly unit?: string
}

export interface ResolvedDevice<P = unknown, V = unknown> {
  readonly id: Id
  readonly protocol: P
  readonly connectionKey: string
  /** In the order of the CR. */
  readonly properties: readonly ResolvedProperty<V>[]
  readonly stateReport: Device['stateReport']
  readonly methods: Device['methods']
}

export interface Resolution<P = unknown, V = unknown> {
  /** Undefined if the protocol's configuration is wrong; wrong properties are left out. */
  readonly device?: ResolvedDevice<P, V>
  /** All that is wrong, at the paths of the Device's CR. */
  readonly issues: readonly Issue[]
}

export interface ResolverSettings {
  readonly cycleUnit?: 'auto' | 'ms' | 'ns'
  readonly minimumCycleMs?: number
}

/**
 * Device + model + driver → what the device loop runs, and all that is wrong with it. Pure; never
 * throws for a configuration. Throws `internal` if the driver's schemas are wrong.
 */
export function createResolver<P, V>(
  driver: Driver<P, V>,
  settings: ResolverSettings = {},
): (device: Device, model: DeviceModel) => Resolution<P, V> {
  const protocolChecker = createChecker(driver.protocolSchema)
  const visitorChecker = createChecker(driver.visitorSchema, valueOptionNames)
  const optionsChecker = createChecker(valueOptionsSchema)
  const clash = clashOf(driver.visitorSchema)
  if (clash !== undefined) {
    throw new MapperError('internal', `the driver's visitorSchema has ${clash}, which core handles`)
  }

  const resolveProtocol = (raw: RawConfig, issues: Issue[]) => {
    const path = ['spec', 'protocol', 'configData']
    const normalized = attempt(path, issues, () => normalize(raw, 'protocol'))
    if (normalized === undefined) return undefined
    const checked = protocolChecker.check(normalized, path)
    issues.push(...checked.issues.map((issue) => asWritten(issue, path, raw, normalized)))
    if (checked.value === undefined) return undefined
    const protocol = checked.value as P
    const connectionKey = attempt(path, issues, () => driver.connectionKey(protocol))
    return connectionKey === undefined ? undefined : { protocol, connectionKey }
  }

  const resolveVisitor = (raw: RawConfig, property: ModelProperty, at: Path, issues: Issue[]) => {
    const path = [...at, 'visitors', 'configData']
    const normalized = attempt(path, issues, () => normalize(raw, 'visitor', property))
    if (normalized === undefined) return undefined
    const [ours, theirs] = split(normalized)
    const visitor = visitorChecker.check(theirs, path)
    const checked = optionsChecker.check(ours, path)
    const found = [...visitor.issues, ...checked.issues]
    if (Object.keys(raw).length === 0 && visitor.value === undefined) {
      const first = found[0]
      const why = first && `; ${first.path.at(-1)} ${first.message}`
      issues.push(error(path, `is missing, so nothing says where to read${why}`))
      return undefined
    }
    issues.push(...found.map((issue) => asWritten(issue, path, raw, normalized)))
    if (visitor.value === undefined || checked.value === undefined) return undefined
    const options = attempt([...path, 'map'], issues, () => {
      const options = readValueOptions(checked.value as Parameters<typeof readValueOptions>[0])
      if (options.map !== undefined) checkMap(options.map, property.type)
      return options
    })
    return options && { visitor: visitor.value as V, options }
  }

  const normalize = (raw: RawConfig, what: 'protocol' | 'visitor', property?: ModelProperty) => {
    const normalized: unknown = driver.normalize?.(raw, what, property) ?? raw
    if (typeof normalized === 'object' && normalized !== null) return normalized as RawConfig
    throw new MapperError('internal', 'cannot be used: the driver normalized it to no object')
  }

  const cycle = (raw: number, path: Path, issues: Issue[]) => {
    const { cycleUnit: unit, minimumCycleMs: minimumMs } = settings
    const { ms, problem } = cycleMs(raw, { ...(unit && { unit }), ...(minimumMs && { minimumMs }) })
    if (problem !== undefined) issues.push(warning(path, problem))
    return ms
  }

  const resolveProperty = (
    { name, ...property }: DeviceProperty,
    model: ModelProperty,
    at: Path,
    issues: Issue[],
  ): ResolvedProperty<V> | undefined => {
    const found = resolveVisitor(property.visitor, model, at, issues)
    if (found === undefined) return undefined
    const { limits, problem } = parseLimits(model)
    if (problem !== undefined) issues.push(warning(at, `has a limit in its model: ${problem}`))
    const collectMs = cycle(property.collectCycle, [...at, 'collectCycle'], issues)
    const isOwn = property.reportCycle !== 0
    const resolved = {
      name,
      type: model.type,
      writable: model.accessMode !== 'ReadOnly',
      ...found,
      limits,
      collectMs,
      reportMs: isOwn ? cycle(property.reportCycle, [...at, 'reportCycle'], issues) : collectMs,
      reportToCloud: property.reportToCloud,
      ...(model.unit !== undefined && { unit: model.unit }),
    }
    return { ...resolved, desired: desiredOf(resolved, property.desired, at, issues) }
  }

  return (device, model) => {
    const issues: Issue[] = []
    const link = resolveProtocol(device.protocol, issues)
    const models = new Map(model.properties.map((property) => [property.name, property]))
    const seen = new Set<string>()
    const properties = device.properties.flatMap((property, index) => {
      const at = ['spec', 'properties', index]
      const { name } = property
      const owner = models.get(name)
      const problem = seen.has(name)
        ? 'is there a second time; this one is ignored'
        : nameProblem(name)
      seen.add(name)
      if (problem !== undefined) issues.push(error([...at, 'name'], problem))
      else if (owner === undefined) {
        const message = `is ${JSON.stringify(name)}, which model ${idOf(model)} does not have`
        issues.push(error([...at, 'name'], message))
      } else if (!types.has(owner.type)) {
        const message = `is of type ${owner.type} in model ${idOf(model)}, which is not supported`
        issues.push(error([...at, 'name'], message))
      } else return resolveProperty(property, owner, at, issues) ?? []
      return []
    })
    if (link === undefined) return { issues }
    const { stateReport, methods } = device
    return { device: { id: idOf(device), ...link, properties, stateReport, methods }, issues }
  }
}

/**
 * How far an update reaches: `equal` is none at all, `desired` changes wishes only, `visitors` what is
 * read or reported and how often, `connection` needs another connection. The order of keys is nothing.
 */
export function sameSpec(
  a: ResolvedDevice,
  b: ResolvedDevice,
): 'equal' | 'desired' | 'visitors' | 'connection' {
  if (a === b) return 'equal'
  if (a.id !== b.id || a.connectionKey !== b.connectionKey || !isEqual(a.protocol, b.protocol)) {
    return 'connection'
  }
  if (!isEqual(a.stateReport, b.stateReport) || !isEqual(a.methods, b.methods)) return 'visitors'
  if (!isEqual(a.properties.map(withoutDesired), b.properties.map(withoutDesired)))
    return 'visitors'
  const isWished = a.properties.every(
    ({ desired }, index) => desired === b.properties[index]?.desired,
  )
  return isWished ? 'equal' : 'desired'
}

const types: ReadonlySet<string> = new Set(['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES'])

const withoutDesired = ({ desired: _, ...property }: ResolvedProperty) => property

const error = (path: Path, message: string): Issue => ({ severity: 'error', path, message })
const warning = (path: Path, message: string): Issue => ({ severity: 'warning', path, message })

function nameProblem(name: string): string | undefined {
  if (isLegalName(name)) return undefined
  return `is ${JSON.stringify(name.slice(0, 60))}, which EdgeCore cannot report; use 1 to 128 of letters, digits and - _ . , : / @ #`
}

/** The wish as text if the device can take it at all; otherwise '', so that it is never written. */
function desiredOf(
  property: Omit<ResolvedProperty, 'desired'>,
  raw: string,
  at: Path,
  issues: Issue[],
): string {
  if (raw === '') return ''
  const path = [...at, 'desired', 'value']
  if (!property.writable) {
    issues.push(warning(path, 'is ignored, because the property is ReadOnly in its model'))
    return ''
  }
  const text = decodeTwinText(raw)
  const taken = attempt(path, issues, () => {
    const value = parseValue(text, property.type)
    const problem = limitProblem(value, property.limits)
    if (problem !== undefined) throw new MapperError('bad_data', problem)
    invertOptions(value, property.options)
    return text
  })
  return taken ?? ''
}

/** What `call` returns, or undefined and an issue that says why it threw. */
function attempt<T>(path: Path, issues: Issue[], call: () => T): T | undefined {
  try {
    return call()
  } catch (thrown) {
    issues.push(error(path, MapperError.from(thrown, 'invalid_config').detail))
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
