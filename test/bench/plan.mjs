import { readdirSync, readFileSync } from 'node:fs'
import { costOf, planReads } from '@mapper-sdk/modbus'
import { parse } from 'yaml'

export const name = 'plan'

const maps = 2000
const large = 10_000
const rounds = 21

const limits = { maxRegisters: 24, maxBits: 384, maxGap: 16 }
const wide = { maxRegisters: 125, maxBits: 2000, maxGap: 16 }
const cost = { request: 16, register: 1 }

/**
 * What the planner's requests cost against the best of all possible plans, found by trying every way
 * to share up to eight values out among requests, on random register maps with protected places and a
 * smaller maximum of one table. How many requests real meters take. And how long it takes to plan a
 * device of 10 000 properties.
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
    const some = { ...limits, ...randomObstacles(random, 64) }
    const requests = planReads(items, some, cost)
    const paid = costOf(requests, cost)
    const optimum = bruteForce(items, some)
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

  for (const meter of meters()) {
    const requests = planReads(meter.items, wide, cost).length
    const contiguous = planReads(meter.items, { ...wide, maxGap: 0 }, cost).length
    report.figure(
      `requests_${meter.file}`,
      requests,
      'per cycle',
      `${meter.name}; without gaps ${contiguous}, one a property ${meter.items.length}`,
    )
  }

  const items = randomMap(random, large, 60_000)
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

/** The register maps of test/fixtures/meters. */
function meters() {
  const folder = new URL('../fixtures/meters/', import.meta.url)
  return readdirSync(folder).map((file) => {
    const { name, table, measurands } = parse(readFileSync(new URL(file, folder), 'utf8'))
    const items = measurands.map(({ address, words }) => ({ table, address, count: words }))
    return { file: file.replace('.yaml', ''), name, items }
  })
}

/** Some places that no request may touch, and in half of the maps a smaller maximum. */
function randomObstacles(random, span) {
  const place = () => ({
    table: 'holding',
    address: Math.floor(random() * span),
    count: Math.floor(random() * 3),
  })
  const avoid = Array.from({ length: Math.floor(random() * 4) }, place)
  return random() < 0.5 ? { avoid } : { avoid, maxOf: { holding: 2 + Math.floor(random() * 20) } }
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

/** The least cost, and of that the fewest requests, over every legal way to share the values out. */
function bruteForce(items, { avoid, maxOf }) {
  const most = maxOf?.holding ?? limits.maxRegisters
  const touches = (start, end) =>
    avoid.some(({ address, count }) => address < end && address + count > start)
  // Of those that start at the same place the longest first, so a group that is one of its values as
  // it is has it in front.
  const sorted = [...items].sort((a, b) => a.address - b.address || b.count - a.count)
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
      const { start, end } = group
      const grown = Math.max(end, address + count)
      const isFirstValue = grown === group.firstEnd
      const isLegal = grown - start <= most && !touches(start, grown)
      if (address - end > limits.maxGap || !(isFirstValue || isLegal)) continue
      group.end = grown
      share(index + 1, spent + (grown - end) * cost.register)
      group.end = end
    }
    const end = address + count
    groups.push({ start: address, end, firstEnd: end })
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
