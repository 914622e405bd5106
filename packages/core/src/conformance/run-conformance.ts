import { runRules, type Result } from './conformance.ts'
import type { MakeRig } from './rig.ts'

/** What a driver was found to do. */
export interface ConformanceReport {
  /** In the order of the checks. */
  readonly results: readonly Result[]
  readonly passed: number
  readonly failed: number
  readonly notChecked: number
  /** For people: one line a check, with what went wrong and what was not checked and why. */
  readonly text: string
}

/** Runs all checks without a test runner. Whether a driver passed is in `failed`; it does not reject. */
export async function runConformance(makeRig: MakeRig): Promise<ConformanceReport> {
  const results = await runRules(makeRig)
  const count = (kind: Result['kind']) => results.filter((each) => each.kind === kind).length
  const [passed, failed, notChecked] = [count('passed'), count('failed'), count('not checked')]
  const sum = `${passed} passed, ${failed} failed, ${notChecked} not checked`
  return { results, passed, failed, notChecked, text: [...results.map(line), sum, ''].join('\n') }
}

function line(result: Result): string {
  switch (result.kind) {
    case 'passed':
      return `ok           ${result.name}`
    case 'failed':
      return `FAILED       ${result.error.message}`
    case 'not checked':
      return `not checked  ${result.name}: ${result.reason}`
  }
}
