/**
 * What a device taught about writing. `no 5`, `no 6`, `no 22`: it does not know that function, but
 * did what was asked by another. `apart …`: it refused several together that it took one by one.
 */
export type WriteLesson = 'no 5' | 'no 6' | 'no 22' | 'apart whole' | 'apart part' | 'apart coils'

/** Immutable: a new lesson makes a new object. */
export type WriteKnowledge = ReadonlySet<WriteLesson>

export const nothingLearned: WriteKnowledge = new Set()

/** The same object if there is nothing new in it. */
export function learned(known: WriteKnowledge, lesson: WriteLesson): WriteKnowledge {
  return known.has(lesson) ? known : new Set([...known, lesson])
}

/** The same object if it was not there. */
export function unlearned(known: WriteKnowledge, lesson: WriteLesson): WriteKnowledge {
  return known.has(lesson) ? new Set([...known].filter((each) => each !== lesson)) : known
}
