import { errorAt, warningAt, type Issue, type Path } from './config.ts'
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
} from './device.ts'
import { attempt, createDriverConfig } from './driver-config.ts'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { isEqual } from './is-equal.ts'
import { isLegalName } from './alphabet.ts'
import { decodeTwinText } from './twin-text.ts'
import { invertOptions, type ValueOptions } from './value-options.ts'

/** One property that can be collected: device, model and visitor taken together and checked. */
export interface ResolvedProperty<V = unknown> {
  readonly name: string
  readonly type: PropertyType
  readonly writable: boolean
  readonly visitor: V
  readonly options: ValueOptions
  readonly limits: Limits
  readonly collectMs: number
  /** The shortest time between two reports; 0 if the CR does not say: every change is reported. */
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
  const config = createDriverConfig(driver)

  const cycle = (raw: number, path: Path, issues: Issue[]) => {
    const { cycleUnit: unit, minimumCycleMs: minimumMs } = settings
    const { ms, problem } = cycleMs(raw, { ...(unit && { unit }), ...(minimumMs && { minimumMs }) })
    if (problem !== undefined) issues.push(warningAt(path, problem))
    return ms
  }

  const resolveProperty = (
    { name, ...property }: DeviceProperty,
    model: ModelProperty,
    at: Path,
    issues: Issue[],
    protocol: P | undefined,
  ): ResolvedProperty<V> | undefined => {
    const found = config.visitor(property.visitor, model, at, issues, protocol)
    if (found === undefined) return undefined
    const { limits, problem } = parseLimits(model)
    if (problem !== undefined) issues.push(warningAt(at, `has a limit in its model: ${problem}`))
    const collectMs = cycle(property.collectCycle, [...at, 'collectCycle'], issues)
    const isOwn = property.reportCycle !== 0
    const resolved = {
      name,
      type: model.type,
      writable: model.accessMode !== 'ReadOnly',
      ...found,
      limits,
      collectMs,
      reportMs: isOwn ? cycle(property.reportCycle, [...at, 'reportCycle'], issues) : 0,
      reportToCloud: property.reportToCloud,
      ...(model.unit !== undefined && { unit: model.unit }),
    }
    return { ...resolved, desired: desiredOf(resolved, property.desired, at, issues) }
  }

  return (device, model) => {
    const issues: Issue[] = []
    const link = config.protocol(device.protocol, issues)
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
      if (problem !== undefined) issues.push(errorAt([...at, 'name'], problem))
      else if (owner === undefined) {
        const message = `is ${JSON.stringify(name)}, which model ${idOf(model)} does not have`
        issues.push(errorAt([...at, 'name'], message))
      } else if (!types.has(owner.type)) {
        const message = `is of type ${owner.type} in model ${idOf(model)}, which is not supported`
        issues.push(errorAt([...at, 'name'], message))
      } else return resolveProperty(property, owner, at, issues, link?.protocol) ?? []
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
    issues.push(warningAt(path, 'is ignored, because the property is ReadOnly in its model'))
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
