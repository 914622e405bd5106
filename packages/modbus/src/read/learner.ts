import type { Memory } from '@mapper-sdk/core'
import { forgetStale, learn, nothingKnown, type Knowledge } from './knowledge.ts'
import type { Learner } from './reader.ts'

/** After so many times one in eight is taken: they change slowly, and a lesson is no small part of a request. */
const firstTimes = 32
const timedEvery = 8

/** What a unit taught, kept where it outlives the connection; one for all devices that share the unit. */
export function learnerOf(unit: number, memory: Memory): Learner & { begin(): void } {
  const key = `unit ${unit}`
  let known = (memory.get(key) as Knowledge | undefined) ?? nothingKnown
  let timed = 0
  const become = (next: Knowledge) => {
    if (next === known) return
    known = next
    memory.set(key, known)
  }
  return {
    get known() {
      return known
    },
    begin: () => become(forgetStale(known, performance.now())),
    teach(lesson) {
      if (lesson.kind === 'timed' && timed++ > firstTimes && timed % timedEvery !== 0) return
      become(learn(known, lesson, performance.now()))
    },
  }
}
