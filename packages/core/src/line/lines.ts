import type { Memory } from '../store.ts'
import { MapperError } from '../errors.ts'
import { canceled } from '../time.ts'
import type { Lines } from './line.ts'
import { openSerialWire } from './serial-wire.ts'
import { serialPath } from './serial-path.ts'
import { shareWire, type SharedWire } from './shared-wire.ts'
import { openTcpWire } from './tcp-wire.ts'
import { openUdpWire } from './udp-wire.ts'
import { wireName, type Wire, type WireSettings } from './wire.ts'

type Entry =
  | { readonly kind: 'open'; readonly name: string; readonly shared: SharedWire }
  /** Being opened or closed: whoever wants the wire looks again when that is over. */
  | { readonly kind: 'busy'; readonly over: Promise<unknown> }

/** More places than any gateway has; those that were opened longest ago are forgotten. */
const mostMemories = 1000

/** The lines of this process. `openWire` is another one in tests. */
export function createLines(
  openWire: (settings: WireSettings, signal: AbortSignal) => Promise<Wire> = openWireOf,
): Lines {
  /** By place: two paths to one port are one wire. */
  const entries = new Map<string, Entry>()
  const memories = new Map<string, Memory>()

  const occupy = (place: string, work: Promise<unknown>) => {
    const entry: Entry = { kind: 'busy', over: work.catch(() => undefined) }
    entries.set(place, entry)
    void entry.over.then(() => entries.get(place) === entry && entries.delete(place))
  }

  const memoryOf = (place: string): Memory => {
    const memory = memories.get(place) ?? new Map<string, unknown>()
    memories.delete(place)
    memories.set(place, memory)
    const [oldest] = memories.keys()
    if (memories.size > mostMemories && oldest !== undefined) memories.delete(oldest)
    return memory
  }

  const start = async (place: string, settings: WireSettings, signal: AbortSignal) => {
    const opening = openWire(settings, signal)
    occupy(place, opening)
    const wire = await opening
    const events = {
      onLost: () => void (entries.get(place) === entry && entries.delete(place)),
      onUnused: (closed: Promise<void>) => {
        if (entries.get(place) === entry) occupy(place, closed)
      },
    }
    const shared = shareWire(wire, events, memoryOf(place))
    const entry: Entry = { kind: 'open', name: nameAt(place, settings), shared }
    if (shared.lost !== undefined) throw shared.lost
    entries.set(place, entry)
    return shared.share()
  }

  return {
    async open(settings, signal) {
      const place = await placeOf(settings)
      for (;;) {
        if (signal.aborted) throw canceled(signal)
        const present = entries.get(place)
        if (present === undefined) return start(place, settings, signal)
        if (present.kind === 'busy') {
          await endOf(present.over, signal)
          continue
        }
        const name = nameAt(place, settings)
        if (present.name === name) return present.shared.share()
        throw new MapperError(
          'invalid_config',
          `${name} is wanted, but the line is in use as ${present.name}: all devices on a line must agree on its settings`,
        )
      }
    },
  }
}

/** Opens a wire of any kind, for the caller alone. Rejects as `Lines.open` does. */
export function openWireOf(settings: WireSettings, signal: AbortSignal): Promise<Wire> {
  switch (settings.kind) {
    case 'serial':
      return openSerialWire(settings, signal)
    case 'tcp':
      return openTcpWire(settings, signal)
    case 'udp':
      return openUdpWire(settings, signal)
  }
}

function placeOf(settings: WireSettings): Promise<string> | string {
  if (settings.kind === 'serial') return serialPath(settings.path)
  const place = `${settings.host.toLowerCase()}:${settings.port}`
  return settings.kind === 'tcp' ? place : `udp:${place}`
}

const nameAt = (place: string, settings: WireSettings): string =>
  settings.kind === 'serial'
    ? wireName({ ...settings, path: place })
    : wireName({ ...settings, host: settings.host.toLowerCase() })

function endOf(over: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    void over.then(done)
  })
}
