import { canceled, MapperError } from '@mapper-sdk/core'
import { isAbsence } from '../link/exceptions.ts'
import type { Identification } from '../identify/identification.ts'
import { identify } from '../identify/identify.ts'
import type { ModbusLink, RequestOptions } from '../link/link.ts'
import { keepLink, type OpenLink } from './keep-link.ts'
import { unitProbes, type Probe } from './probes.ts'

/** A unit that answered; with an exception code if it said no, which proves it as well. */
export interface FoundUnit<L> extends Probe<L> {
  readonly exception?: number
  /** What it says of itself, if it was asked; empty if it says nothing. */
  readonly identity?: Identification
}

export interface UnitScan<L> {
  /** The links that units may be on, most likely first, told by identity. */
  readonly lines: readonly L[]
  readonly units: readonly number[]
  readonly open: OpenLink<L>
  /** How long one unit may stay silent, in ms. */
  readonly timeoutMs: number
  /** Whether each unit that is there is asked who it is. */
  readonly identify?: boolean
  readonly signal: AbortSignal
  readonly onProbe?: (probe: Probe<L>) => void
  readonly onFound: (found: FoundUnit<L>) => void
  /** Something came that is no answer: other settings, another master, or two units with one id. */
  readonly onNoise?: (probe: Probe<L>, error: MapperError) => void
}

/**
 * Looks for units: asks each for one holding register, and takes every well-formed answer of it for a
 * yes. Gateways answer in place of units that are not there; that is a no. Ends when nothing is left to
 * ask. Rejects when a link cannot be opened, or with `canceled`; what was found until then was told.
 */
export async function scanUnits<L>(scan: UnitScan<L>): Promise<void> {
  const { lines, units, open, timeoutMs, signal, onProbe, onFound, onNoise } = scan
  const options = { timeoutMs, signal }
  const links = keepLink(open)
  const probes = unitProbes(lines, units)
  try {
    for (let next = probes.next(); next.done !== true;) {
      const probe = next.value
      if (signal.aborted) throw canceled(signal)
      onProbe?.(probe)
      const link = await links.to(probe.line, signal)
      const answer = await ask(link, probe.unit, options)
      if (answer instanceof MapperError) onNoise?.(probe, answer)
      const there = answer !== undefined && !(answer instanceof MapperError)
      if (there) {
        const identity = scan.identify ? await identityOf(link, probe.unit, options) : undefined
        onFound({ ...probe, ...answer, ...(identity && { identity }) })
      }
      next = probes.next(there)
    }
  } finally {
    await links.close()
  }
}

/** Some devices end the connection when they are asked. They are there all the same. */
async function identityOf(
  link: ModbusLink,
  unit: number,
  options: RequestOptions,
): Promise<Identification> {
  try {
    return await identify(link, unit, { ...options, level: 'regular' })
  } catch {
    return {}
  }
}

/** Undefined is silence, an error is something that is no answer. */
async function ask(
  link: ModbusLink,
  unit: number,
  options: RequestOptions,
): Promise<{ readonly exception?: number } | MapperError | undefined> {
  try {
    const answer = await link.read(unit, 'holding', 0, 1, options)
    if (answer.ok) return {}
    return isAbsence(answer.exception) ? undefined : { exception: answer.exception }
  } catch (thrown) {
    if (options.signal.aborted) throw canceled(options.signal)
    const error = MapperError.from(thrown)
    // A server may hang up on a unit that it does not know.
    if (error.code === 'timeout' || error.code === 'unreachable') return undefined
    if (error.code === 'bad_data') return error
    throw error
  }
}
