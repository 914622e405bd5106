export { startOpcuaSimulator } from './start-opcua-simulator.ts'
export type {
  Interference,
  OpcuaSimulator,
  RaisedEvent,
  SetOptions,
  SimulatedReading,
} from './simulator.ts'
export {
  decoyNamespace,
  simulatorNamespace,
  type ChangingItems,
  type OpcuaSimulatorOptions,
  type SimulatedLimits,
  type UserToken,
} from './options.ts'
export type { DeclaredNode } from './declared-nodes.ts'
export type { Variation } from './vary.ts'
export { NodeFileError, parseNodes } from './node-file.ts'
export type { SimulateOptions } from '@mapper-sdk/core/simulating'
export { simulate } from './simulate.ts'
export { builtInTypes, type BuiltInType } from './space/variant-values.ts'
export { limitValues, sampleArrays, sampleValues } from './space/sample-values.ts'
