import { idOfManifest, yamlParts, type Manifest } from '@mapper-sdk/edge-sim'
import { checkBudget } from './check-budget.ts'
import { checkCycles } from './check-cycles.ts'
import { checkDelivery } from './check-delivery.ts'
import { checkDevice } from './check-device.ts'
import { checkDriver } from './check-driver.ts'
import { checkLines } from './check-lines.ts'
import { checkMapperFile, cyclesOf } from './check-mapper-file.ts'
import { checkProtocols } from './check-protocols.ts'
import { checkRecipeFile, checkScriptFile, checkTranscriptFile } from './check-recipe-file.ts'
import { checkSecrets } from './check-secrets.ts'
import { checkShape } from './check-shape.ts'
import { findingOf, kindOf, resourceDocuments, type Resource, type Source } from './document.ts'
import { linesOfDevices } from './line-settings.ts'
import { byPlace, type Finding } from './finding.ts'
import { worldOf, type DriverOf, type MapperFile, type World } from './subject.ts'

export interface Checked {
  /** By file and place. */
  readonly findings: readonly Finding[]
  /** The protocolNames of the devices, each once. */
  readonly protocols: readonly string[]
  readonly devices: number
}

/**
 * Checks files together: devices need their models, and share lines and budgets. `driverOf` gives the
 * driver for a protocolName, or rejects with the reason why there is none. Any text is taken: what is
 * wrong with it becomes a finding. Throws `internal` only, for a bug of a driver.
 */
export async function checkSources(
  sources: readonly Source[],
  driverOf: DriverOf,
): Promise<Checked> {
  const findings: Finding[] = []
  const resources: Resource[] = []
  const mappers: MapperFile[] = []
  for (const source of sources) {
    const parts = yamlParts(source.text)
    const kind = kindOf(source, parts)
    if (kind === 'recipe') findings.push(...(await checkRecipeFile(source)))
    else if (kind === 'script') findings.push(...(await checkScriptFile(source)))
    else if (kind === 'transcript') findings.push(...(await checkTranscriptFile(source)))
    else if (kind === 'config') {
      const checked = checkMapperFile(source)
      findings.push(...checked.findings)
      if (checked.mapper !== undefined) mappers.push(checked.mapper)
    } else {
      const read = resourceDocuments(source, parts)
      findings.push(...read.findings)
      for (const document of read.documents) {
        const remarks = checkShape(document)
        findings.push(...remarks.map((remark) => findingOf(document, remark)))
        if (remarks.length > 0) continue
        const manifest = document.value as Manifest
        const of = manifest.kind as Resource['kind']
        resources.push({ ...document, manifest, kind: of, id: idOfManifest(manifest) })
      }
    }
  }
  const { once, again } = uniqueOf(resources)
  findings.push(...again)
  const world = await worldOf(once, mappers, driverOf)
  findings.push(...checkWorld(world))
  findings.push(...checkLines(world.devices, await linesOfDevices(world.devices)))
  return {
    findings: findings.sort(byPlace),
    protocols: [...new Set(world.devices.map(({ device }) => device.protocolName))],
    devices: world.devices.length,
  }
}

function checkWorld(world: World): readonly Finding[] {
  const { devices, models } = world
  const ids = models.map(({ resource }) => resource.id)
  const cycles = cyclesOf(world)
  const ofModels = models.flatMap(({ resource }) =>
    [...checkDelivery(resource), ...checkSecrets(resource)].map((remark) =>
      findingOf(resource, remark),
    ),
  )
  const ofDevices = devices.flatMap((subject) =>
    [
      ...checkDelivery(subject.resource),
      ...checkSecrets(subject.resource, subject.driver?.protocolSchema),
      ...checkDevice(subject),
      ...checkCycles(subject, cycles),
      ...checkDriver(subject, ids),
    ].map((remark) => findingOf(subject.resource, remark)),
  )
  return [...ofModels, ...ofDevices, ...checkProtocols(world), ...checkBudget(world)]
}

/** The first of those with the same kind and id counts. */
function uniqueOf(resources: readonly Resource[]): {
  readonly once: readonly Resource[]
  readonly again: readonly Finding[]
} {
  const seen = new Map<string, Resource>()
  const again = resources.flatMap((resource): readonly Finding[] => {
    const key = `${resource.kind} ${resource.id}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, resource)
      return []
    }
    const path = ['metadata', 'name']
    const { line } = first.part.locate(path)
    const message = `${key} is already in ${first.file}:${line}, which counts; rename or remove this one`
    return [findingOf(resource, { rule: 'resource-twice', path, message })]
  })
  return { once: [...seen.values()], again }
}
