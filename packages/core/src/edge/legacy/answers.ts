import { canceled, type Clock } from '../../time.ts'

/** Answers that are waited for, by what they answer. */
export interface Answers<T> {
  /** The answer, or undefined if none comes in time. Rejects with `canceled` when the signal aborts. */
  wait(key: string, ms: number, signal: AbortSignal): Promise<T | undefined>
  /** False if nobody waits for it. */
  got(key: string, answer: T): boolean
}

export function createAnswers<T>(clock: Clock): Answers<T> {
  const waiting = new Map<string, Set<(answer: T | undefined) => void>>()
  return {
    wait: (key, ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(canceled(signal))
        const calls = waiting.get(key) ?? new Set()
        const leave = () => {
          cancel()
          signal.removeEventListener('abort', onAbort)
          calls.delete(settle)
          if (calls.size === 0) waiting.delete(key)
        }
        const settle = (answer: T | undefined) => {
          leave()
          resolve(answer)
        }
        const onAbort = () => {
          leave()
          reject(canceled(signal))
        }
        const cancel = clock.after(ms, () => settle(undefined))
        waiting.set(key, calls.add(settle))
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    got(key, answer) {
      const calls = waiting.get(key)
      for (const settle of [...(calls ?? [])]) settle(answer)
      return calls !== undefined
    },
  }
}
