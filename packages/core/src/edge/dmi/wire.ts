/** The DMI messages and services as generated from proto/dmi.proto, for tools that speak the wire. */
export * from './gen/dmi_pb.ts'
