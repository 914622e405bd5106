import {
  idOf,
  type Device,
  type DeviceModel,
  type DeviceProperty,
  type RawConfig,
} from '../../device.ts'
import { fromCustomResource, type Instance } from './instance.ts'
import { at, listOf, numberOf, rawOf, recordOf, textOf, type Unknown } from './json.ts'
import { modelOf } from './model.ts'

/** What an EdgeCore of these times checks a twin's value against. */
export type TwinType = 'int' | 'float' | 'boolean' | 'string'

/** A device of the file: what the mapper needs of it, and how it is reported over MQTT. */
export interface LegacyDevice {
  readonly device: Device
  /** Properties that have a twin, with the type of it. */
  readonly twins: ReadonlyMap<string, TwinType>
  /** Properties that are sent as plain data, and where to. */
  readonly data: { readonly topic: string; readonly properties: ReadonlyMap<string, string> }
}

/** Something that could not be used, with its place in the file. */
export interface ProfileIssue {
  /** Such as `deviceInstances[2].protocol`. */
  readonly path: string
  readonly message: string
}

export type Profile =
  | {
      readonly kind: 'profile'
      readonly devices: readonly LegacyDevice[]
      readonly models: readonly DeviceModel[]
      readonly issues: readonly ProfileIssue[]
    }
  /** No JSON object: half written, or something else altogether. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** All of it lives here: the topics of these times know no namespace. */
const namespace = 'default'

/** A device's name is part of topics and of ids. */
const legalName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/

/**
 * The text of a deviceProfile.json as devices of one protocol, and all models. Pure; never throws. What
 * is broken becomes an issue and touches no other device.
 */
export function parseProfile(text: string, protocolName: string): Profile {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : 'is no JSON' }
  }
  const root = recordOf(parsed)
  if (root === undefined) return { kind: 'unreadable', reason: 'is no JSON object' }

  const issues: ProfileIssue[] = []
  const say = (path: string, message: string) => void issues.push({ path, message })

  const models = new Map<string, DeviceModel>()
  for (const [index, entry] of listOf(root['deviceModels'], 'deviceModels', say).entries()) {
    const path = at('deviceModels', index)
    const model = modelOf(entry, namespace, path, say)
    if (model === undefined) continue
    if (models.has(model.name)) say(`${path}.name`, 'is there a second time; this one is ignored')
    else models.set(model.name, model)
  }

  const protocols = new Map<string, Unknown>()
  for (const [index, entry] of listOf(root['protocols'], 'protocols', say).entries()) {
    const protocol = recordOf(entry)
    const name = textOf(protocol?.['name'])
    if (protocol === undefined || name === '') say(at('protocols', index), 'has no name')
    else protocols.set(name, protocol)
  }

  const devices = new Map<string, LegacyDevice>()
  for (const [index, entry] of listOf(root['deviceInstances'], 'deviceInstances', say).entries()) {
    const path = at('deviceInstances', index)
    const instance = instanceOf(entry, protocols, path, say)
    if (instance === undefined || instance.protocolName !== protocolName) continue
    if (!legalName.test(instance.name)) {
      say(path, `is named ${JSON.stringify(instance.name.slice(0, 60))}, which fits no topic`)
    } else if (devices.has(instance.name)) {
      say(path, `is a second ${instance.name}; this one is ignored`)
    } else {
      const model = models.get(instance.model)
      if (model === undefined)
        say(`${path}.model`, `${instance.model || 'none'} is not in the file`)
      devices.set(instance.name, deviceOf(instance, model, path, say))
    }
  }
  return { kind: 'profile', devices: [...devices.values()], models: [...models.values()], issues }
}

type Say = (path: string, message: string) => void

/** The entry in one form, whichever of KubeEdge's two it has; undefined if it is not usable. */
function instanceOf(
  value: unknown,
  protocols: ReadonlyMap<string, Unknown>,
  path: string,
  say: Say,
): Instance | undefined {
  const entry = recordOf(value)
  if (entry === undefined) return void say(path, 'is no object')
  if (recordOf(entry['spec']) !== undefined) return fromCustomResource(entry)
  const protocol = protocols.get(textOf(entry['protocol']))
  if (protocol === undefined) {
    const name = textOf(entry['protocol']).slice(0, 60)
    return void say(`${path}.protocol`, `${JSON.stringify(name)} is not in "protocols"`)
  }
  const own = recordOf(protocol['protocolConfig']) ?? {}
  const common = recordOf(protocol['protocolCommonConfig'])
  const kind = textOf(protocol['protocol'])
  const isCustomized = recordOf(own['configData']) !== undefined
  return {
    // EdgeCore's topics carry the id; CloudCore writes the same text to both.
    name: textOf(entry['id']) || textOf(entry['name']),
    model: textOf(entry['model']),
    protocolName: isCustomized ? textOf(own['protocolName']) || kind : kind,
    protocol: {
      ...(isCustomized ? recordOf(own['configData']) : { [kind]: own }),
      ...(common && { common }),
    },
    visitorKey: 'visitorConfig',
    visitors: entry['propertyVisitors'],
    twins: entry['twins'],
    data: recordOf(entry['data']) ?? {},
    paths: { visitors: 'propertyVisitors', twins: 'twins', data: 'data' },
  }
}

function deviceOf(
  { name, model: modelName, protocolName, paths, ...instance }: Instance,
  model: DeviceModel | undefined,
  path: string,
  say: Say,
): LegacyDevice {
  const types = new Map(model?.properties.map((property) => [property.name, property.type]))
  const twins = new Map<string, TwinType>()
  const desired = new Map<string, string>()
  for (const [index, value] of listOf(instance.twins, `${path}.${paths.twins}`, say).entries()) {
    const twin = recordOf(value)
    const property = textOf(twin?.['propertyName'])
    if (twin === undefined || property === '') {
      say(`${path}.${at(paths.twins, index)}`, 'has no propertyName')
      continue
    }
    const wish = recordOf(twin['desired'])
    const said =
      textOf(recordOf(wish?.['metadata'])?.['type']) ||
      textOf(recordOf(recordOf(twin['reported'])?.['metadata'])?.['type'])
    twins.set(property, twinType(said || (types.get(property) ?? '')))
    desired.set(property, textOf(wish?.['value']))
  }

  const data = new Map<string, string>()
  const dataPath = `${path}.${paths.data}.dataProperties`
  for (const value of listOf(instance.data['dataProperties'], dataPath, say)) {
    const entry = recordOf(value)
    const property = textOf(entry?.['propertyName'])
    const type = textOf(recordOf(entry?.['metadata'])?.['type'])
    if (property !== '') data.set(property, type || (types.get(property) ?? 'string').toLowerCase())
  }

  const properties: DeviceProperty[] = []
  for (const [index, value] of listOf(
    instance.visitors,
    `${path}.${paths.visitors}`,
    say,
  ).entries()) {
    const place = `${path}.${at(paths.visitors, index)}`
    const visitor = recordOf(value)
    const property = textOf(visitor?.['propertyName'])
    if (visitor === undefined || property === '') {
      say(place, 'has no propertyName')
      continue
    }
    const collect = numberOf(visitor['collectCycle'])
    properties.push({
      name: property,
      desired: desired.get(property) ?? '',
      visitor: visitorOf(visitor, instance.visitorKey, place, say),
      collectCycle: toMs(collect),
      reportCycle: toMs(numberOf(visitor['reportCycle'])),
      // −1 is the Go SDK's word for "not on its own accord".
      reportToCloud: collect >= 0 && (twins.has(property) || data.has(property)),
    })
  }
  const visited = new Set(properties.map((property) => property.name))
  for (const property of twins.keys()) {
    if (!visited.has(property)) say(path, `has a twin ${property} without a property visitor`)
  }
  const topic = textOf(instance.data['dataTopic'])
  const device: Device = {
    ...{ namespace, name, model: modelName, protocolName, properties, methods: [] },
    protocol: rawOf(instance.protocol, `${path}.protocol`, say),
    stateReport: { toCloud: true, cycleMs: 0 },
  }
  const isTopic = topic !== '' && !/[+#\0]/.test(topic)
  return {
    device,
    twins,
    data: { topic: isTopic ? topic : `$ke/events/device/${name}/data/update`, properties: data },
  }
}

function visitorOf(visitor: Unknown, key: string, path: string, say: Say): RawConfig {
  const config = recordOf(visitor[key]) ?? {}
  const extra = recordOf(visitor['customizedValues'])
  return rawOf(
    { ...(recordOf(config['configData']) ?? config), ...(extra && { customizedValues: extra }) },
    `${path}.${key}`,
    say,
  )
}

/** Nanoseconds. Below a whole millisecond nobody polls: such a number was meant as milliseconds. */
const toMs = (cycle: number) => (cycle <= 0 ? 0 : cycle < 1e6 ? cycle : cycle / 1e6)

/** The words that EdgeCore knows; others it refuses. */
function twinType(word: string): TwinType {
  const lower = word.toLowerCase()
  if (lower === 'int' || lower === 'integer') return 'int'
  if (lower === 'float' || lower === 'double') return 'float'
  return lower === 'boolean' ? 'boolean' : 'string'
}

export const legacyIdOf = (name: string) => idOf({ namespace, name })
