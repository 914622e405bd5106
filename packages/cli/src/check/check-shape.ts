import { problemsOf, type Path, type Problem } from '@mapper-sdk/edge-sim'
import type { ResourceDocument } from './document.ts'
import type { Remark } from './finding.ts'
import { oldFields } from './old-fields.ts'

/** Everything for which the API server would refuse a document. With a remark, nothing else is checked. */
export function checkShape(document: ResourceDocument): readonly Remark[] {
  const problems = problemsOf(document.value)
  return [
    ...problems.map((problem) => remarkOf(document, problem)),
    ...(problems.some(({ rule }) => rule === 'api-version') ? oldFields(document.value) : []),
  ]
}

function remarkOf(document: ResourceDocument, problem: Problem): Remark {
  const { rule, path, message } = problem
  const put = putOf(document, problem)
  return { rule, path, message, ...(put && { put }) }
}

function putOf(document: ResourceDocument, problem: Problem): Remark['put'] {
  const { rule, path, meant, wanted } = problem
  if (meant !== undefined) return { at: rule === 'unknown-field' ? 'key' : 'value', text: meant }
  const written = scalarAt(document, path)
  if (wanted === undefined || written === undefined) return undefined
  const { text, quoted } = written
  if (wanted === 'text') return quoted ? undefined : { at: 'value', text: JSON.stringify(text) }
  const inside = text.slice(1, -1)
  const fits = wanted === 'integer' ? /^(0|[1-9]\d{0,14})$/ : /^(true|false)$/
  return quoted && fits.test(inside) ? { at: 'value', text: inside } : undefined
}

/** A scalar as it is written in the file. */
export function scalarAt(
  { part, text }: ResourceDocument,
  path: Path,
): { readonly text: string; readonly quoted: boolean } | undefined {
  const span = part.span(path, 'value')
  return span && { text: text.slice(span.start, span.end), quoted: span.quoted }
}
