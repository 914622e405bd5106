import { cycleMs, type Path } from '@mapper-sdk/core'
import type { Remark } from './finding.ts'
import type { DeviceSubject, MapperFile } from './subject.ts'

/** 10 000 000 000 and the like are nanoseconds; what is below this may be seconds. */
const oftenSeconds = 60

/** `collectCycle` and `reportCycle`, which are milliseconds and nowhere say so. */
export function checkCycles(
  { cr }: DeviceSubject,
  settings: Pick<MapperFile, 'cycleUnit' | 'minimumCycleMs'>,
): readonly Remark[] {
  const { properties = [], stateReport } = cr.spec
  const cycles: readonly (readonly [Path, number | undefined])[] = [
    ...properties.flatMap(({ collectCycle, reportCycle }, index) => {
      const at = ['spec', 'properties', index]
      return [
        [[...at, 'collectCycle'], collectCycle],
        [[...at, 'reportCycle'], reportCycle],
      ] as const
    }),
    [['spec', 'stateReport', 'reportCycle'], stateReport?.reportCycle],
  ]
  return cycles.flatMap(([path, raw]) => {
    const remark = raw === undefined || raw === 0 ? undefined : remarkOf(path, raw, settings)
    return remark === undefined ? [] : [remark]
  })
}

function remarkOf(
  path: Path,
  raw: number,
  { cycleUnit: unit, minimumCycleMs: minimumMs }: Pick<MapperFile, 'cycleUnit' | 'minimumCycleMs'>,
): Remark | undefined {
  const { ms, problem } = cycleMs(raw, { unit, minimumMs })
  const isNs = unit === 'auto' && ms !== cycleMs(raw, { unit: 'ms', minimumMs }).ms
  if (isNs) {
    const whole = raw % 1e6 === 0 && raw / 1e6 >= minimumMs ? String(raw / 1e6) : undefined
    const message = `is ${raw}, which is taken as nanoseconds; write ${raw / 1e6}, in ms`
    const put = { at: 'value', text: whole ?? '' } as const
    return { rule: 'cycle-nanoseconds', path, message, ...(whole !== undefined && { put }) }
  }
  const seconds = `; if seconds are meant, write ${raw * 1000}`
  const maybeSeconds = unit !== 'ns' && raw > 0 && raw <= oftenSeconds
  if (problem !== undefined) {
    return { rule: 'cycle-limits', path, message: problem + (maybeSeconds ? seconds : '') }
  }
  if (!maybeSeconds) return undefined
  return { rule: 'cycle-seconds', path, message: `is ${raw} ms${seconds}` }
}
