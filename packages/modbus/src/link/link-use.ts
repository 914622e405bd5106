import { MapperError } from '@mapper-sdk/core'
import type { AdaptiveLink, Wishes } from './adaptive-link.ts'

/** The link of a connection: one for all calls, or a new one for each. */
export interface LinkUse {
  /** Calls that may run at once. */
  readonly parallel: number
  /** Runs a call. Throws if there is no link, or it is no good any more. */
  run<T>(
    wishes: Wishes & { readonly reconnectEachCycle: boolean },
    signal: AbortSignal,
    call: (link: AdaptiveLink) => Promise<T>,
  ): Promise<T>
  close(): Promise<void>
}

/** `first` is used until a device wants a new link for each call. */
export function linkUse(
  first: AdaptiveLink,
  connect: (signal: AbortSignal) => Promise<AdaptiveLink>,
): LinkUse {
  const closed = new AbortController()
  let link: AdaptiveLink | undefined = first
  let isFresh = false
  let calls = 0

  async function connectAgain(signal: AbortSignal): Promise<AdaptiveLink> {
    const either = new AbortController()
    const onAbort = () => either.abort(signal.reason)
    const onClose = () => either.abort(closed.signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    closed.signal.addEventListener('abort', onClose, { once: true })
    if (closed.signal.aborted) onClose()
    if (signal.aborted) onAbort()
    try {
      return await connect(either.signal)
    } finally {
      signal.removeEventListener('abort', onAbort)
      closed.signal.removeEventListener('abort', onClose)
    }
  }

  async function letGo(): Promise<void> {
    const old = link
    link = undefined
    await old?.close()
  }

  return {
    get parallel() {
      return isFresh ? 1 : (link?.depth ?? 1)
    },
    async run(wishes, signal, call) {
      calls++
      try {
        link ??= await connectAgain(signal)
        if (link.failed !== undefined) throw link.failed
        link.join(wishes)
        isFresh ||= wishes.reconnectEachCycle
        return await call(link)
      } finally {
        if (--calls === 0 && isFresh) await letGo()
      }
    },
    async close() {
      closed.abort(new MapperError('canceled', 'the connection was closed'))
      await letGo()
    },
  }
}
