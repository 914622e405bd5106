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
export { aliases, inOurWords, numberIn, type Dialect } from './dialect-words.ts'
export { fileOfResource, folderOfResource, type OwnPlaces } from './file-of-resource.ts'
export { didYouMean } from './did-you-mean.ts'
export type { JSONSchema } from './schema.ts'
export type {
  Conflict,
  ConnectContext,
  Connection,
  Driver,
  Outcome,
  Value,
  Watch,
  Write,
} from './driver.ts'
export type {
  DeviceDescription,
  Edge,
  EdgeEvents,
  EdgeLimits,
  EdgeLink,
  Receipt,
  Refusal,
  Registration,
  TwinReport,
  TwinUpdate,
} from './edge/edge.ts'
export { createDmiEdge, type DmiOptions } from './edge/dmi/dmi-edge.ts'
export { createLegacyMqttEdge, type LegacyMqttOptions } from './edge/legacy/legacy-edge.ts'
export { withMqttUplink, type MqttUplinkOptions } from './edge/mqtt/mqtt-uplink.ts'
export { clientIdOf, type BrokerOptions } from './edge/mqtt/broker-options.ts'
export { isRoutable } from './edge/dmi/encode.ts'
export type { CommandLine } from './command-line.ts'
export { queryWords, splitOnce } from './query-words.ts'
export { createDriverConfig, type DriverConfig } from './driver-config.ts'
export { formatValue, limitProblem, parseLimits, parseValue, type Limits } from './convert.ts'
export {
  decimalOf,
  divideToNumber,
  integerOf,
  integerValue,
  parseDecimal,
  toNumber as decimalNumber,
  toText as decimalText,
  type Decimal,
} from './decimal.ts'
export { shortestFloat32 } from './float32.ts'
export { decodeTwinText, encodeTwinText, type EncodedTwinText } from './twin-text.ts'
export {
  applyOptions,
  invertOptions,
  isChange,
  valueOptionNames,
  valueOptionsSchema,
  type ValueOptions,
} from './value-options.ts'
export { createChecker, formatPath, type Checker, type Issue, type Path } from './config.ts'
export {
  createResolver,
  sameSpec,
  type Resolution,
  type ResolvedDevice,
  type ResolvedProperty,
  type ResolverSettings,
} from './resolve.ts'
export {
  createConnections,
  defaultSettings,
  runMapper,
  type MapperOptions,
  type MapperSettings,
} from './mapper.ts'
export type { ConnectionPool } from './connection-pool.ts'
export { createVolatileStore } from './memory.ts'
export type { Memory, StateStore } from './store.ts'
export type { Explanation } from './explain.ts'
export type { TwinExplanation } from './outbox-twin.ts'
export type { Reading } from './readings.ts'
export type { ReporterStats } from './reporter.ts'
export type { ActivityCounts } from './activity.ts'
export type { DeviceView, MapperView } from './view.ts'
export { isLegalName, isLegalValue } from './alphabet.ts'
export { cycleMs, type Cycle } from './cycle.ts'
