import { MapperError, type RawConfig } from '@mapper-sdk/core'
import type { ReadyRecipe } from '@mapper-sdk/serial'
import {
  createDecoder,
  createFrameDecoder,
  knownSettings,
  lineOf,
  parseFrameText,
  parseLine,
  sniff,
  type SniffPlan,
} from '@mapper-sdk/serial/commission'
import type { CommandIo } from './command-io.ts'
import { sightingJson, sightingLine } from './sighting-text.ts'

export interface SniffWish {
  /** The lines, as words of protocol configurations: one, or two that are one direction each. */
  readonly lines: readonly RawConfig[]
  /** Stand between software that connects to this port and the device. */
  readonly relayPort?: number
  readonly ready?: ReadyRecipe
  /** How frames are cut, where there is no recipe. */
  readonly frame?: string
  readonly forMs?: number
  readonly count?: number
  readonly json: boolean
}

/**
 * Listens to a line and prints each frame, until the signal aborts, the time is over, or so many came.
 * Resolves with whether one came, or somebody stopped it.
 */
export async function sniffLine(
  wish: SniffWish,
  { out, err, signal }: CommandIo,
): Promise<boolean> {
  const { json, forMs, count = Infinity } = wish
  const plan = planOf(wish)
  const enough = new AbortController()
  let seenCount = 0
  let timer: NodeJS.Timeout | undefined
  const names = plan.ears.map(({ wire }) =>
    wire.kind === 'serial' ? wire.path : `${wire.host}:${wire.port}`,
  )
  try {
    await sniff(
      plan,
      {
        onSighting(seen) {
          if (++seenCount > count) return
          out.write(`${json ? sightingJson(seen) : sightingLine(seen)}\n`)
          if (seenCount === count) enough.abort()
        },
        onReady(port) {
          const where = port === undefined ? '' : `; connect the software to 127.0.0.1:${port}`
          err.write(`listening to ${names.join(' and ')}${where}; Ctrl-C stops\n`)
          if (forMs !== undefined) timer = setTimeout(() => enough.abort(), forMs)
        },
        onNote: (text) => void err.write(`${text}\n`),
      },
      AbortSignal.any([signal, enough.signal]),
    )
  } finally {
    clearTimeout(timer)
  }
  return seenCount > 0 || signal.aborted
}

export function planOf({ lines, relayPort, ready, frame }: SniffWish): SniffPlan {
  const protocols = lines.map(parseLine)
  const [protocol, other, ...more] = protocols
  if (protocol === undefined || more.length > 0) {
    throw wrong('listen to what? Name one line, or with --path --path the two directions of one')
  }
  if (relayPort !== undefined && other !== undefined) {
    throw wrong('--listen stands between software and one line; name only one')
  }
  if (ready !== undefined && frame !== undefined) {
    throw wrong('--frame is for lines without a recipe; remove one of them')
  }
  const [unknown] = ready === undefined ? Object.keys(protocol.params ?? {}) : []
  if (unknown !== undefined) throw wrong(`${unknown} is no word of a line, and there is no recipe`)
  const alone = relayPort === undefined ? 'unknown' : 'received'
  const directions = other === undefined ? ([alone] as const) : (['sent', 'received'] as const)
  const settings = ready === undefined ? {} : knownSettings(ready.recipe, protocol)
  const spec = frame === undefined ? ({ type: 'gap' } as const) : parseFrameText(frame)
  return {
    ears: protocols.map((one, index) => ({
      wire: lineOf(one, ready?.recipe),
      direction: directions[index] ?? 'unknown',
    })),
    ...(relayPort !== undefined && { relayPort }),
    decoderFor: (options) =>
      ready === undefined
        ? createFrameDecoder(spec, { characterMs: options.characterMs })
        : createDecoder(ready, settings, options),
  }
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
