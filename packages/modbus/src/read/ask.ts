import { canceled, MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { Compiled } from '../data/compiled.ts'
import { exceptionError, isAboutRange, isAbsence } from '../link/exceptions.ts'
import type { Answer, ModbusLink, Table } from '../link/link.ts'
import type { Lesson } from './knowledge.ts'
import { lineOf, registerMsOf, requestMsOf } from './line.ts'
import type { Patience } from './patience.ts'
import type { ReadRequest, TableRange } from './plan.ts'
import type { ReadPlan } from './read-plan.ts'

/** What became of one request. */
export type Result =
  | { readonly kind: 'answered' }
  /** The device says that it is this range it cannot answer. */
  | { readonly kind: 'refused'; readonly exception: number; readonly error: MapperError }
  /** No answer in time; it is not held against the device yet. */
  | { readonly kind: 'silent' }
  /** Anything else, which says nothing about the range. */
  | { readonly kind: 'failed' }

/** A link whose answers say how long they took, if nothing else was on the way meanwhile. */
export interface TimedLink extends ModbusLink {
  read(...call: Parameters<ModbusLink['read']>): Promise<Answer & { readonly ms?: number }>
}

/** One read: its requests, one after the other or several at once, and what they brought. */
export interface Asking {
  /** By visitor. */
  readonly outcomes: readonly Outcome<Value>[]
  /** `patient`: a silence is answered `silent`, and is for the caller to ask about again. */
  ask(request: ReadRequest, patient?: boolean): Promise<Result>
  /** Gives the items of the request that have no value an error, without asking. */
  fail(request: Pick<ReadRequest, 'items'>, error: MapperError): void
  /** Whether a value came, of the whole device or of one table. */
  answered(table?: Table): boolean
  /** Set once it makes no sense to ask on. */
  readonly stopped: MapperError | undefined
  /** The device said nothing at all, not even no. */
  readonly mute: boolean
}

/** Made once: an error costs more than a request. */
const unread = { ok: false, error: new MapperError('internal', 'not planned') } as const

export function createAsking(
  plan: ReadPlan,
  link: TimedLink,
  teach: (lesson: Lesson) => void,
  patience: Patience,
  signal: AbortSignal,
): Asking {
  const { protocol, compiled, cost } = plan
  const { unit } = protocol
  const timeoutMs = patience.waitMs(protocol.timeoutMs)
  const line = lineOf(protocol)
  const certain = line && { registerMs: registerMsOf(line), leastMs: requestMsOf(line) }
  const outcomes = compiled.map((one): Outcome<Value> =>
    one instanceof MapperError ? { ok: false, error: one } : unread,
  )
  const tables = new Set<Table>()
  let mute = true
  let silences = 0
  let stopped: MapperError | undefined

  const fail: Asking['fail'] = ({ items }, error) => {
    const failure = { ok: false, error } as const
    // A value that came in this read stays, whatever else is tried with its register.
    for (const item of items) if (outcomes[item]?.ok !== true) outcomes[item] = failure
  }

  const take = (request: ReadRequest, data: Uint8Array) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    for (const item of request.items) {
      const one = compiled[item]
      if (one === undefined || one instanceof MapperError) continue
      outcomes[item] = decode(one, view, one.address - request.address)
    }
  }

  const silence = (request: ReadRequest, error: MapperError, patient: boolean): Result => {
    fail(request, error)
    if (patient && !mute) return { kind: 'silent' }
    teach({ kind: 'late', at: request })
    // One request may be met with silence by a device that lives; a device that never answers does not.
    if (++silences > 1 || mute) stopped ??= error
    return { kind: 'failed' }
  }

  const judge = (request: ReadRequest, answer: Awaited<ReturnType<TimedLink['read']>>): Result => {
    if (answer.ok) {
      mute = false
      tables.add(request.table)
      take(request, answer.data)
      teach({ kind: 'answered', at: request })
      const { ms } = answer
      if (ms !== undefined) {
        teach({ kind: 'timed', at: request, ms, inUse: cost, ...(certain && { line: certain }) })
      }
      return { kind: 'answered' }
    }
    const { exception } = answer
    const error = exceptionError(describe(unit, request), exception)
    if (isAbsence(exception)) return silence(request, error, false)
    mute = false
    fail(request, error)
    return isAboutRange(exception) ? { kind: 'refused', exception, error } : { kind: 'failed' }
  }

  return {
    outcomes,
    fail,
    answered: (table) => (table === undefined ? tables.size > 0 : tables.has(table)),
    get stopped() {
      return stopped
    },
    get mute() {
      return mute
    },
    async ask(request, patient = false) {
      if (stopped !== undefined) {
        fail(request, stopped)
        return { kind: 'failed' }
      }
      const { table, address, count } = request
      try {
        const begun = performance.now()
        const answer = await link.read(unit, table, address, count, { timeoutMs, signal })
        if (answer.ok || !isAbsence(answer.exception)) patience.answered(performance.now() - begun)
        return judge(request, answer)
      } catch (thrown) {
        if (signal.aborted) stopped = canceled(signal)
        else if (link.failed !== undefined) stopped = link.failed
        else return silence(request, MapperError.from(thrown), patient)
        fail(request, stopped)
        return { kind: 'failed' }
      }
    },
  }
}

function decode(one: Compiled, view: DataView, offset: number): Outcome<Value> {
  try {
    if (one.kind === 'registers') return { ok: true, value: one.decode(view, 2 * offset) }
    const set = ((view.getUint8(offset >> 3) >> (offset & 7)) & 1) === 1
    return { ok: true, value: one.decode(set) }
  } catch (thrown) {
    return { ok: false, error: MapperError.from(thrown, 'bad_data') }
  }
}

const functions: Readonly<Record<Table, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 }

const describe = (unit: number, { table, address, count }: TableRange) => {
  const range = count === 1 ? `${address}` : `${address}…${address + count - 1}`
  return `unit ${unit}: reading ${table} ${range} (function ${functions[table]})`
}
