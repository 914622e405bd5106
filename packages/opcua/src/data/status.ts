import { MapperError, type ErrorCode } from '@mapper-sdk/core'

/** What is needed of node-opcua's StatusCode. */
export interface StatusLike {
  readonly value: number
  readonly name?: string
}

export type Severity = 'good' | 'uncertain' | 'bad'

/** By the two highest bits. The fourth pattern is reserved: a value with it is not known to be good. */
export function severityOf(status: number): Severity {
  if (status >= 0 && status < 0x4000_0000) return 'good'
  return status >= 0 && status < 0x8000_0000 ? 'uncertain' : 'bad'
}

/** The name of the standard if it is known, else the number: `BadNodeIdUnknown`, `0x80340000`. */
export const statusName = (status: StatusLike): string =>
  // Of a status with flags node-opcua appends their names.
  status.name?.split('#')[0] || `0x${(status.value >>> 0).toString(16).padStart(8, '0')}`

/** The code without its flags, which do not change its meaning. */
const bare = (status: number) => (status & 0xffff_0000) >>> 0

const seldom = 'the node is tried again later'

/** What core does about the codes that have an own answer, and in plain words what to do. */
const meanings: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map<
  number,
  readonly [ErrorCode, string]
>([
  // The address is wrong, or the server does not have the node now: both can change while it runs.
  [0x8034_0000, ['rejected', `the server has no such node; check nodeID; ${seldom}`]],
  [0x8033_0000, ['rejected', `the server takes this for no node id; check nodeID; ${seldom}`]],
  [0x806f_0000, ['rejected', `the browsePath leads to no node; check its names and namespaces`]],
  [0x8060_0000, ['rejected', 'the server cannot read a name of the browsePath']],
  [0x8035_0000, ['rejected', 'the node has no such attribute; check attribute and the node class']],
  [0x8036_0000, ['rejected', 'indexRange is wrong; write it like 3 or 0:9']],
  [0x8037_0000, ['unsupported', 'the array has no element there; check indexRange']],
  [0x8075_0000, ['rejected', 'the object has no such method; check methodID and nodeID']],
  [0x8076_0000, ['rejected', 'the method needs more arguments']],
  [0x80e5_0000, ['rejected', 'the method takes fewer arguments']],
  [0x80ab_0000, ['rejected', 'an argument is wrong']],
  [0x8111_0000, ['rejected', 'the method cannot be called now']],
  // Rights.
  [0x801f_0000, ['access_denied', 'the user may not do that; check userName and the rights there']],
  [0x803a_0000, ['access_denied', 'the node cannot be read']],
  [0x803b_0000, ['access_denied', 'the node cannot be written']],
  [
    0x8020_0000,
    ['access_denied', 'the server does not accept the user; check userName and password'],
  ],
  [0x8021_0000, ['access_denied', 'the server rejected the login; check userName and password']],
  [0x8055_0000, ['access_denied', 'the server does not accept this securityPolicy']],
  [0x8054_0000, ['access_denied', 'the server does not offer this securityMode']],
  [0x80e6_0000, ['access_denied', 'the server asks for a stronger securityMode']],
  [0x801a_0000, ['access_denied', 'the server does not trust the certificate of the mapper']],
  [0x8013_0000, ['access_denied', 'a security check failed; see the log of the server']],
  // Values.
  [0x8074_0000, ['bad_data', 'the value is not of the type of the node; check dataType']],
  [0x803c_0000, ['bad_data', 'the value is out of the range of the node']],
  [0x8073_0000, ['unsupported', 'the server cannot write that']],
  [0x8007_0000, ['bad_data', 'the server could not decode it']],
  [0x8006_0000, ['bad_data', 'the server could not encode it']],
  [0x8039_0000, ['bad_data', 'the server cannot give the value in this encoding']],
  // What is not there (yet) says nothing about the device.
  [0x8032_0000, ['unsupported', 'the server has no value yet']],
  [0x809b_0000, ['unsupported', 'there is no data']],
  [0x80b1_0000, ['unsupported', 'there is no data']],
  [0x80f0_0000, ['unsupported', 'the node has no value']],
  [0x803d_0000, ['unsupported', 'the server does not support that']],
  [0x8040_0000, ['unsupported', 'the server does not implement that']],
  [0x800b_0000, ['unsupported', 'the server does not support this service']],
  // The server answers, but what is behind it does not.
  [0x8031_0000, ['unreachable', 'the server has no connection to its device']],
  [0x8005_0000, ['unreachable', 'the server cannot reach its device']],
  [0x808a_0000, ['unreachable', 'the server is not connected to its device']],
  [0x808b_0000, ['rejected', 'the device behind the server failed']],
  [0x808c_0000, ['rejected', 'the sensor behind the server failed']],
  [0x808d_0000, ['rejected', 'the value is out of service']],
  [0x800a_0000, ['timeout', 'the server did not answer in time']],
  [0x8089_0000, ['rejected', 'the node is not configured at the server']],
  // Limits of the server.
  [0x8010_0000, ['rejected', 'too many nodes in one request; lower maxNodesPerRequest']],
  [0x80b8_0000, ['rejected', 'the request is too large; lower maxNodesPerRequest']],
  [0x80b9_0000, ['rejected', 'the answer is too large; lower maxNodesPerRequest']],
  [0x8056_0000, ['rejected', 'the server has no more sessions; end others or wait for them']],
  [0x8077_0000, ['rejected', 'the server has no more subscriptions']],
  [0x80db_0000, ['rejected', 'the server has no more monitored items']],
  [0x8003_0000, ['rejected', 'the server has no memory left']],
  [0x8004_0000, ['rejected', 'the server has no resources left']],
])

/** The session, the channel, the connection or the server itself is gone, whatever was asked for. */
const lossCodes: ReadonlySet<number> = new Set([
  0x8022_0000, // BadSecureChannelIdInvalid
  0x8025_0000, // BadSessionIdInvalid
  0x8026_0000, // BadSessionClosed
  0x8027_0000, // BadSessionNotActivated
  0x8086_0000, // BadSecureChannelClosed
  0x8087_0000, // BadSecureChannelTokenUnknown
  0x800c_0000, // BadShutdown
  0x800d_0000, // BadServerNotConnected
  0x800e_0000, // BadServerHalted
  0x807d_0000, // BadTcpServerTooBusy
  0x807f_0000, // BadTcpSecureChannelUnknown
  0x8081_0000, // BadTcpNotEnoughResources
  0x8082_0000, // BadTcpInternalError
  0x8084_0000, // BadRequestInterrupted
  0x80ac_0000, // BadConnectionRejected
  0x80ad_0000, // BadDisconnect
  0x80ae_0000, // BadConnectionClosed
])

/** Says that the link is gone, so that it has to be made anew; the node has nothing to do with it. */
export const isLinkLoss = (status: number): boolean => lossCodes.has(bare(status))

/** Says that the node is not there: worth a new look when the address space changes, and seldom else. */
export const isMissingNode = (status: number): boolean => missing.has(bare(status))
const missing: ReadonlySet<number> = new Set([0x8034_0000, 0x8033_0000, 0x806f_0000])

/**
 * What types and structures were known of the node may be wrong from now on (Part 4, 7.39: the bits
 * SemanticsChanged and StructureChanged).
 */
export const isMetadataChange = (status: number): boolean => (status & 0xc000) !== 0

/** The error for a status that is not good. The message begins with its name; `what` goes before it. */
export function statusError(status: StatusLike, what = ''): MapperError {
  const [code, hint] = meaningOf(bare(status.value))
  const front = what === '' ? '' : `${what}: `
  return new MapperError(code, `${front}${statusName(status)}${hint === '' ? '' : `, ${hint}`}`)
}

function meaningOf(code: number): readonly [ErrorCode, string] {
  if (lossCodes.has(code)) return ['unreachable', 'the connection to the server is lost']
  const known = meanings.get(code)
  if (known !== undefined) return known
  // BadCertificateInvalid to BadCertificateIssuerRevoked.
  const isCertificate = code >= 0x8012_0000 && code <= 0x801e_0000
  return isCertificate
    ? ['access_denied', 'the server does not accept the certificate of the mapper']
    : ['rejected', '']
}
