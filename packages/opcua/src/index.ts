export { protocolSchema, type OpcuaProtocol } from './config/protocol.ts'
export { visitorSchema, type OpcuaVisitor } from './config/visitor.ts'
