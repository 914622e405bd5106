import type { ModbusProtocol } from '../config/protocol.ts'
import {
  lineLoad,
  lineOf,
  mostLoad,
  registerMsOf,
  requestMsOf,
  type LineLoad,
  type PlannedCycle,
} from './line.ts'
import type { ReadPlan } from './read-plan.ts'

/** Adds up what is read over one serial line, and tells once when that is too much. */
export interface LoadWatch {
  /** A read that is repeated every `everyMs`; without it, it is not repeated. */
  cycle(plan: ReadPlan, everyMs: number | undefined, now: number): void
}

interface Watched extends PlannedCycle {
  readonly lastMs: number
  readonly times: number
}

/** It is added up so seldom: by its second repetition, all others on the line were seen, too. */
const settledAfter = 3

export function watchLoad(
  opened: ModbusProtocol,
  told: { get(): boolean | undefined; set(told: boolean): void },
  tell: (load: LineLoad) => void,
): LoadWatch {
  const line = lineOf(opened)
  /** By unit, and by period: a device has one read of each. */
  const units = new Map<
    number,
    { readonly protocol: ModbusProtocol; readonly cycles: Map<number, Watched> }
  >()

  /** When it was first too much. */
  let sinceMs: number | undefined

  function cyclesOf(protocol: ModbusProtocol): Map<number, Watched> {
    const known = units.get(protocol.unit)
    // A device that was changed comes with another protocol configuration; what it read before is over.
    if (known?.protocol === protocol) return known.cycles
    const cycles = new Map<number, Watched>()
    units.set(protocol.unit, { protocol, cycles })
    return cycles
  }

  function forgetGone(now: number): void {
    for (const [unit, { cycles }] of units) {
      for (const [key, { everyMs, lastMs }] of cycles) {
        if (now - lastMs > 10 * everyMs + 10_000) cycles.delete(key)
      }
      if (cycles.size === 0) units.delete(unit)
    }
  }

  return {
    cycle({ protocol, requests, cost }, everyMs, now) {
      if (line === undefined || everyMs === undefined) return
      const cycles = cyclesOf(protocol)
      const times = (cycles.get(everyMs)?.times ?? 0) + 1
      const deviceMs = Math.max(0, cost.request * registerMsOf(line) - requestMsOf(line))
      cycles.set(everyMs, { everyMs, requests, deviceMs, lastMs: now, times })
      if (times % settledAfter !== 0) return
      forgetGone(now)
      const all = [...units.values()].flatMap((unit) => [...unit.cycles.values()])
      const load = lineLoad(line, all)
      if (load.share <= mostLoad) {
        sinceMs = undefined
        if (told.get()) told.set(false)
        return
      }
      const since = (sinceMs ??= now)
      // One that was not read since may be gone.
      if (told.get() || all.some(({ lastMs }) => lastMs <= since)) return
      told.set(true)
      tell(load)
    },
  }
}
