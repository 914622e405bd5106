import { MapperError, sleep, systemClock } from '@mapper-sdk/core'
import { openWireOf, type Wire, type WireSettings } from '@mapper-sdk/core/line'

export interface WireEvents {
  /** Open, for the first time or again. */
  onOpen(wire: Wire): void
  onBytes(bytes: Uint8Array): void
  /** Lost; it is opened again as soon as that is possible. */
  onLost(reason: MapperError): void
}

/** How often a wire that is lost is tried. */
const retryMs = 500

/**
 * Keeps a wire open, for the caller alone, until the signal aborts. Rejects if it cannot be opened the
 * first time; after that it is waited for, as long as it takes.
 */
export async function keepWire(
  settings: WireSettings,
  { onOpen, onBytes, onLost }: WireEvents,
  signal: AbortSignal,
): Promise<void> {
  let isKnown = false
  while (!signal.aborted) {
    let wire: Wire
    try {
      wire = await openWireOf(settings, signal)
    } catch (thrown) {
      if (signal.aborted) return
      if (!isKnown) throw MapperError.from(thrown, 'unreachable')
      await pause(signal)
      continue
    }
    isKnown = true
    const lost = new Promise<MapperError | undefined>((resolve) => {
      const onAbort = () => resolve(undefined)
      signal.addEventListener('abort', onAbort, { once: true })
      wire.listen(onBytes, (reason) => {
        signal.removeEventListener('abort', onAbort)
        resolve(reason)
      })
      if (signal.aborted) resolve(undefined)
    })
    onOpen(wire)
    const reason = await lost
    await wire.close()
    if (reason === undefined) return
    onLost(reason)
    await pause(signal)
  }
}

const pause = (signal: AbortSignal) =>
  sleep(systemClock, retryMs, signal).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown
  })
