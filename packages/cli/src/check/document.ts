import { formatPath } from '@mapper-sdk/core'
import {
  isForeign,
  yamlParts,
  type CrDocument,
  type Manifest,
  type YamlPart,
} from '@mapper-sdk/edge-sim'
import type { Edit, Finding, Remark } from './finding.ts'
import { ruleOf, type RuleName } from './rules.ts'

/** A file to check. */
export interface Source {
  readonly file: string
  readonly text: string
  /** What it must be because of where it is; left out: what its keys say. */
  readonly kind?: 'recipe'
}

export type SourceKind = 'resources' | 'config' | 'recipe' | 'script' | 'transcript'

/** One document of a file that should be a Device or a DeviceModel. */
export interface ResourceDocument {
  readonly file: string
  readonly text: string
  readonly part: YamlPart
  readonly value: unknown
}

/** A Device or a DeviceModel that the API server would take. */
export interface Resource extends ResourceDocument {
  readonly kind: CrDocument['kind']
  readonly id: string
  readonly manifest: Manifest
}

/** A remark with its place in the file. */
export function findingOf(document: ResourceDocument, remark: Remark): Finding {
  const { rule, path, message, severity, put } = remark
  const edit = put === undefined ? undefined : editOf(document, remark)
  return {
    rule,
    severity: severity ?? ruleOf(rule).severity,
    file: document.file,
    ...document.part.locate(path, ofKeys.has(rule) ? 'key' : 'value'),
    path: formatPath(path),
    message,
    ...(edit !== undefined && { edit }),
  }
}

/** It is the name of the field that is wrong. */
const ofKeys: ReadonlySet<RuleName> = new Set([
  ...(['unknown-field', 'config-unknown-word', 'config-named-data', 'old-field'] as const),
])

/** None where the text stands elsewhere, as behind an alias or in the model. */
function editOf({ part, text }: ResourceDocument, { path, put }: Remark): Edit | undefined {
  const span = put && part.span(path, put.at)
  if (put === undefined || span === undefined) return undefined
  const { start, end } = span
  if (text.slice(start, end).includes('\n')) return undefined
  return text.slice(start, end) === put.text ? undefined : { start, end, text: put.text }
}

const configKeys = new Set([
  ...['grpc_server', 'common', 'mapper', 'edge', 'uplink', 'mqtt', 'log', 'state_dir'],
])
const recipeKeys = ['values', 'writes', 'exchanges', 'streams']

/** What a file is: by where it is, by its name, and then by its keys. */
export function kindOf({ file, kind }: Source, parts: readonly YamlPart[]): SourceKind {
  if (/\.simulator\.ya?ml$/.test(file)) return 'script'
  if (/\.transcript\.ya?ml$/.test(file)) return 'transcript'
  if (kind !== undefined) return kind
  const [first, ...more] = parts
  if (more.length > 0 || !isMap(first?.value)) return 'resources'
  const keys = Object.keys(first.value)
  if (keys.includes('kind') || keys.includes('apiVersion')) return 'resources'
  if (keys.includes('frame') && recipeKeys.some((key) => keys.includes(key))) return 'recipe'
  if (keys.includes('recipe') && keys.includes('steps')) return 'transcript'
  if (keys.includes('recipe') && (keys.includes('answers') || keys.includes('sends'))) {
    return 'script'
  }
  return keys.some((key) => configKeys.has(key)) ? 'config' : 'resources'
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The documents of a file that are, or should be, Devices and DeviceModels; what is broken comes apart. */
export function resourceDocuments(
  { file, text }: Source,
  parts: readonly YamlPart[] = yamlParts(text),
): { readonly documents: readonly ResourceDocument[]; readonly findings: readonly Finding[] } {
  const findings = parts.flatMap(({ problems }) =>
    problems.map(({ line, column, message }): Finding => {
      return { rule: 'yaml-broken', severity: 'error', file, line, column, path: '', message }
    }),
  )
  const documents = parts
    .filter(({ value, problems }) => problems.length === 0 && value !== null && value !== undefined)
    .filter(({ value }) => !isForeign(value))
    .map((part): ResourceDocument => ({ file, text, part, value: part.value }))
  return { documents, findings }
}
