import { backoffMs } from '../../time.ts'

/**
 * Whether EdgeCore hears what goes to the broker. A broker proves nothing: EdgeCore's eventBus may be
 * off, or at another one. Only its answers to our own messages do.
 */
export interface Trust {
  readonly proven: boolean
  /** There is a session with the broker and EdgeCore may be there: prove it at the next report. */
  begin(now: number): void
  /** The broker or EdgeCore is gone. */
  end(): void
  /** True for one caller at a time, when a proof is due; it must end in `answered`, `unusable` or `missed`. */
  mayProve(now: number): boolean
  /** EdgeCore took a message, or refused its content. */
  answered(): void
  /** EdgeCore answered, but that it does not know the device or cannot do its work. */
  unusable(now: number): void
  missed(now: number): void
}

type Way =
  | { readonly tag: 'away' }
  | { readonly tag: 'doubted'; readonly failures: number; readonly proveAt: number }
  | { readonly tag: 'proving'; readonly failures: number }
  | { readonly tag: 'proven'; readonly misses: number }

const missesAtMost = 2

export interface TrustOptions {
  readonly random: () => number
  /** The longest time between two proofs; the first ones come sooner. */
  readonly proveEveryMs: number
  readonly onChange: (proven: boolean) => void
}

export function createTrust({ random, proveEveryMs, onChange }: TrustOptions): Trust {
  let way: Way = { tag: 'away' }

  const go = (next: Way) => {
    const was = way.tag === 'proven'
    way = next
    const is = next.tag === 'proven'
    if (was !== is) onChange(is)
  }
  const doubt = (failures: number, now: number) => {
    const proveAt = now + backoffMs(failures, random, Math.min(1_000, proveEveryMs), proveEveryMs)
    go({ tag: 'doubted', failures: failures + 1, proveAt })
  }

  return {
    get proven() {
      return way.tag === 'proven'
    },
    begin: (now) => go({ tag: 'doubted', failures: 0, proveAt: now }),
    end: () => go({ tag: 'away' }),
    mayProve(now) {
      if (way.tag !== 'doubted' || now < way.proveAt) return false
      way = { tag: 'proving', failures: way.failures }
      return true
    },
    answered() {
      if (way.tag !== 'away') go({ tag: 'proven', misses: 0 })
    },
    unusable(now) {
      if (way.tag === 'proving') doubt(way.failures, now)
      else if (way.tag === 'proven') way = { tag: 'proven', misses: 0 }
    },
    missed(now) {
      if (way.tag === 'proving') doubt(way.failures, now)
      else if (way.tag === 'proven') {
        if (way.misses + 1 < missesAtMost) way = { tag: 'proven', misses: way.misses + 1 }
        else doubt(0, now)
      }
    },
  }
}
