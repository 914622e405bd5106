import { configSchema, parseConfig } from '@mapper-sdk/core/main'
import { yamlParts } from '@mapper-sdk/edge-sim'
import type { Source } from './document.ts'
import type { Edit, Finding } from './finding.ts'
import { onlyNear } from './near.ts'
import type { MapperFile, World } from './subject.ts'

/** The mapper's own file, against the schema that the mapper itself reads it with. */
export function checkMapperFile(source: Source): {
  readonly findings: readonly Finding[]
  readonly mapper?: MapperFile
} {
  const { file, text } = source
  const { config, problems } = parseConfig(text)
  const findings = problems.map((problem): Finding => {
    const { line, column, path, message, severity } = problem
    const rule =
      path === '' && config === undefined
        ? 'yaml-broken'
        : severity === 'error'
          ? 'mapper-config-value'
          : 'mapper-config-unknown'
    const edit = rule === 'mapper-config-unknown' ? editOf(text, path) : undefined
    return { rule, severity, file, line, column, path, message, ...(edit && { edit }) }
  })
  if (config === undefined) return { findings }
  const { common, mapper, uplink, mqtt, edge } = config
  const overMqtt =
    edge === 'dmi' && (uplink === 'mqtt' || (mqtt.url !== undefined && uplink !== 'dmi'))
  return {
    findings,
    mapper: {
      file,
      ...(common.protocol !== undefined && { protocol: common.protocol }),
      cycleUnit: mapper.cycle_unit,
      minimumCycleMs: mapper.minimum_cycle_ms,
      overMqtt: overMqtt || edge === 'mqtt-legacy',
    },
  }
}

/** What every mapper of the files does with cycles; the usual if they do not agree. */
export function cyclesOf({
  mappers,
}: Pick<World, 'mappers'>): Pick<MapperFile, 'cycleUnit' | 'minimumCycleMs'> {
  const [only, ...more] = mappers
  const usual = { cycleUnit: 'auto', minimumCycleMs: 10 } as const
  return only !== undefined && more.length === 0 ? only : usual
}

/** The one key of the schema that is near, if it is not there yet. */
function editOf(text: string, path: string): Edit | undefined {
  const steps = path.split('.')
  const key = steps.at(-1) ?? ''
  const known = steps
    .slice(0, -1)
    .reduce<object | undefined>((schema, step) => keysOf(schema)[step], configSchema)
  const near = onlyNear(key, Object.keys(keysOf(known)))
  const [part] = yamlParts(text)
  const span = part?.span(steps, 'key')
  if (near === undefined || span === undefined) return undefined
  if (part?.span([...steps.slice(0, -1), near], 'key') !== undefined) return undefined
  return { start: span.start, end: span.end, text: near }
}

const keysOf = (schema: object | undefined): Readonly<Record<string, object>> =>
  (schema as { readonly properties?: Record<string, object> } | undefined)?.properties ?? {}
