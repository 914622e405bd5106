import { MapperError, type Id, type Logger } from '@mapper-sdk/core'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { apiGroup, problemsOf, undeliverable } from './cr-check.ts'
import { idOfManifest, modelIdOf, type DeviceCr, type Manifest } from './manifest.ts'
import { pathText, type Path, type Problem } from './shape.ts'
import { yamlParts } from './yaml-part.ts'

/** One Device or DeviceModel of a folder. */
export interface CrDocument {
  /** The file's path. */
  readonly file: string
  readonly kind: 'Device' | 'DeviceModel'
  readonly id: Id
  readonly manifest: Manifest
  /** Where a part of it stands in the file, from 1. Of what is not there: where its parent stands. */
  locate(path: Path): { line: number; column: number }
}

/** Something wrong in a folder, and how to mend it. */
export interface FolderIssue {
  readonly file: string
  readonly line: number
  readonly column: number
  /** As in `spec.properties[0].name`; empty when the YAML itself is broken. */
  readonly path: string
  readonly message: string
}

export interface Folder {
  readonly documents: readonly CrDocument[]
  readonly issues: readonly FolderIssue[]
  /** Files with something in them that could not be taken: what they had before should stay. */
  readonly broken: ReadonlySet<string>
}

/**
 * All Devices and DeviceModels in the `.yaml` and `.yml` files of a folder (not of its subfolders).
 * What is wrong becomes an issue and touches no other document. Objects of other API groups are
 * passed over. Throws `invalid_config` only when the folder itself cannot be read.
 */
export async function loadFolder(folder: string): Promise<Folder> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new MapperError('invalid_config', `cannot read the folder ${folder}`, { cause: error })
  })
  const documents: CrDocument[] = []
  const issues: FolderIssue[] = []
  const broken = new Set<string>()
  const seen = new Map<string, CrDocument>()
  for (const name of names.filter((one) => /\.ya?ml$/.test(one)).sort()) {
    const file = path.join(folder, name)
    const text = await readFile(file, 'utf8').catch((error: unknown) => MapperError.from(error))
    if (text instanceof MapperError) {
      broken.add(file)
      issues.push({ file, line: 1, column: 1, path: '', message: `cannot read it: ${text.detail}` })
      continue
    }
    const loaded = parseFile(file, text)
    issues.push(...loaded.issues)
    if (loaded.broken) broken.add(file)
    for (const document of loaded.documents) {
      const key = `${document.kind} ${document.id}`
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, document)
        documents.push(document)
      } else {
        const { line } = first.locate(['metadata', 'name'])
        const message = `${key} is already in ${first.file}:${line}, which counts; rename or remove this one`
        const at = document.locate(['metadata', 'name'])
        issues.push({ file, ...at, path: 'metadata.name', message })
      }
    }
  }
  return { documents, issues, broken }
}

/** The documents of one file's text. */
export function parseFile(
  file: string,
  text: string,
): { documents: CrDocument[]; issues: FolderIssue[]; broken: boolean } {
  const documents: CrDocument[] = []
  const issues: FolderIssue[] = []
  let broken = false
  for (const part of yamlParts(text)) {
    if (part.problems.length > 0) {
      broken = true
      issues.push(...part.problems.map((problem) => ({ file, path: '', ...problem })))
      continue
    }
    const { value: manifest, locate } = part
    if (manifest === null || manifest === undefined || isForeign(manifest)) continue
    const issueOf = ({ path: where, message }: Problem): FolderIssue => {
      const name = pathText(where)
      const text = name === '' ? message : `${name}: ${message}`
      return { file, ...locate(where), path: name, message: text }
    }
    const problems = problemsOf(manifest)
    if (problems.length > 0) {
      broken = true
      issues.push(...problems.map(issueOf))
      continue
    }
    const cr = manifest as Manifest
    issues.push(...undeliverable(cr).map(issueOf))
    const kind = cr.kind as 'Device' | 'DeviceModel'
    documents.push({ file, kind, id: idOfManifest(cr), manifest: cr, locate })
  }
  return { documents, issues, broken }
}

/** Objects that are none of KubeEdge's business, and a DeviceStatus, which nobody writes by hand. */
export function isForeign(manifest: unknown): boolean {
  const { apiVersion, kind } = manifest as { apiVersion?: unknown; kind?: unknown }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false
  return !apiVersion.startsWith(`${apiGroup}/`) || kind === 'DeviceStatus'
}

/** Whether a document is complete in itself: a model, or a device whose model is in the folder too. */
export function hasModel({ manifest, kind }: CrDocument, { documents }: Folder): boolean {
  if (kind === 'DeviceModel') return true
  const model = modelIdOf(manifest as unknown as DeviceCr)
  return documents.some((one) => one.kind === 'DeviceModel' && one.id === model)
}

export function logIssues(issues: readonly FolderIssue[], logger: Logger): void {
  for (const { file, line, column, message } of issues) {
    logger.warn(`${file}:${line}:${column}: ${message}`)
  }
}
