/** Tasks one after another, each begun when the one before has settled. */
export interface Sequence {
  add(task: () => Promise<void>): void
  /** Resolves when nothing is left to do. */
  idle(): Promise<void>
}

/** `onError` hears what a task throws; the next one runs all the same. */
export function createSequence(onError: (error: unknown) => void): Sequence {
  let tail = Promise.resolve()
  return {
    add(task) {
      tail = tail.then(task).catch(onError)
    },
    async idle() {
      let seen: Promise<void>
      do {
        seen = tail
        await seen
      } while (seen !== tail)
    },
  }
}
