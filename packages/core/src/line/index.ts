export { createFairQueue, type FairQueue } from '../fair-queue.ts'
export type { Line, Lines } from './line.ts'
export { createLines, openWireOf } from './lines.ts'
export { resolveHost } from './resolve-host.ts'
export { openSerialWire } from './serial-wire.ts'
export { shareWire, type SharedWire } from './shared-wire.ts'
export {
  wireName,
  type SerialSettings,
  type TcpSettings,
  type UdpSettings,
  type Wire,
  type WireSettings,
} from './wire.ts'
