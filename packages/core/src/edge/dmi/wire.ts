/** What speaks DMI on the wire: messages generated from proto/dmi.proto, both services, Any values. */
export * from './gen/dmi_pb.ts'
export { deviceManagerService, deviceMapperService, type UnaryHandlers } from './methods.ts'
export { fromAny, fromAnyMap, toAny, type AnyMapResult, type AnyResult } from './any.ts'
export { encodePushMethod } from './push-method.ts'
