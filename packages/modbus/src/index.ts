export { modbusDriver } from './driver.ts'
export { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
export { visitorSchema, type ModbusVisitor, type ValueType } from './config/visitor.ts'
export { normalize } from './config/dialects.ts'
export {
  costOf,
  planReads,
  type Bond,
  type ReadCost,
  type ReadItem,
  type ReadLimits,
  type ReadRequest,
} from './read/plan.ts'
export { shortestFloat32 } from './data/float32.ts'
export { connectTcp, type TcpOptions } from './link/tcp-link.ts'
export type { TlsOptions } from './link/tls-connect.ts'
export { connectUdp, type Dropped, type UdpOptions } from './link/udp-link.ts'
export { openLine, openSerial, type LineOptions, type SerialOptions } from './link/line-link.ts'
export type { Answer, ModbusLink, RequestOptions, Table, WriteOptions } from './link/link.ts'
