import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { isMap, parse, parseAllDocuments } from 'yaml'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}
export interface Manifest extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: JsonObject & { readonly name: string }
}

interface Patch {
  readonly target: { readonly kind?: string; readonly name?: string }
  readonly patch?: string
  readonly path?: string
  readonly options?: object
}
interface Generator {
  readonly name: string
  readonly behavior?: 'replace'
  readonly files: readonly string[]
}
interface Kustomization {
  readonly kind: 'Kustomization' | 'Component'
  readonly namespace?: string
  readonly namePrefix?: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly labels?: readonly { pairs: Record<string, string>; includeSelectors: true }[]
  readonly images?: readonly { name: string; newName: string; newTag: string }[]
  readonly configMapGenerator?: readonly Generator[]
  readonly patches?: readonly Patch[]
}
/** A resource, and the name that it had in its own file: patches and generators know it by that. */
interface Item {
  readonly original: string
  readonly manifest: Manifest
}

const known = new Set([
  ...['apiVersion', 'kind', 'namespace', 'namePrefix', 'resources', 'components', 'labels'],
  ...['images', 'configMapGenerator', 'patches'],
])

export function manifestsOf(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
    if (!isMap(document.contents)) throw new Error(`${file}: not a manifest`)
    return document.toJS() as Manifest
  })
}

/**
 * The part of kustomize that our overlays use, for machines without it, and stricter: a patch, an image
 * or a generator that meets nothing is an error. ConfigMaps keep their names without a hash.
 */
export const render = (folder: string): readonly Manifest[] =>
  accumulate(folder, []).map(({ manifest }) => manifest)

function accumulate(folder: string, above: readonly Item[]): readonly Item[] {
  const file = path.join(folder, 'kustomization.yaml')
  const { kind, ...rest } = parse(readFileSync(file, 'utf8')) as Kustomization
  const wrong = (text: string) => new Error(`${file}: ${text}`)
  for (const key of Object.keys(rest)) if (!known.has(key)) throw wrong(`${key} is not understood`)
  if ((kind === 'Component') !== above.length > 0) throw wrong(`is a ${kind}`)

  let items: readonly Item[] = [
    ...above,
    ...(rest.resources ?? []).flatMap((name): readonly Item[] => {
      const at = path.join(folder, name)
      if (statSync(at).isDirectory()) return accumulate(at, [])
      return manifestsOf(at).map((manifest) => ({ original: manifest.metadata.name, manifest }))
    }),
  ]
  for (const generator of rest.configMapGenerator ?? []) {
    items = generate(items, generator, folder, wrong)
  }
  for (const name of rest.components ?? []) items = accumulate(path.join(folder, name), items)
  for (const patch of rest.patches ?? []) items = applyPatch(items, patch, folder, wrong)
  const { namespace, namePrefix = '', labels = [], images = [] } = rest
  if (namePrefix !== '') items = items.map((item) => prefixed(item, namePrefix, items))
  for (const { pairs } of labels) items = items.map((item) => labelled(item, pairs))
  for (const image of images) {
    const before = JSON.stringify(items)
    items = mapItems(items, (value) =>
      value['image'] === image.name ? { image: `${image.newName}:${image.newTag}` } : {},
    )
    if (JSON.stringify(items) === before) throw wrong(`no image is named ${image.name}`)
  }
  if (namespace === undefined) return items
  return items.map(({ original, manifest }) => ({
    original,
    manifest: { ...manifest, metadata: { ...manifest.metadata, namespace } },
  }))
}

function generate(
  items: readonly Item[],
  { name, behavior, files }: Generator,
  folder: string,
  wrong: (text: string) => Error,
): readonly Item[] {
  const data = Object.fromEntries(
    files.map((file) => [path.basename(file), readFileSync(path.join(folder, file), 'utf8')]),
  )
  const isThat = ({ original, manifest }: Item) =>
    manifest.kind === 'ConfigMap' && original === name
  if (items.some(isThat) !== (behavior === 'replace')) throw wrong(`${name}: behavior is wrong`)
  const made = (as: string): Item => ({
    original: name,
    manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: as }, data },
  })
  if (behavior !== 'replace') return [...items, made(name)]
  return items.map((item) => (isThat(item) ? made(item.manifest.metadata.name) : item))
}

function applyPatch(
  items: readonly Item[],
  { target, patch, path: file }: Patch,
  folder: string,
  wrong: (text: string) => Error,
): readonly Item[] {
  const text = patch ?? readFileSync(path.join(folder, file ?? ''), 'utf8')
  const parsed = parse(text) as JsonObject | readonly Operation[]
  const fits = (pattern: string | undefined, text: string) =>
    pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text)
  let hits = 0
  const patched = items.map((item): Item => {
    const { original, manifest } = item
    if (!fits(target.kind, manifest.kind) || !fits(target.name, original)) return item
    hits++
    if (isOperations(parsed)) {
      const changed = structuredClone(manifest)
      for (const operation of parsed) applyOperation(changed, operation)
      return { original, manifest: changed }
    }
    const merged = merge(manifest, parsed, '') as Manifest
    const { kind, metadata } = manifest
    return { original, manifest: { ...merged, kind, metadata } }
  })
  if (hits === 0) throw wrong(`a patch has no target: ${JSON.stringify(target)}`)
  return patched
}

interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string
  readonly value?: Json
}
const isOperations = (value: JsonObject | readonly Operation[]): value is readonly Operation[] =>
  Array.isArray(value)

function applyOperation(root: object, { op, path: pointer, value }: Operation): void {
  const steps = pointer.split('/').slice(1)
  const last = steps.pop() ?? ''
  let at = root as Record<string, unknown>
  for (const step of steps) {
    const next = at[step]
    if (typeof next !== 'object' || next === null) throw new Error(`nothing at ${pointer}`)
    at = next as Record<string, unknown>
  }
  if (op !== 'add' && !(last in at)) throw new Error(`${op}: nothing at ${pointer}`)
  if (op === 'remove') delete at[last]
  else at[last] = value
}

/** By what the entries of a list are told apart where a patch is merged. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
}

function merge(base: Json | undefined, patch: Json | undefined, key: string): Json | undefined {
  if (patch === undefined) return base
  if (isObject(patch) && isObject(base)) {
    const merged: Record<string, Json | undefined> = { ...base }
    for (const [name, value] of Object.entries(patch)) {
      if (value === null) delete merged[name]
      else merged[name] = merge(base[name], value, name)
    }
    return merged
  }
  const by = mergeKeys[key]
  if (by === undefined || !isList(patch) || !isList(base)) return patch
  let entries = base as readonly JsonObject[]
  for (const entry of patch as readonly JsonObject[]) {
    const index = entries.findIndex((each) => each[by] === entry[by])
    if (entry['$patch'] === 'delete') {
      if (index === -1) throw new Error(`nothing to delete: ${textOf(entry[by])}`)
      entries = entries.filter((_, at) => at !== index)
    } else if (index === -1) entries = [entry, ...entries]
    else
      entries = entries.map((each, at) =>
        at === index ? (merge(each, entry, '') as JsonObject) : each,
      )
  }
  return entries
}

function prefixed({ original, manifest }: Item, prefix: string, all: readonly Item[]): Item {
  const maps = all.filter((item) => item.manifest.kind === 'ConfigMap')
  const renamed = mapObjects(manifest, (value) => {
    const map = value['configMap']
    if (!isObject(map)) return {}
    const target = maps.find((each) => each.manifest.metadata.name === map['name'])
    return target === undefined
      ? {}
      : { configMap: { ...map, name: `${prefix}${textOf(map['name'])}` } }
  }) as Manifest
  const { metadata } = renamed
  return {
    original,
    manifest: { ...renamed, metadata: { ...metadata, name: `${prefix}${metadata.name}` } },
  }
}

function labelled({ original, manifest }: Item, pairs: Readonly<Record<string, string>>): Item {
  const withSelectors = mapObjects(manifest, (value) => ({
    ...(isObject(value['matchLabels']) && { matchLabels: { ...value['matchLabels'], ...pairs } }),
    ...(isObject(value['template']) && {
      template: merge(value['template'], { metadata: { labels: pairs } }, '') ?? null,
    }),
  })) as Manifest
  const merged = merge(withSelectors, { metadata: { labels: pairs } }, '') as Manifest
  return { original, manifest: merged }
}

const mapItems = (items: readonly Item[], change: (value: JsonObject) => JsonObject) =>
  items.map(({ original, manifest }) => ({
    original,
    manifest: mapObjects(manifest, change) as Manifest,
  }))

function mapObjects(value: Json, change: (value: JsonObject) => JsonObject): Json {
  if (isList(value)) return value.map((each) => mapObjects(each, change))
  if (!isObject(value)) return value
  const inside = Object.entries({ ...value, ...change(value) })
  return Object.fromEntries(
    inside.flatMap(([name, each]) =>
      each === undefined ? [] : [[name, mapObjects(each, change)]],
    ),
  )
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** For messages and comparisons: texts as they are, all else as JSON. */
export const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? '')

/** All folders below that have a kustomization of their own; components are not among them. */
export const overlaysBelow = (folder: string): readonly string[] =>
  readdirSync(path.join(folder, 'overlays')).map((name) => path.join(folder, 'overlays', name))
