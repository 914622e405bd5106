import type { Memory } from '@mapper-sdk/core'

/**
 * What a device taught about writing. `no 5`, `no 6`, `no 22`: it does not know that function, but
 * did what was asked by another, or is deaf to it. `knows 22`: it did that function. `silent 22`: it
 * was silent to it, once. `apart …`: it refused several together that it took one by one.
 */
export type WriteLesson =
  | ('no 5' | 'no 6' | 'no 22')
  | ('knows 22' | 'silent 22')
  | ('apart whole' | 'apart part' | 'apart coils')

export interface Lessons {
  has(lesson: WriteLesson): boolean
  set(lesson: WriteLesson, holds: boolean): void
}

/** What a unit taught, kept in the memory of its connection. */
export function lessonsOf(unit: number, memory: Memory): Lessons {
  const key = `unit ${unit} writes`
  const known = () => (memory.get(key) as ReadonlySet<WriteLesson> | undefined) ?? new Set()
  return {
    has: (lesson) => known().has(lesson),
    set(lesson, holds) {
      if (known().has(lesson) === holds) return
      const others = [...known()].filter((each) => each !== lesson)
      memory.set(key, new Set(holds ? [...others, lesson] : others))
    },
  }
}
