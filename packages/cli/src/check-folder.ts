import type { Checked } from './check/check-sources.ts'
import { checkSources } from './check/check-sources.ts'
import { byPlace } from './check/finding.ts'
import { readSources } from './check/read-sources.ts'
import { ruleOf } from './check/rules.ts'
import type { DriverOf } from './check/subject.ts'

export { formatFinding, type Finding } from './check/finding.ts'

/**
 * Checks paths as `mapper check` does: files, and folders with the recipes in them. `driverOf` gives the
 * driver for a protocolName, or the reason why there is none.
 */
export async function checkPaths(
  paths: readonly string[],
  driverOf: DriverOf,
): Promise<Checked & { readonly files: number }> {
  const { sources, findings } = await readSources(paths)
  const checked = await checkSources(sources, driverOf)
  const all = [...findings, ...checked.findings].sort(byPlace)
  return { ...checked, findings: all, files: sources.length + findings.length }
}

/**
 * The same of one folder that is run without a cluster: what keeps its devices from working there, without
 * what matters in a cluster only.
 */
export async function checkFolder(folder: string, driverOf: DriverOf): Promise<Checked> {
  const checked = await checkPaths([folder], driverOf)
  const findings = checked.findings.filter(
    ({ rule, severity }) => severity !== 'note' && ruleOf(rule).scope !== 'cluster',
  )
  return { ...checked, findings }
}
