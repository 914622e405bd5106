import { canceled, MapperError, type Outcome, type Write } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { exceptionError, isAbsence, isBusy, isUnknownFunction } from '../link/exceptions.ts'
import type { ModbusLink } from '../link/link.ts'
import { mostWritten } from '../link/pdu.ts'
import type { Change } from './change.ts'
import { changeFor, mostRegisters } from './change-for.ts'
import { mergeChanges, type Merged, type MergeLimits } from './merge.ts'
import type { Lessons } from './lessons.ts'
import { sendChange } from './send-change.ts'

/**
 * Writes in order. Neighbours go in one request; where the device refuses that, each goes alone. No
 * value is split over requests, and nothing is sent again whose fate is unknown: after the first silence
 * the rest fails without being sent. Throws only if the link failed before anything was answered.
 */
export async function runWrites(
  writes: readonly Write<ModbusVisitor>[],
  protocol: ModbusProtocol,
  link: ModbusLink,
  signal: AbortSignal,
  lessons: Lessons,
): Promise<readonly Outcome<void>[]> {
  const done: Outcome<void> = { ok: true, value: undefined }
  const unsent = new MapperError('internal', 'not sent')
  const outcomes = writes.map((): Outcome<void> => ({ ok: false, error: unsent }))
  let answered = false
  let stopped: MapperError | undefined

  /** Undefined for a yes. */
  async function attempt(change: Change): Promise<Failure | undefined> {
    if (stopped !== undefined) return { error: stopped }
    try {
      const said = await sendChange(change, protocol, link, signal, lessons)
      if (!said.ok) {
        const { exception, request } = said
        const error = exceptionError(`unit ${protocol.unit}: ${request}`, exception)
        if (isAbsence(exception)) stopped = error
        else answered = true
        return { error, exception }
      }
      answered = true
      return undefined
    } catch (thrown) {
      const error = signal.aborted ? canceled(signal) : (link.failed ?? MapperError.from(thrown))
      // An impossible request was not sent, so it says nothing about the next one.
      if (error.code !== 'invalid_config') stopped = error
      return { error }
    }
  }

  async function perform({ change, of }: Merged, parts: readonly Encoded[]): Promise<void> {
    const failure = await attempt(change)
    if (failure !== undefined && of.length > 1 && mayDivide(failure)) {
      return divide(
        change,
        of.flatMap((part) => parts[part] ?? []),
        failure,
      )
    }
    for (const part of of) {
      const index = parts[part]?.index
      if (index === undefined) continue
      outcomes[index] = failure === undefined ? done : { ok: false, error: failure.error }
    }
  }

  /** One by one what was refused together. By the specification nothing of it was carried out. */
  async function divide(
    { kind }: Change,
    parts: readonly Encoded[],
    refusal: Failure,
  ): Promise<void> {
    let accepted = 0
    for (const { change, index } of parts) {
      const failure = await attempt(change)
      if (failure === undefined) accepted++
      outcomes[index] = failure === undefined ? done : { ok: false, error: failure.error }
    }
    const isUnknown = refusal.exception !== undefined && isUnknownFunction(refusal.exception)
    if (accepted === parts.length || (isUnknown && accepted > 0)) lessons.set(`apart ${kind}`, true)
  }

  const encoded: Encoded[] = []
  for (const [index, write] of writes.entries()) {
    try {
      encoded.push({ index, change: changeFor(write, protocol) })
    } catch (thrown) {
      outcomes[index] = { ok: false, error: MapperError.from(thrown, 'bad_data') }
    }
  }
  const changes = encoded.map(({ change }) => change)
  for (const merged of mergeChanges(changes, limitsOf(protocol, lessons))) {
    await perform(merged, encoded)
  }
  if (link.failed !== undefined && stopped === link.failed && !answered) throw link.failed
  return outcomes
}

function limitsOf(protocol: ModbusProtocol, lessons: Lessons): MergeLimits {
  const { transport, unit, writeFunction, maxRegistersPerRequest, maxBitsPerRequest } = protocol
  // Nobody would tell that a broadcast was refused.
  const isBroadcast = transport !== 'tcp' && unit === 0
  const limit = (kind: Change['kind'], most: number) =>
    writeFunction === 'single' || isBroadcast || lessons.has(`apart ${kind}`) ? 0 : most
  const registers = Math.min(mostRegisters(protocol), maxRegistersPerRequest)
  return {
    whole: limit('whole', registers),
    part: limit('part', registers),
    coils: limit('coils', Math.min(mostWritten.coils, maxBitsPerRequest)),
  }
}

interface Encoded {
  readonly index: number
  readonly change: Change
}

interface Failure {
  readonly error: MapperError
  readonly exception?: number
}

/** Whether the device surely did nothing. Silence tells nothing, and a device that is at work or busy will be so for the parts too. */
const mayDivide = ({ exception }: Failure) =>
  exception !== undefined && !isAbsence(exception) && !isBusy(exception)
