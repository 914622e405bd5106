import type { Path } from '@mapper-sdk/edge-sim'
import type { RuleName, Severity } from './rules.ts'

/** One thing to say about a file, and where. */
export interface Finding {
  readonly rule: RuleName
  readonly severity: Severity
  readonly file: string
  /** Lines and columns count from 1. */
  readonly line: number
  readonly column: number
  /** As in `spec.properties[0].name`; empty for a file as a whole. */
  readonly path: string
  readonly message: string
  /** What mends it without doubt, if anything does. */
  readonly edit?: Edit
}

/** A change of the text of a file, from one offset to another. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What a rule says of one document; where that stands, and how severe it is, others know. */
export interface Remark {
  readonly rule: RuleName
  readonly path: Path
  readonly message: string
  /** Other than the severity of the rule. */
  readonly severity?: Severity
  /** The text that the key or the value at the path should have. */
  readonly put?: { readonly at: 'key' | 'value'; readonly text: string }
}

/** As compilers print it, with the name of the rule at the end. */
export const formatFinding = ({
  file,
  line,
  column,
  severity,
  path,
  message,
  rule,
}: Omit<Finding, 'edit'>) =>
  `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message} [${rule}]`

/** The order in which people go through files. */
export const byPlace = (a: Finding, b: Finding) =>
  compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.rule, b.rule)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
