export { MapperError, errorPolicies, type ErrorCode, type ErrorPolicy } from './errors.ts'
export { silentLogger, type Logger, type LogFn } from './log.ts'
export { backoffMs, canceled, sleep, systemClock, type Clock } from './time.ts'
export {
  idOf,
  splitId,
  type AccessMode,
  type Device,
  type DeviceMethod,
  type DeviceModel,
  type DeviceProperty,
  type DeviceState,
  type Id,
  type ModelProperty,
  type PropertyType,
  type RawConfig,
  type RawValue,
} from './device.ts'
export type { JSONSchema } from './schema.ts'
export type { ConnectContext, Connection, Driver, Memory, Outcome, Value, Write } from './driver.ts'
export type {
  DeviceDescription,
  Edge,
  EdgeEvents,
  EdgeLimits,
  EdgeLink,
  Receipt,
  Registration,
  TwinReport,
  TwinUpdate,
} from './edge/edge.ts'
export { createDmiEdge, type DmiOptions } from './edge/dmi/dmi-edge.ts'
export { isReportableName, isReportableValue, isRoutable } from './edge/dmi/encode.ts'
