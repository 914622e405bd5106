import type { Traffic, TrafficCount } from './context.ts'

export interface TrafficLog extends Traffic {
  /** Both words come from lists of ours, so that the counts are few. */
  count(route: string, method: string, code: number): void
  drop(): void
}

export function createTraffic(): TrafficLog {
  const requests = new Map<string, TrafficCount & { count: number }>()
  let dropped = 0
  return {
    requests,
    get dropped() {
      return dropped
    },
    count(route, method, code) {
      const key = `${method} ${route} ${code}`
      const known = requests.get(key)
      if (known === undefined) requests.set(key, { route, method, code, count: 1 })
      else known.count++
    },
    drop: () => void dropped++,
  }
}
