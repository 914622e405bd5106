import { MapperError } from '@mapper-sdk/core'
import { parseProtected } from '../config/protected-ranges.ts'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { compileVisitor } from '../data/compile.ts'
import type { Compiled } from '../data/compiled.ts'
import { keyOf } from './holes.ts'
import type { Shape } from './knowledge.ts'
import { lineOf, registerMsOf, requestMsOf, turnaroundMs } from './line.ts'
import { planReads, type ReadCost, type ReadRequest, type TableRange } from './plan.ts'

/** How the visitors of one device are read, as far as it is known. Good for many reads. */
export interface ReadPlan {
  readonly protocol: ModbusProtocol
  readonly shape: Shape
  /** By visitor; what cannot be compiled is the reason instead. */
  readonly compiled: readonly (Compiled | MapperError)[]
  readonly cost: ReadCost
  /** Their items are indexes into `compiled`. */
  readonly requests: readonly ReadRequest[]
  /** One request for each range that is refused even alone. */
  readonly holes: readonly ReadRequest[]
}

export function createReadPlan(
  visitors: readonly ModbusVisitor[],
  protocol: ModbusProtocol,
  shape: Shape,
): ReadPlan {
  const compiled = visitors.map((visitor) => {
    try {
      return compileVisitor(visitor, protocol)
    } catch (thrown) {
      return MapperError.from(thrown, 'invalid_config')
    }
  })
  const cost = shape.cost ?? costOf(protocol)
  const all = compiled.map((_, index) => index)
  try {
    return { protocol, shape, compiled, cost, ...planItems(all, compiled, protocol, shape) }
  } catch (thrown) {
    const error = MapperError.from(thrown, 'invalid_config')
    return { protocol, shape, compiled: all.map(() => error), cost, requests: [], holes: [] }
  }
}

/** Requests for some of the visitors, by what is known. */
export function planItems(
  indexes: readonly number[],
  compiled: ReadPlan['compiled'],
  protocol: ModbusProtocol,
  shape: Shape,
): Pick<ReadPlan, 'requests' | 'holes'> {
  const places = indexes.flatMap((index) => {
    const one = compiled[index]
    return one === undefined || one instanceof MapperError ? [] : [{ one, index }]
  })
  const good = places.filter(({ one }) => !shape.holes.has(keyOf(one)))
  const requests = planReads(
    good.map(({ one }) => one),
    limitsOf(
      protocol,
      shape,
      good.map(({ one }) => one),
    ),
    shape.cost ?? costOf(protocol),
  )
  const holes = new Map<string, { range: TableRange; items: number[] }>()
  for (const { one, index } of places) {
    const range = shape.holes.get(keyOf(one))
    if (range === undefined) continue
    const hole = holes.get(keyOf(one)) ?? { range, items: [] }
    hole.items.push(index)
    holes.set(keyOf(one), hole)
  }
  return {
    requests: requests.map((request) => ({
      ...request,
      items: request.items.flatMap((item) => good[item]?.index ?? []),
    })),
    holes: [...holes.values()].map(({ range, items }) => ({ ...range, items })),
  }
}

function limitsOf(protocol: ModbusProtocol, shape: Shape, good: readonly TableRange[]) {
  const { maxRegistersPerRequest: maxRegisters, maxBitsPerRequest: maxBits, maxGap } = protocol
  const maxOf = Object.fromEntries([...shape.maxima].map(([table, { count }]) => [table, count]))
  const avoid = [
    ...parseProtected(protocol.readProtected),
    ...shape.cuts.values(),
    // A register that something good wants, too, is no obstacle.
    ...[...shape.holes.values()].flatMap((hole) => without(hole, good)),
  ]
  return { maxRegisters, maxBits, maxGap, maxOf, avoid }
}

/** What is left of a range when others are taken out of it. */
function without(range: TableRange, others: readonly TableRange[]): readonly TableRange[] {
  const { table } = range
  const end = range.address + range.count
  const inside = others
    .filter((one) => one.table === table)
    .filter(({ address, count }) => address < end && address + count > range.address)
    .sort((a, b) => a.address - b.address)
  const left: TableRange[] = []
  let from = range.address
  for (const { address, count } of inside) {
    if (address > from) left.push({ table, address: from, count: address - from })
    from = Math.max(from, address + count)
  }
  if (from < end) left.push({ table, address: from, count: end - from })
  return left
}

/**
 * In registers, as long as nothing was measured. On a serial line the frames of a request and the
 * silence around them take as long as some registers; over a network a round trip outweighs any.
 */
function costOf(protocol: ModbusProtocol): ReadCost {
  const line = lineOf(protocol)
  if (line === undefined) return { request: 125, register: 1 }
  return { request: (requestMsOf(line) + turnaroundMs) / registerMsOf(line), register: 1 }
}
