export { conformance, type Check, type Result, type RunContext } from './conformance.ts'
export type { Topic } from './check.ts'
export type { GoodPlace, MakeRig, Place, Rig, WrongConfig } from './rig.ts'
export { runConformance, type ConformanceReport } from './run-conformance.ts'
