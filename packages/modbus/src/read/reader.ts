import { canceled, MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import { isLine, type Transport } from '../config/transports.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { exceptionError, isAbsence, isAboutRange } from '../link/exceptions.ts'
import { bondOf, isLate, learn, type Knowledge } from './knowledge.ts'
import type { ModbusLink, Table } from '../link/link.ts'
import { planReads, type ReadCost, type ReadItem, type ReadRequest } from './plan.ts'
import { compileVisitor } from '../data/compile.ts'
import type { Compiled } from '../data/compiled.ts'

/** How the visitors of one device are read, as far as it is known. Good for many reads. */
export interface ReadPlan {
  readonly protocol: ModbusProtocol
  readonly knowledge: Knowledge
  /** By visitor; what cannot be compiled is the reason instead. */
  readonly compiled: readonly (Compiled | MapperError)[]
  /** Their items are indexes into `compiled`. */
  readonly requests: readonly ReadRequest[]
}

/**
 * In registers. On a serial line of 9600 bit/s the frames of a request, the silence between them and
 * a quick device take as long as some 16 registers, and as long again to get to a line elsewhere; over
 * a network a round trip outweighs any register.
 */
const costs: Readonly<Record<Transport, ReadCost>> = {
  rtu: { request: 16, register: 1 },
  ascii: { request: 16, register: 1 },
  'rtu-over-tcp': { request: 32, register: 1 },
  'ascii-over-tcp': { request: 32, register: 1 },
  tcp: { request: 125, register: 1 },
  udp: { request: 125, register: 1 },
}

/** How many extra requests one read may spend on finding out what of a refused range is good. */
const mostExtra = 32

export function createReadPlan(
  visitors: readonly ModbusVisitor[],
  protocol: ModbusProtocol,
  knowledge: Knowledge,
): ReadPlan {
  const compiled = visitors.map((visitor) => {
    try {
      return compileVisitor(visitor, protocol)
    } catch (thrown) {
      return MapperError.from(thrown, 'invalid_config')
    }
  })
  const places = compiled.flatMap((one, index) =>
    one instanceof MapperError ? [] : [{ one, index }],
  )
  const { maxRegistersPerRequest: maxRegisters, maxBitsPerRequest: maxBits, maxGap } = protocol
  const requests = planReads(
    places.map(({ one }) => one),
    { maxRegisters, maxBits, maxGap },
    costs[protocol.transport],
    bondOf(knowledge),
  ).map((request) => ({
    ...request,
    items: request.items.flatMap((item) => places[item]?.index ?? []),
  }))
  const late = requests.filter((request) => isLate(knowledge, request))
  const early = requests.filter((request) => !isLate(knowledge, request))
  return { protocol, knowledge, compiled, requests: [...early, ...late] }
}

/**
 * Runs a plan. One refused range never spoils its neighbours: the request is halved until what is
 * refused stands alone, and that is remembered. A device that stays silent is not asked on and on.
 * Throws only if the link failed before anything was answered.
 */
export async function runReadPlan(
  plan: ReadPlan,
  link: ModbusLink,
  signal: AbortSignal,
): Promise<{ readonly outcomes: readonly Outcome<Value>[]; readonly knowledge: Knowledge }> {
  const { protocol, compiled } = plan
  const { unit, timeoutMs, maxInFlight, transport } = protocol
  const unread = new MapperError('internal', 'not planned')
  const outcomes = compiled.map((one): Outcome<Value> => ({
    ok: false,
    error: one instanceof MapperError ? one : unread,
  }))
  let knowledge = plan.knowledge
  let extra = mostExtra
  let answered = false
  let silences = 0
  let stopped: MapperError | undefined

  const fail = ({ items }: ReadRequest, error: MapperError) => {
    const failure = { ok: false, error } as const
    for (const item of items) outcomes[item] = failure
  }

  const take = (request: ReadRequest, data: Uint8Array) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    for (const item of request.items) {
      const one = compiled[item]
      if (one === undefined || one instanceof MapperError) continue
      outcomes[item] = decode(one, view, one.address - request.address)
      if (knowledge.alone.size > 0) knowledge = learn(knowledge, { kind: 'answered', at: one })
    }
  }

  const silence = (request: ReadRequest, error: MapperError) => {
    fail(request, error)
    knowledge = learn(knowledge, { kind: 'late', at: request })
    // One request may be met with silence by a device that lives; a device that never answers does not.
    if (++silences > 1 || !answered) stopped ??= error
  }

  /** Whether the request was answered as it is, in one. */
  const attempt = async (request: ReadRequest): Promise<boolean> => {
    if (stopped !== undefined) {
      fail(request, stopped)
      return false
    }
    const { table, address, count } = request
    try {
      const answer = await link.read(unit, table, address, count, { timeoutMs, signal })
      if (answer.ok) {
        answered = true
        take(request, answer.data)
        return true
      }
      const error = exceptionError(describe(unit, request), answer.exception)
      if (isAbsence(answer.exception)) {
        silence(request, error)
        return false
      }
      answered = true
      if (isAboutRange(answer.exception)) await divide(request, error)
      else fail(request, error)
      return false
    } catch (thrown) {
      if (signal.aborted) stopped = canceled(signal)
      else if (link.failed !== undefined) stopped = link.failed
      const error = stopped ?? MapperError.from(thrown)
      if (stopped === undefined) silence(request, error)
      else fail(request, error)
      return false
    }
  }

  /** Asks for the halves of a refused request. At least one lesson is learned, if `extra` suffices. */
  const divide = async (request: ReadRequest, error: MapperError) => {
    const halves = halve(request, compiled)
    if (halves === undefined) knowledge = learn(knowledge, { kind: 'alone', at: request })
    if (halves === undefined || extra < 2) return fail(request, error)
    extra -= 2
    const [low, high] = halves
    const lowGood = await attempt(low)
    const highGood = await attempt(high)
    if (lowGood && highGood) knowledge = learn(knowledge, { kind: 'cut', at: high })
  }

  const rest = plan.requests.values()
  const work = async () => {
    for (const request of rest) await attempt(request)
  }
  await Promise.all(Array.from({ length: isLine(transport) ? 1 : maxInFlight }, work))
  if (link.failed !== undefined && stopped === link.failed && !answered) throw link.failed
  return { outcomes, knowledge }
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

/** Two requests for the lower and the upper half of the items; undefined if all have the same range. */
function halve(
  request: ReadRequest,
  compiled: ReadPlan['compiled'],
): readonly [ReadRequest, ReadRequest] | undefined {
  const items = request.items
    .flatMap((index) => {
      const one = compiled[index]
      return one === undefined || one instanceof MapperError ? [] : [{ index, one }]
    })
    .sort((a, b) => a.one.address - b.one.address || b.one.count - a.one.count)
  const middle = items.length / 2
  const borders = items.flatMap(({ one }, index) => {
    const before = items[index - 1]?.one
    const differs = before?.address !== one.address || before.count !== one.count
    return before !== undefined && differs ? [index] : []
  })
  const [border] = borders.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
  if (border === undefined) return undefined
  const part = (some: typeof items): ReadRequest => {
    const address = Math.min(...some.map(({ one }) => one.address))
    const end = Math.max(...some.map(({ one }) => one.address + one.count))
    return {
      table: request.table,
      address,
      count: end - address,
      items: some.map(({ index }) => index),
    }
  }
  return [part(items.slice(0, border)), part(items.slice(border))]
}

const functions: Readonly<Record<Table, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 }

const describe = (unit: number, { table, address, count }: ReadItem) => {
  const range = count === 1 ? `${address}` : `${address}…${address + count - 1}`
  return `unit ${unit}: reading ${table} ${range} (function ${functions[table]})`
}
