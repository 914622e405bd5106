import {
  createDriverConfig,
  formatPath,
  MapperError,
  type Driver,
  type DriverConfig,
  type Issue,
  type Limits,
  type PropertyType,
  type RawConfig,
  type ValueOptions,
} from '@mapper-sdk/core'
import type { DriverModule } from './find-driver.ts'
import { pairOf, parsePlaceText } from './place-text.ts'

/** One place in a device. */
export interface Item {
  /** As the user wrote it: a place, or the name of a property. */
  readonly label: string
  readonly visitor: unknown
  readonly options: ValueOptions
  /** Of the property in its model; undefined where there is no model. */
  readonly type?: PropertyType
  readonly limits?: Limits
  readonly isReadOnly?: boolean
  /** Of the value, as in °C. */
  readonly unit?: string
}

/** A device and places in it, all checked. */
export interface Target extends DriverModule {
  readonly protocol: unknown
  readonly items: readonly Item[]
}

/**
 * A device and places as they were written on the command line. `set` are more `key=value` pairs of the
 * protocol configuration. Throws `invalid_config` with all that is wrong, also for words that nobody knows.
 */
export function createTarget(
  module: DriverModule,
  words: {
    readonly where: string
    readonly set?: readonly string[]
    readonly places: readonly string[]
  },
): Target {
  const config = createDriverConfig(module.driver)
  const problems: string[] = []
  const protocol = collect(problems, () =>
    checkProtocol(config, rawProtocol(module, words.where, words.set), words.where),
  )
  const items = words.places.map((label) =>
    collect(problems, () => ({
      label,
      ...checkVisitor(config, rawVisitor(module, label), { label, protocol }),
    })),
  )
  if (problems.length > 0) throw new MapperError('invalid_config', problems.join('\n'))
  return { ...module, protocol, items: items.filter((item) => item !== undefined) }
}

/** The protocol configuration as it was written, not checked yet. */
export function rawProtocol(
  { driver, commandLine }: DriverModule,
  where: string,
  set: readonly string[] = [],
): RawConfig {
  const { head, words } = parsePlaceText(where)
  const pairs = set.map((text) => {
    const pair = pairOf(text)
    if (pair !== undefined) return pair
    throw new MapperError('invalid_config', `--set ${text}: write it as key=value`)
  })
  const fromHead =
    head === undefined ? {} : (commandLine?.protocol(head) ?? noHead(driver, head, 'protocol'))
  return { ...fromHead, ...words, ...Object.fromEntries(pairs) }
}

function rawVisitor({ driver, commandLine }: DriverModule, place: string): RawConfig {
  const { head, words } = parsePlaceText(place, commandLine?.headLength?.(place))
  const fromHead =
    head === undefined ? {} : (commandLine?.visitor(head) ?? noHead(driver, head, 'visitor'))
  return { ...fromHead, ...words }
}

/** Throws `invalid_config` with all that is wrong; `label` says what it is about. */
export function checkProtocol<P>(
  config: DriverConfig<P, unknown>,
  raw: RawConfig,
  label: string,
): P {
  const issues: Issue[] = []
  const found = config.protocol(raw, issues)
  if (found === undefined || issues.length > 0) throw refusal(label, issues, 3)
  return found.protocol
}

function checkVisitor(
  config: DriverConfig<unknown, unknown>,
  raw: RawConfig,
  { label, protocol }: { readonly label: string; readonly protocol: unknown },
) {
  const issues: Issue[] = []
  const found = config.visitor(raw, undefined, [], issues, protocol)
  if (found === undefined || issues.length > 0) throw refusal(label, issues, 2)
  return found
}

/** What was typed by hand and has no effect is a mistake, so warnings count as well. */
function refusal(label: string, issues: readonly Issue[], depth: number): MapperError {
  const lines = issues.map(({ path, message }) => {
    const field = formatPath(path.slice(depth))
    return `${label}: ${field === '' ? 'the configuration' : field} ${message}`
  })
  return new MapperError('invalid_config', lines.join('\n'))
}

function noHead(driver: Driver, head: string, what: 'protocol' | 'visitor'): never {
  const schema = what === 'protocol' ? driver.protocolSchema : driver.visitorSchema
  const { properties = {} } = schema as { properties?: object }
  const keys = Object.keys(properties).slice(0, 8).join(', ')
  throw new MapperError(
    'invalid_config',
    `${JSON.stringify(head)}: the driver ${driver.protocolName} has no short form for it; ` +
      `write key=value,… (it knows ${keys})`,
  )
}

function collect<T>(problems: string[], call: () => T): T | undefined {
  try {
    return call()
  } catch (thrown) {
    const error = MapperError.from(thrown)
    if (error.code !== 'invalid_config') throw error
    problems.push(error.detail)
    return undefined
  }
}
