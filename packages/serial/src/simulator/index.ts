export type { Fault, FaultScript, SimulatedRequest } from './faults.ts'
export { loadDevice, shippedRecipes, type LoadedDevice } from './load-device.ts'
export { parseSimulatorScript, type ParsedScript } from './parse-script.ts'
export { checkScript } from './check-script.ts'
export { scriptedDevice, type ScriptedOptions } from './scripted-device.ts'
export { serveSerial, type SerialSimulatorOptions } from './serve-serial.ts'
export { serveTcp, type TcpSimulator, type TcpSimulatorOptions } from './serve-tcp.ts'
export {
  serveTranscript,
  socketChannel,
  type ByteChannel,
  type TranscriptOptions,
  type TranscriptServer,
} from './serve-transcript.ts'
export { serveUdp, type UdpSimulator, type UdpSimulatorOptions } from './serve-udp.ts'
export type { SimulateOptions } from '@mapper-sdk/core/simulating'
export { simulate } from './simulate.ts'
export type { DeviceState, Habit, Saying, SimulatedDevice } from './simulated-device.ts'
export { simulatedLine, type SimulatedLine, type SimulatedLineOptions } from './simulated-line.ts'
export type { SerialSimulator, SimulatorOptions } from './simulator.ts'
export {
  simulatorScriptSchema,
  type ScriptAnswer,
  type ScriptSend,
  type ScriptSet,
  type ScriptState,
  type SimulatorScript,
  type Vary,
} from './simulator-script.ts'
export { transcriptDevice } from './transcript-device.ts'
