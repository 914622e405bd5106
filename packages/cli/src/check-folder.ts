import { createResolver, formatPath, MapperError, type Driver, type Issue } from '@mapper-sdk/core'
import { deviceOf, loadFolder, modelOf, type CrDocument } from '@mapper-sdk/edge-sim'
import { checkRecipes } from './check-recipes.ts'

/** One thing to say about a file of custom resources, and where. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly message: string
}

export interface CheckedFolder {
  readonly findings: readonly Finding[]
  /** The protocolNames of the devices, each once. */
  readonly protocols: readonly string[]
  readonly devices: number
}

/** As compilers print it. */
export const formatFinding = ({ file, line, column, severity, path, message }: Finding) =>
  `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}`

/**
 * Checks Device and DeviceModel files without a cluster or a device: their shape, that every device
 * has its model, and the protocol and visitor configurations against the driver's schemas. Recipes beside
 * them are checked, too.
 * `driverOf` gives the driver for a protocolName, or the reason why there is none.
 */
export async function checkFolder(
  folder: string,
  driverOf: (protocolName: string) => Promise<Driver>,
): Promise<CheckedFolder> {
  const { documents, issues } = await loadFolder(folder)
  const findings = issues.map((issue): Finding => {
    // There, the message already starts with the path.
    const message = issue.message.replace(`${issue.path}: `, '')
    return { ...issue, severity: 'error', message }
  })
  const models = new Map(
    documents.filter(({ kind }) => kind === 'DeviceModel').map((model) => [model.id, model]),
  )
  const protocols = new Set<string>()
  let devices = 0
  for (const document of documents) {
    if (document.kind !== 'Device') continue
    devices++
    const { protocolName } = deviceOf(document.manifest)
    protocols.add(protocolName)
    findings.push(...(await checkDevice(document, models, driverOf)))
  }
  findings.push(...(await checkRecipes(folder)))
  findings.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column)
  return { findings, protocols: [...protocols], devices }
}

async function checkDevice(
  document: CrDocument,
  models: ReadonlyMap<string, CrDocument>,
  driverOf: (protocolName: string) => Promise<Driver>,
): Promise<readonly Finding[]> {
  const { namespace, model: modelName, protocolName } = deviceOf(document.manifest)
  const finding = ({ severity, path, message }: Issue): Finding => ({
    severity,
    file: document.file,
    ...document.locate(path),
    path: formatPath(path),
    message,
  })
  const model = models.get(`${namespace}/${modelName}`)
  if (model === undefined) {
    const known = [...models.keys()].join(', ') || 'none'
    const message = `no DeviceModel ${namespace}/${modelName} in the folder (there is: ${known})`
    return [finding({ severity: 'error', path: ['spec', 'deviceModelRef', 'name'], message })]
  }
  try {
    const driver = await driverOf(protocolName)
    const device = deviceOf(document.manifest, model.manifest)
    return createResolver(driver)(device, modelOf(model.manifest)).issues.map(finding)
  } catch (thrown) {
    const { detail: message } = MapperError.from(thrown)
    return [finding({ severity: 'error', path: ['spec', 'protocol', 'protocolName'], message })]
  }
}
