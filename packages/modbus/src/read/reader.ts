import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import { createAsking, type Result, type TimedLink } from './ask.ts'
import { explore, type Refusal } from './explore.ts'
import { deviceFailure, keyOf, triesOf } from './holes.ts'
import { isHopeless, isLate, type Knowledge, type Lesson } from './knowledge.ts'
import type { ReadRequest } from './plan.ts'
import type { Patience } from './patience.ts'
import { planItems, type ReadPlan } from './read-plan.ts'

/** What is known of the unit, and where new lessons go. */
export interface Learner {
  readonly known: Knowledge
  teach(lesson: Lesson): void
}

/** A link that says how many requests it may have on the way at once. */
export interface ReadLink extends TimedLink {
  readonly depth: number
}

/** So long a read may look into refusals. Core gives a call ten seconds. */
const exploringMs = 3000

/**
 * Runs a plan. One refused range never spoils its neighbours: what is good of it is found out, and
 * remembered. What is refused even alone is tried again only now and then, and told as refused
 * meanwhile. A device that stays silent is not asked on and on.
 * Throws only if the link failed before anything was answered.
 */
export async function runReadPlan(
  plan: ReadPlan,
  link: ReadLink,
  learner: Learner,
  patience: Patience,
  signal: AbortSignal,
): Promise<readonly Outcome<Value>[]> {
  const { protocol, compiled } = plan
  const startedMs = performance.now()
  const unsure: Extract<Lesson, { kind: 'refused' }>[] = []
  const refusals: Refusal[] = []
  const teach = (lesson: Lesson) => {
    if (lesson.kind === 'refused' && lesson.exception === deviceFailure) unsure.push(lesson)
    else learner.teach(lesson)
  }
  const asking = createAsking(plan, link, teach, patience, signal)
  const note = (request: ReadRequest, result: Result) => {
    if (result.kind !== 'refused') return
    const { exception, error } = result
    refusals.push({ request, exception, error })
  }

  const tries = holesToTry()
  await askAll()
  for (const hole of tries) {
    const result = await asking.ask(hole)
    if (result.kind !== 'refused') continue
    const { exception, error } = result
    teach({ kind: 'refused', at: hole, exception, error })
  }
  if (refusals.length > 0) await exploreRefusals()
  // A device that fails in everything says nothing about any one place.
  for (const lesson of unsure) {
    learner.teach(asking.answered() ? lesson : { kind: 'doubted', at: lesson.at })
  }
  if (link.failed !== undefined && asking.stopped === link.failed && asking.mute) throw link.failed
  if (asking.mute && !signal.aborted) patience.silent()
  return asking.outcomes

  async function exploreRefusals(): Promise<void> {
    await explore(refusals, {
      asking,
      teach,
      places: (item) => {
        const one = compiled[item]
        return one instanceof MapperError ? undefined : one
      },
      plan: (items) => planItems(items, compiled, protocol, learner.known.shape).requests,
      isHopeless: (table) => !asking.answered(table) && isHopeless(learner.known, table, startedMs),
      triesBefore: (table) => learner.known.hopeless.get(table)?.tries ?? 0,
      isLate: () => performance.now() - startedMs > exploringMs,
    })
    for (const table of new Set(refusals.map(({ request }) => request.table))) {
      if (!asking.answered(table)) learner.teach({ kind: 'left alone', table })
    }
  }

  /** The others are told as they were. */
  function holesToTry(): readonly ReadRequest[] {
    if (plan.holes.length === 0) return []
    const { holes } = learner.known
    const due = triesOf(holes, plan.holes.map(keyOf), startedMs)
    const resting = plan.holes.filter((hole) => !due.has(keyOf(hole)))
    for (const hole of resting) {
      const known = holes.byKey.get(keyOf(hole))
      if (known !== undefined) asking.fail(hole, known.error)
    }
    learner.teach({ kind: 'passed over', keys: resting.map(keyOf) })
    return plan.holes.filter((hole) => due.has(keyOf(hole)))
  }

  async function askAll(): Promise<void> {
    const { known } = learner
    const late = plan.requests.filter((request) => isLate(known, request))
    const early =
      late.length === 0 ? plan.requests : plan.requests.filter((one) => !late.includes(one))
    const workers = Math.min(link.depth, early.length)
    const again: ReadRequest[] = []
    const rest = early.values()
    const work = async () => {
      for (const request of rest) {
        const result = await asking.ask(request, workers > 1)
        if (result.kind === 'silent') again.push(request)
        note(request, result)
      }
    }
    if (workers > 1) await Promise.all(Array.from({ length: workers }, work))
    else await work()
    // A device may drop what comes while it is at work. That is no reason to go without the value.
    for (const request of [...again, ...late]) note(request, await asking.ask(request))
  }
}
