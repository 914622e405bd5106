import { setUp } from './bench.ts'
import type { Need, Rule, Topic } from './check.ts'
import { closingRules } from './checks/closing.ts'
import { configurationRules } from './checks/configuration.ts'
import { outageRules } from './checks/outages.ts'
import { readingRules } from './checks/reading.ts'
import { sharingRules } from './checks/sharing.ts'
import { signalRules } from './checks/signals.ts'
import { watchingRules } from './checks/watching.ts'
import { writingRules } from './checks/writing.ts'
import type { MakeRig, Rig } from './rig.ts'
import { isNotChecked, isViolation, leaveOut, notCheckedError, told } from './verdict.ts'

/** The part of a test runner's context that is used, if it is given: vitest and node:test have it. */
export interface RunContext {
  readonly skip?: (reason: string) => void
}

/** One check of a driver, for any test runner. */
export interface Check {
  readonly name: string
  readonly topic: Topic
  /** What the contract says. */
  readonly why: string
  /**
   * Makes a rig, tries the driver and ends the rig. Rejects with an Error that says what the driver did,
   * what the contract says and where to look. What the rig leaves out is skipped with the reason; without
   * `skip` it rejects with an Error named `NotChecked`.
   */
  run(context?: RunContext): Promise<void>
}

export type Result = { readonly name: string; readonly topic: Topic } & (
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'not checked'; readonly reason: string }
)

const rules: readonly Rule[] = [
  ...configurationRules,
  ...readingRules,
  ...writingRules,
  ...signalRules,
  ...outageRules,
  ...closingRules,
  ...sharingRules,
  ...watchingRules,
]

/**
 * The checks of the driver contract, to be run one after the other: some look at what the whole process has
 * open. `for (const { name, run } of conformance(makeRig)) test(name, run)`.
 */
export const conformance = (makeRig: MakeRig): readonly Check[] =>
  rules.map((rule) => ({
    name: rule.name,
    topic: rule.topic,
    why: rule.why,
    async run(context) {
      const result = await carryOut(rule, makeRig)
      if (result.kind === 'failed') throw result.error
      if (result.kind === 'passed') return
      if (context?.skip === undefined) throw notCheckedError(result.reason)
      context.skip(result.reason)
    },
  }))

/** Runs all checks, one after the other. Never rejects for what a driver or a rig does. */
export async function runRules(makeRig: MakeRig): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const rule of rules) results.push(await carryOut(rule, makeRig))
  return results
}

async function carryOut(rule: Rule, makeRig: MakeRig): Promise<Result> {
  const { name, topic } = rule
  const failed = (thrown: unknown): Result => {
    if (isNotChecked(thrown)) return { name, topic, kind: 'not checked', reason: thrown.message }
    return { name, topic, kind: 'failed', error: failure(rule, thrown) }
  }
  let end: () => void | Promise<void> = () => undefined
  let result: Result = { name, topic, kind: 'passed' }
  try {
    const rig = await makeRig()
    end = () => rig.close?.()
    refuseMissing(rule, rig)
    let isFirst = true
    const bench = await setUp(() => (isFirst ? ((isFirst = false), rig) : makeRig()))
    end = bench.end
    await rule.attempt(bench)
  } catch (thrown) {
    result = failed(thrown)
  }
  try {
    await end()
  } catch (thrown) {
    if (result.kind === 'passed') result = failed(thrown)
  }
  return result
}

function failure({ name, why, see }: Rule, thrown: unknown): Error {
  const did = isViolation(thrown) ? `the driver ${thrown.message}` : `unexpectedly: ${told(thrown)}`
  return new Error(`${name}: ${did}\n  The contract: ${why}\n  See ${see}`, { cause: thrown })
}

const without: Readonly<Record<Need, string>> = {
  bad: 'no bad place',
  refusedWrite: 'no refusedWrite',
  wrong: 'no wrong configurations',
  second: 'no second device on the same connection',
  poke: "no poke to change the device behind the driver's back",
  peek: "no peek to look at the device behind the driver's back",
  cut: 'no cut to pull the cable',
  restore: 'no restore to plug the cable in again',
  silence: 'no silence to keep the device from answering',
  requests: 'no requests to count what reaches the device',
}

function refuseMissing({ needs = [] }: Rule, rig: Rig): void {
  const all = needs.filter((need) => rig[need] === undefined).map((need) => without[need])
  if (all.length > 0) leaveOut(`the rig has ${all.join(', ')}`)
}
