export { readFlags, type Flags } from './flags.ts'
export { runSimulator, untilAborted, type SimulateOptions } from './run-simulator.ts'
export { createTimers, type Timers } from './timers.ts'
