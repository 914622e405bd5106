/** What became of a promise. */
export type Settled<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly thrown: unknown }

/**
 * A busy machine holds up whoever waits as well as whoever is waited for. So time is counted in steps that
 * this process has really been given, and a pause of the whole process counts as one.
 */
const stepMs = 10

/** Resolves after `ms` of time that the process has had, or when `stop` is called. */
export function countdown(ms: number): { readonly over: Promise<void>; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let end: () => void = () => undefined
  const over = new Promise<void>((resolve) => (end = resolve))
  const step = (leftMs: number) => {
    if (leftMs <= 0) return end()
    timer = setTimeout(() => step(leftMs - stepMs), Math.min(leftMs, stepMs))
  }
  step(ms)
  return {
    over,
    stop() {
      clearTimeout(timer)
      end()
    },
  }
}

/** Waits while nothing is to happen. */
export const pass = (ms: number): Promise<void> => countdown(ms).over

/** What becomes of the promise within `ms`; undefined: it does not settle. */
export async function settled<T>(promise: Promise<T>, ms: number): Promise<Settled<T> | undefined> {
  const { over, stop } = countdown(ms)
  const end = promise.then(
    (value): Settled<T> => ({ ok: true, value }),
    (thrown: unknown): Settled<T> => ({ ok: false, thrown }),
  )
  const first = await Promise.race([end, over])
  stop()
  return first ?? undefined
}

/** Whether it comes true within `ms`. */
export async function comesTrue(holds: () => boolean, ms: number): Promise<boolean> {
  for (let leftMs = ms; !holds(); leftMs -= stepMs) {
    if (leftMs <= 0) return false
    await pass(stepMs)
  }
  return true
}
