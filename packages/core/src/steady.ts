import type { Clock } from './time.ts'

/**
 * A value that changes only when the change lasts: what flaps faster than `holdMs` keeps its value.
 * The first value counts at once.
 */
export interface Steady<T> {
  propose(value: T): void
  readonly value: T | undefined
  stop(): void
}

export function createSteady<T>(options: {
  readonly clock: Clock
  readonly holdMs: number
  readonly onChange: (value: T, before: T | undefined) => void
}): Steady<T> {
  const { clock, holdMs, onChange } = options
  let value: T | undefined
  let candidate: { readonly value: T; readonly cancel: () => void } | undefined

  const drop = () => {
    candidate?.cancel()
    candidate = undefined
  }
  const take = (next: T) => {
    drop()
    const before = value
    value = next
    onChange(next, before)
  }

  return {
    propose(next) {
      if (next === value) return drop()
      if (value === undefined || holdMs <= 0) return take(next)
      if (candidate?.value === next) return
      drop()
      candidate = { value: next, cancel: clock.after(holdMs, () => take(next)) }
    },
    get value() {
      return value
    },
    stop: drop,
  }
}
