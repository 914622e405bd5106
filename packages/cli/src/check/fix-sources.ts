import { yamlParts } from '@mapper-sdk/edge-sim'
import type { Checked } from './check-sources.ts'
import type { Source } from './document.ts'
import type { Edit, Finding } from './finding.ts'

export interface Fixed {
  /** The files with their new texts, in the same order. */
  readonly sources: readonly Source[]
  /** What was done, in the words of the findings that it mends. */
  readonly done: readonly Done[]
  /** What is left to say of the new texts. */
  readonly checked: Checked
}

export interface Done {
  readonly finding: Finding
  readonly before: string
  readonly after: string
}

/** One mend may bring another to light; more rounds than this would be a circle. */
const mostRounds = 10

/**
 * Mends what can be mended without doubt, as often as there is something. Only the texts of single keys
 * and values change: comments, order and layout stay.
 */
export async function fixSources(
  sources: readonly Source[],
  check: (sources: readonly Source[]) => Promise<Checked>,
): Promise<Fixed> {
  const done: Done[] = []
  let current = sources
  let checked = await check(current)
  for (let round = 0; round < mostRounds; round++) {
    const next = current.map((source) => {
      const edited = applyEdits(source, checked.findings)
      done.push(...edited.done)
      return edited.source
    })
    if (next.every((source, index) => source === current[index])) break
    current = next
    checked = await check(current)
  }
  return { sources: current, done, checked }
}

/** The file with the edits of its findings. A change after which it is no YAML is not made. */
export function applyEdits(
  source: Source,
  findings: readonly Finding[],
): { readonly source: Source; readonly done: readonly Done[] } {
  const done: Done[] = []
  let { text } = source
  let from = Infinity
  const own = findings.filter(({ file }) => file === source.file).filter(hasEdit)
  // From the end, so that offsets stay right; of two for the same place only one is made.
  for (const finding of own.sort((a, b) => b.edit.start - a.edit.start)) {
    const { start, end, text: put } = finding.edit
    if (end > from) continue
    from = start
    done.unshift({ finding, before: source.text.slice(start, end), after: put })
    text = text.slice(0, start) + put + text.slice(end)
  }
  const isSound = yamlParts(text).every(({ problems }) => problems.length === 0)
  const wasSound = yamlParts(source.text).every(({ problems }) => problems.length === 0)
  return done.length === 0 || (wasSound && !isSound)
    ? { source, done: [] }
    : { source: { ...source, text }, done }
}

const hasEdit = (finding: Finding): finding is Finding & { readonly edit: Edit } =>
  finding.edit !== undefined
