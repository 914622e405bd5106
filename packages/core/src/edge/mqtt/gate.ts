import { setMaxListeners } from 'node:events'
import { canceled } from '../../time.ts'

/** Lets so many calls run at a time; the others wait in their order. */
export type Gate = <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T>

export function createGate(places: number): Gate {
  let free = places
  const line: (() => void)[] = []

  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      // All calls of a mapper share its signal: many listeners there are no leak.
      setMaxListeners(0, signal)
      if (signal.aborted) return reject(canceled(signal))
      if (free > 0) {
        free--
        return resolve()
      }
      const turn = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        line.splice(line.indexOf(turn), 1)
        reject(canceled(signal))
      }
      line.push(turn)
      signal.addEventListener('abort', onAbort, { once: true })
    })

  return async (run, signal) => {
    await enter(signal)
    try {
      return await run()
    } finally {
      // The place passes to the next in line, or becomes free.
      const next = line.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
