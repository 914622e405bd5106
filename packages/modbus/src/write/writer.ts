import { canceled, MapperError, type Outcome, type Write } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import { isLine } from '../config/transports.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { exceptionError, isAbsence, isBusy, isUnknownFunction } from '../link/exceptions.ts'
import type { ModbusLink } from '../link/link.ts'
import { mostWritten } from '../link/pdu.ts'
import type { ReadItem } from '../read/plan.ts'
import type { Change } from './change.ts'
import { changeFor, mostRegisters } from './change-for.ts'
import { mergeChanges, type MergeLimits } from './merge.ts'
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

  /** Whoever is silent, or whose fate is not known, is not asked on and on. */
  function fail(thrown: unknown): never {
    const error = signal.aborted ? canceled(signal) : (link.failed ?? MapperError.from(thrown))
    // An impossible request was not sent, so it says nothing about the next one.
    if (error.code !== 'invalid_config') stopped = error
    throw error
  }

  function refusal(request: string, exception: number): MapperError {
    const error = exceptionError(`unit ${protocol.unit}: ${request}`, exception)
    if (isAbsence(exception)) stopped = error
    else answered = true
    return error
  }

  /** Undefined for a yes. */
  async function attempt(change: Change): Promise<Failure | undefined> {
    if (stopped !== undefined) return { error: stopped }
    try {
      const said = await sendChange(change, protocol, link, signal, lessons).catch(fail)
      if (!said.ok) return { error: refusal(said.request, said.exception), ...said }
      answered = true
      return undefined
    } catch (thrown) {
      return { error: MapperError.from(thrown) }
    }
  }

  async function perform(change: Change, parts: readonly Encoded[]): Promise<void> {
    const failure = await attempt(change)
    if (failure !== undefined && parts.length > 1 && mayDivide(failure)) {
      return divide(change.kind, parts, failure)
    }
    for (const part of parts) settle(part, failure)
  }

  /** One by one what was refused together. By the specification nothing of it was carried out. */
  async function divide(
    kind: Change['kind'],
    parts: readonly Encoded[],
    { exception = 0 }: Failure,
  ): Promise<void> {
    let accepted = 0
    for (const part of parts) {
      const failure = await attempt(part.change)
      if (failure === undefined) accepted++
      settle(part, failure)
    }
    const isUnknown = isUnknownFunction(exception) && accepted > 0
    if (isUnknown || accepted === parts.length) lessons.set(`apart ${kind}`, true)
  }

  function settle({ index }: Encoded, failure: Failure | undefined): void {
    outcomes[index] = failure === undefined ? done : { ok: false, error: failure.error }
  }

  const firstReads = new Map<string, Promise<Uint8Array>>()
  /** What a value depends on. Several values of one change may depend on the same. */
  const readOnce = (item: ReadItem): Promise<Uint8Array> => {
    const key = `${item.table} ${item.address}+${item.count}`
    const read = firstReads.get(key) ?? readFirst(item)
    firstReads.set(key, read)
    return read
  }

  async function readFirst({ table, address, count }: ReadItem): Promise<Uint8Array> {
    if (stopped !== undefined) throw stopped
    const { unit, timeoutMs } = protocol
    const request = `reading ${table} ${address} before a write that depends on it`
    const answer = await link.read(unit, table, address, count, { timeoutMs, signal }).catch(fail)
    if (answer.ok) {
      answered = true
      return answer.data
    }
    throw refusal(request, answer.exception)
  }

  const encoded: Encoded[] = []
  for (const [index, write] of writes.entries()) {
    try {
      encoded.push({ index, change: await changeFor(write, protocol, readOnce) })
    } catch (thrown) {
      outcomes[index] = { ok: false, error: MapperError.from(thrown, 'bad_data') }
    }
  }
  const changes = encoded.map(({ change }) => change)
  for (const { change, of } of mergeChanges(changes, limitsOf(protocol, lessons))) {
    await perform(
      change,
      of.flatMap((place) => encoded[place] ?? []),
    )
  }
  if (link.failed !== undefined && stopped === link.failed && !answered) throw link.failed
  return outcomes
}

function limitsOf(protocol: ModbusProtocol, lessons: Lessons): MergeLimits {
  const { transport, unit, writeFunction, maxRegistersPerRequest, maxBitsPerRequest } = protocol
  // Nobody would tell that a broadcast was refused.
  const isBroadcast = isLine(transport) && unit === 0
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
