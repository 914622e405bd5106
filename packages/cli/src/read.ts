import { setTimeout as delay } from 'node:timers/promises'
import { MapperError, type Connection } from '@mapper-sdk/core'
import type { CommandIo } from './command-io.ts'
import { createReader, readingJson, readingLines, type ItemReading } from './item-reading.ts'
import { printable } from './printable.ts'
import type { Target } from './target.ts'
import { connectTo, withDeadline } from './with-deadline.ts'

export interface ReadOptions {
  readonly json: boolean
  /** The bytes as well. */
  readonly raw: boolean
  /** Who the device is, first. */
  readonly identify: boolean
  /** Again and again, so often; once if left out. */
  readonly watchMs?: number
  /** How long connecting and one round may take, in ms. */
  readonly timeoutMs: number
}

/**
 * Reads a target and prints what comes, until the signal aborts if it is to be watched. Resolves with
 * whether every place of the last round had a value. While watching, a lost connection is made anew.
 */
export async function read(target: Target, options: ReadOptions, io: CommandIo): Promise<boolean> {
  const { watchMs, timeoutMs } = options
  const { signal } = io
  const isKnown = options.identify && (await printIdentity(target, options, io))
  if (target.items.length === 0) return isKnown
  const reader = createReader(target, { withRaw: options.raw })
  let connection: Connection | undefined
  let trouble: string | undefined
  let isGood = false

  const round = async () => {
    connection ??= await connectTo(target, { signal, timeoutMs })
    const open = connection
    const readings = await withDeadline({ signal, ms: timeoutMs, what: 'reading' }, (limited) =>
      reader(open, limited),
    )
    print(readings, options, io)
    trouble = undefined
    return readings.every(({ outcome }) => outcome.ok)
  }

  try {
    for (;;) {
      const started = performance.now()
      try {
        isGood = await round()
      } catch (thrown) {
        const error = MapperError.from(thrown)
        if (signal.aborted) return isGood
        if (watchMs === undefined) throw error
        isGood = false
        // Once an outage, however often its text changes.
        if (error.code !== trouble) io.err.write(`${error.message}\n`)
        trouble = error.code
        await connection?.close()
        connection = undefined
      }
      if (watchMs === undefined) return isGood
      const waitMs = Math.max(0, started + watchMs - performance.now())
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return isGood
    }
  } finally {
    await connection?.close()
  }
}

function print(
  readings: readonly ItemReading[],
  { json, watchMs }: ReadOptions,
  { out }: CommandIo,
) {
  const clock = watchMs === undefined || json ? '' : `${new Date().toTimeString().slice(0, 8)}  `
  const lines = json ? readings.map(readingJson) : readingLines(readings)
  out.write(lines.map((line) => `${clock}${line}\n`).join(''))
}

async function printIdentity(
  { commandLine, protocol, driver }: Target,
  { json, timeoutMs }: ReadOptions,
  { out, err, signal }: CommandIo,
): Promise<boolean> {
  const identify = commandLine?.identify
  if (identify === undefined) {
    const detail = `the driver ${driver.protocolName} cannot ask a device who it is`
    throw new MapperError('invalid_config', detail)
  }
  const identity = await withDeadline({ signal, ms: timeoutMs, what: 'identifying' }, (limited) =>
    identify(protocol, limited),
  )
  if (json) out.write(`${JSON.stringify({ identity: Object.fromEntries(identity) })}\n`)
  else {
    for (const [name, text] of identity) out.write(`${printable(name)}: ${printable(text, 1000)}\n`)
  }
  if (identity.size === 0) err.write('the device does not say who it is\n')
  return identity.size > 0
}
