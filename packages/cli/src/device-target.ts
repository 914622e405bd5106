import { stat } from 'node:fs/promises'
import path from 'node:path'
import { createResolver, formatPath, idOf, MapperError } from '@mapper-sdk/core'
import { deviceOf, loadFolder, modelOf, type CrDocument } from '@mapper-sdk/edge-sim'
import type { DriverChoice } from './driver-choice.ts'
import { findDriverModule } from './find-driver.ts'
import type { Target } from './target.ts'

export interface DeviceWish {
  /** A file with a Device, or a folder; its model is looked for in the whole folder. */
  readonly file: string
  /** The name of the device, needed if there are several. */
  readonly name?: string
  /** Names of properties; all of the device if there are none. */
  readonly properties: readonly string[]
}

/** A device and its properties from custom resources. Throws `invalid_config` with what is wrong, and where. */
export async function deviceTarget(wish: DeviceWish, drivers: DriverChoice): Promise<Target> {
  const { document, model } = await findDevice(wish)
  const where = `${document.file}: ${document.id}`
  const device = deviceOf(document.manifest, model.manifest)
  const module = await findDriverModule(drivers(device.protocolName))
  const { device: resolved, issues } = createResolver(module.driver)(
    device,
    modelOf(model.manifest),
  )
  const lines = issues
    .filter(({ severity }) => severity === 'error')
    .map((issue) => {
      const { line, column } = document.locate(issue.path)
      return `${document.file}:${line}:${column}: ${formatPath(issue.path)}: ${issue.message}`
    })
  if (resolved === undefined) throw wrong(lines.join('\n'))
  const known = new Map(resolved.properties.map((property) => [property.name, property]))
  const names = wish.properties.length > 0 ? wish.properties : [...known.keys()]
  const items = names.map((name) => {
    const property = known.get(name)
    if (property !== undefined) return property
    if (device.properties.some((each) => each.name === name)) throw wrong(lines.join('\n'))
    throw wrong(`${where} has no property ${name} (it has ${[...known.keys()].join(', ')})`)
  })
  if (items.length === 0) throw wrong([`${where} has no property to read`, ...lines].join('\n'))
  return {
    ...module,
    protocol: resolved.protocol,
    items: items.map(({ name, visitor, options, type, limits, writable, unit }) => ({
      ...{ label: name, visitor, options, type, limits, isReadOnly: !writable },
      ...(unit !== undefined && { unit }),
    })),
  }
}

async function findDevice({
  file,
  name,
}: DeviceWish): Promise<{ document: CrDocument; model: CrDocument }> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new MapperError('invalid_config', `no such file: ${file}`, { cause })
  })
  const folder = found.isDirectory() ? file : path.dirname(file)
  const { documents, issues } = await loadFolder(folder)
  const isHere = (other: string) =>
    found.isDirectory() || path.resolve(other) === path.resolve(file)
  const devices = documents.filter(({ kind, file: own }) => kind === 'Device' && isHere(own))
  const [document, ...more] = devices.filter(
    ({ id, manifest }) => name === undefined || name === id || name === manifest.metadata.name,
  )
  const ids = devices.map(({ id }) => id).join(', ')
  if (document === undefined) {
    const problems = issues
      .filter(({ file: own }) => isHere(own))
      .map((issue) => `${issue.file}:${issue.line}:${issue.column}: ${issue.message}`)
    const none =
      name === undefined ? 'has no device' : `has no device ${name} (it has ${ids || 'none'})`
    throw wrong([...problems, `${file} ${none}`].join('\n'))
  }
  if (more.length > 0) throw wrong(`${file} has several devices: ${ids}; choose with --name`)
  const { namespace, model: modelName } = deviceOf(document.manifest)
  const id = idOf({ namespace, name: modelName })
  const model = documents.find((each) => each.kind === 'DeviceModel' && each.id === id)
  if (model === undefined) throw wrong(`${file}: there is no DeviceModel ${id} in ${folder}`)
  return { document, model }
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
