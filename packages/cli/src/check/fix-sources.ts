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

/**
 * The file with the edits of its findings, each where it does not spoil the YAML: of two for the same place
 * or the same name only one is made.
 */
export function applyEdits(
  source: Source,
  findings: readonly Finding[],
): { readonly source: Source; readonly done: readonly Done[] } {
  // From the end, so that offsets stay right.
  const own = findings
    .filter(({ file }) => file === source.file)
    .filter(hasEdit)
    .sort((a, b) => b.edit.start - a.edit.start)
    .filter(({ edit }, index, all) => edit.end <= (all[index - 1]?.edit.start ?? Infinity))
  if (own.length === 0 || !isSound(source.text)) return { source, done: [] }
  const all = own.reduce((text, { edit }) => replaced(text, edit), source.text)
  if (isSound(all)) return { source: { ...source, text: all }, done: own.map(doneOf).reverse() }
  const done: Done[] = []
  let { text } = source
  for (const finding of own) {
    const next = replaced(text, finding.edit)
    if (!isSound(next)) continue
    text = next
    done.unshift(doneOf(finding))
  }
  return done.length === 0 ? { source, done } : { source: { ...source, text }, done }

  function doneOf(finding: Finding & { readonly edit: Edit }): Done {
    const { start, end, text: after } = finding.edit
    return { finding, before: source.text.slice(start, end), after }
  }
}

const replaced = (text: string, { start, end, text: put }: Edit) =>
  text.slice(0, start) + put + text.slice(end)

const isSound = (text: string) => yamlParts(text).every(({ problems }) => problems.length === 0)

const hasEdit = (finding: Finding): finding is Finding & { readonly edit: Edit } =>
  finding.edit !== undefined
