import type { Memory } from '@mapper-sdk/core'
import { forgetStale, learn, nothingKnown, type Knowledge } from './knowledge.ts'
import type { Learner } from './reader.ts'

/** What a unit taught, kept where it outlives the connection. */
export function learnerOf(unit: number, memory: Memory): Learner {
  const key = `unit ${unit}`
  const load = () => (memory.get(key) as Knowledge | undefined) ?? nothingKnown
  const save = (from: Knowledge, to: Knowledge) => {
    if (to !== from) memory.set(key, to)
  }
  const before = load()
  save(before, forgetStale(before, performance.now()))
  return {
    get known() {
      return load()
    },
    // Two devices may share a unit, so what is known now counts, not what was known at the beginning.
    teach(lesson) {
      const known = load()
      save(known, learn(known, lesson, performance.now()))
    },
  }
}
