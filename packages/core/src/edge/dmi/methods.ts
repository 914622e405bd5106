import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import type { handleUnaryCall, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import * as pb from './gen/dmi_pb.ts'

/**
 * The paths are written out, not derived from the messages' package: upstream means to rename the
 * package and keep the paths.
 */
const managerPath = '/v1beta1.DeviceManagerService'
const mapperPath = '/v1beta1.DeviceMapperService'

function unary<I extends DescMessage, O extends DescMessage>(
  path: string,
  input: I,
  output: O,
): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => encode(input, message),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => encode(output, message),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  }
}

function encode<D extends DescMessage>(schema: D, message: MessageShape<D>): Buffer {
  const bytes = toBinary(schema, message)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Served by EdgeCore on its `dmi.sock`, called by a mapper. */
export const deviceManagerService = {
  MapperRegister: unary(
    `${managerPath}/MapperRegister`,
    pb.MapperRegisterRequestSchema,
    pb.MapperRegisterResponseSchema,
  ),
  ReportDeviceStatus: unary(
    `${managerPath}/ReportDeviceStatus`,
    pb.ReportDeviceStatusRequestSchema,
    pb.ReportDeviceStatusResponseSchema,
  ),
  /** KubeEdge 1.18 and later; older ones answer UNIMPLEMENTED. */
  ReportDeviceStates: unary(
    `${managerPath}/ReportDeviceStates`,
    pb.ReportDeviceStatesRequestSchema,
    pb.ReportDeviceStatesResponseSchema,
  ),
} satisfies ServiceDefinition

/** Served by a mapper on its own socket, called by EdgeCore. */
export const deviceMapperService = {
  RegisterDevice: unary(
    `${mapperPath}/RegisterDevice`,
    pb.RegisterDeviceRequestSchema,
    pb.RegisterDeviceResponseSchema,
  ),
  RemoveDevice: unary(
    `${mapperPath}/RemoveDevice`,
    pb.RemoveDeviceRequestSchema,
    pb.RemoveDeviceResponseSchema,
  ),
  UpdateDevice: unary(
    `${mapperPath}/UpdateDevice`,
    pb.UpdateDeviceRequestSchema,
    pb.UpdateDeviceResponseSchema,
  ),
  CreateDeviceModel: unary(
    `${mapperPath}/CreateDeviceModel`,
    pb.CreateDeviceModelRequestSchema,
    pb.CreateDeviceModelResponseSchema,
  ),
  RemoveDeviceModel: unary(
    `${mapperPath}/RemoveDeviceModel`,
    pb.RemoveDeviceModelRequestSchema,
    pb.RemoveDeviceModelResponseSchema,
  ),
  UpdateDeviceModel: unary(
    `${mapperPath}/UpdateDeviceModel`,
    pb.UpdateDeviceModelRequestSchema,
    pb.UpdateDeviceModelResponseSchema,
  ),
  /** EdgeCore never calls it; it answers a person with grpcurl. */
  GetDevice: unary(
    `${mapperPath}/GetDevice`,
    pb.GetDeviceRequestSchema,
    pb.GetDeviceResponseSchema,
  ),
} satisfies ServiceDefinition

/** A handler for every method of a service, to hand to `server.addService`. */
export type UnaryHandlers<S> = {
  [K in keyof S]: S[K] extends MethodDefinition<infer I, infer O> ? handleUnaryCall<I, O> : never
}
