import { costOf, planReads } from '@mapper-sdk/modbus'

export const name = 'plan'

const maps = 400
const large = 10_000
const rounds = 21

const limits = { maxRegisters: 24, maxBits: 384, maxGap: 16 }
const cost = { request: 16, register: 1 }

/**
 * What the planner's requests cost against the best of all possible plans, found by trying every way
 * to share up to eight values out among requests, on random register maps. And how long it takes to
 * plan a device of 10 000 properties.
 */
export async function run(report) {
  const random = generator(20_260_101)
  let ours = 0
  let best = 0
  let single = 0
  let worst = 1
  let planned = 0
  let fewest = 0
  for (let map = 0; map < maps; map++) {
    const items = randomMap(random, 8, 64)
    const requests = planReads(items, limits, cost)
    const paid = costOf(requests, cost)
    const optimum = bruteForce(items)
    ours += paid
    best += optimum.cost
    single += costOf(items, cost)
    worst = Math.max(worst, paid / optimum.cost)
    planned += requests.length
    fewest += optimum.requests
  }
  const inAll = `over ${maps} random maps of 8 values`
  report.figure('cost_ratio', ours / best, 'planned/best', `${inAll}; 1 is optimal`)
  report.figure('cost_ratio_worst', worst, 'planned/best', 'the worst of these maps')
  report.figure('requests', planned / maps, 'per cycle', `best plan ${(fewest / maps).toFixed(3)}`)
  report.figure('single_cost_ratio', single / best, 'single/best', 'one request a property instead')

  const items = randomMap(random, large, 60_000)
  const wide = { maxRegisters: 125, maxBits: 2000, maxGap: 16 }
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    planReads(items, wide, cost)
    return performance.now() - start
  }).sort((a, b) => a - b)
  const spread = `${times[0].toFixed(1)} … ${times.at(-1).toFixed(1)} ms in ${rounds} rounds`
  report.figure('plan_time', times[rounds >> 1], 'ms', `median for ${large} properties; ${spread}`)
  report.figure(
    'plan_requests',
    planReads(items, wide, cost).length,
    'requests',
    `for ${large} properties`,
  )
}

/** Values of one to four registers, some overlapping, as they lie around in real devices: in clusters. */
function randomMap(random, count, span) {
  const items = []
  let address = 0
  while (items.length < count) {
    address = random() < 0.2 ? Math.floor(random() * span) : address + Math.floor(random() * 4)
    const width = [1, 1, 1, 2, 2, 4][Math.floor(random() * 6)]
    items.push({ table: 'holding', address: address % span, count: width })
    address += width
  }
  return items
}

/** The least cost, and of that the fewest requests, over every way to share the values out. */
function bruteForce(items) {
  const sorted = [...items].sort((a, b) => a.address - b.address)
  let best = { cost: Infinity, requests: 0 }
  const groups = []
  const share = (index, spent) => {
    if (spent > best.cost) return
    if (index === sorted.length) {
      if (spent < best.cost || groups.length < best.requests) {
        best = { cost: spent, requests: groups.length }
      }
      return
    }
    const { address, count } = sorted[index]
    // In ascending order, so a group only ever grows at its end.
    for (const group of groups) {
      const { end } = group
      const grown = Math.max(end, address + count)
      if (address - end > limits.maxGap || grown - group.start > limits.maxRegisters) continue
      group.end = grown
      share(index + 1, spent + (grown - end) * cost.register)
      group.end = end
    }
    groups.push({ start: address, end: address + count })
    share(index + 1, spent + cost.request + count * cost.register)
    groups.pop()
  }
  share(0, 0)
  return best
}

/** Mulberry32: the same maps in every run. */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
