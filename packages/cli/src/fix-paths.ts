import { readFile, writeFile } from 'node:fs/promises'
import type { Checked } from './check/check-sources.ts'
import { checkSources } from './check/check-sources.ts'
import { byPlace } from './check/finding.ts'
import { fixSources, type Done } from './check/fix-sources.ts'
import { readSources } from './check/read-sources.ts'
import type { DriverOf } from './check/subject.ts'

/**
 * Mends the files of paths in place, and says what was done and what is left. A file that somebody else
 * changed meanwhile stays as it is.
 */
export async function fixPaths(
  paths: readonly string[],
  driverOf: DriverOf,
): Promise<Checked & { readonly files: number; readonly done: readonly Done[] }> {
  const { sources, findings } = await readSources(paths)
  const fixed = await fixSources(sources, (all) => checkSources(all, driverOf))
  for (const [index, { file, text }] of fixed.sources.entries()) {
    const before = sources[index]?.text
    if (text === before || (await readFile(file, 'utf8')) !== before) continue
    await writeFile(file, text)
  }
  return {
    ...fixed.checked,
    findings: [...findings, ...fixed.checked.findings].sort(byPlace),
    files: sources.length + findings.length,
    done: fixed.done,
  }
}
