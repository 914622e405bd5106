import type { MapperError } from '@mapper-sdk/core'
import type { WireSettings } from '@mapper-sdk/core/line'
import type { Decoder } from './decoder.ts'
import type { DecoderOptions } from './decoder-parts.ts'
import { keepWire } from './keep-wire.ts'
import { createRelay, type Relay } from './relay.ts'
import type { Direction, Sighting } from './sighting.ts'
import { createWitness, type Witness } from './witness.ts'

export interface SniffPlan {
  /** Where bytes are heard, and which way they go there. */
  readonly ears: readonly { readonly wire: WireSettings; readonly direction: Direction }[]
  /**
   * With a port: stands between software, which connects to it on the loopback interface, and the device
   * behind the only ear. 0 takes a free one.
   */
  readonly relayPort?: number
  /** Made with the first bytes, which may be in the middle of a frame. */
  readonly decoderFor: (options: Required<DecoderOptions>) => Decoder
}

export interface SniffEvents {
  /** Its time is in ms since 1970. */
  onSighting(seen: Sighting): void
  /** All is open for the first time; with the port of the relay. */
  onReady(relayPort?: number): void
  /** What happened to a line or to the connection of the software, in a sentence. */
  onNote(text: string): void
}

/**
 * Listens to a line until the signal aborts, and tells of each frame. A line that is lost is waited for.
 * Rejects if one cannot be opened at first, as `Lines.open` does.
 */
export async function sniff(
  { ears, relayPort, decoderFor }: SniffPlan,
  { onSighting, onReady, onNote }: SniffEvents,
  signal: AbortSignal,
): Promise<void> {
  let witness: Witness | undefined
  let relay: Relay | undefined
  const opened = new Set<number>()
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  if (relayPort !== undefined) {
    relay = await createRelay(relayPort, {
      onBytes: (bytes) => witness?.take('sent', bytes),
      onNote,
    })
  }

  const listen = ({ wire: settings, direction }: SniffPlan['ears'][number], index: number) => {
    let name = ''
    return keepWire(
      settings,
      {
        onOpen(wire) {
          const { characterMs } = wire
          witness ??= createWitness({
            characterMs,
            decoderFor: (midStream) => decoderFor({ characterMs, midStream }),
            onSighting,
          })
          relay?.attach(wire)
          ;({ name } = wire)
          if (opened.has(index)) return onNote(`${name} is back`)
          opened.add(index)
          if (opened.size === ears.length) onReady(relay?.port)
        },
        onBytes(bytes) {
          witness?.take(direction, bytes)
          relay?.receive(bytes)
        },
        onLost({ detail }: MapperError) {
          witness?.finish()
          witness = undefined
          relay?.attach(undefined)
          onNote(`${detail}; waiting for it`)
        },
      },
      stop,
    )
  }
  try {
    await Promise.all(
      ears.map(async (ear, index) => {
        try {
          await listen(ear, index)
        } catch (thrown) {
          failed.abort()
          throw thrown
        }
      }),
    )
  } finally {
    witness?.finish()
    await relay?.close()
  }
}
