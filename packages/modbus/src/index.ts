export { modbusDriver } from './driver.ts'
export {
  protocolSchema,
  visitorSchema,
  type ModbusProtocol,
  type ModbusVisitor,
  type ValueType,
} from './config.ts'
export { normalize } from './dialects.ts'
export {
  costOf,
  planReads,
  type Bond,
  type ReadCost,
  type ReadItem,
  type ReadLimits,
  type ReadRequest,
} from './plan.ts'
export { shortestFloat32 } from './float32.ts'
export { connectTcp, type TcpOptions } from './tcp-link.ts'
export { openSerial } from './rtu-link.ts'
export type { Answer, ModbusLink, RequestOptions, Table, WriteOptions } from './link.ts'
