import type { Checked } from './check-sources.ts'
import { formatFinding, type Finding } from './finding.ts'
import type { Done } from './fix-sources.ts'

type Report = Checked & { readonly files: number }

/** What `--json` prints: names and shapes that stay. */
export const reportOf = ({ findings, devices, files }: Report, done: readonly Done[] = []) => ({
  findings: findings.map(plain),
  fixed: done.map(({ finding, before, after }) => ({ ...plain(finding), before, after })),
  counts: countsOf(findings),
  files,
  devices,
})

const plain = ({ edit, ...finding }: Finding) => ({ ...finding, fixable: edit !== undefined })

function countsOf(findings: readonly Finding[]) {
  const count = (severity: Finding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length
  return { error: count('error'), warning: count('warning'), note: count('note') }
}

/** A line for each finding and one for all; nothing if there is nothing to say. */
export function linesOf({ findings }: Report): readonly string[] {
  if (findings.length === 0) return []
  const { error, warning, note } = countsOf(findings)
  const fixable = findings.filter(({ edit }) => edit !== undefined).length
  const counts = [
    many(error, 'error'),
    many(warning, 'warning'),
    many(note, 'note'),
    ...(fixable > 0 ? [`--fix mends ${fixable}`] : []),
  ]
  return [...findings.map(formatFinding), counts.join(', ')]
}

const many = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

/** What `--fix` did, at the place where it did it. */
export const doneText = ({ finding, before, after }: Done) =>
  `${finding.file}:${finding.line}:${finding.column}: fixed: ${finding.path}: ${before} is now ${after} [${finding.rule}]`
