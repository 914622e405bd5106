import { StatusCodes } from 'node-opcua-client'
import { describe, expect, it } from 'vitest'
import {
  isLinkLoss,
  isMetadataChange,
  isMissingNode,
  severityOf,
  statusError,
  statusName,
} from './status.ts'

const byName = Object.entries(StatusCodes).flatMap(([name, code]: [string, unknown]) =>
  typeof code === 'object' && code !== null ? [[name, code as { value: number }] as const] : [],
)

it('knows the severity of every code of the standard', () => {
  expect(byName.length).toBeGreaterThan(250)
  for (const [name, { value }] of byName) {
    expect(severityOf(value), name).toBe(/^(Good|Uncertain|Bad)/.exec(name)?.[0].toLowerCase())
  }
})

describe('statusError', () => {
  it.each([
    ['BadNodeIdUnknown', 'rejected'],
    ['BadNoMatch', 'rejected'],
    ['BadAttributeIdInvalid', 'rejected'],
    ['BadIndexRangeNoData', 'unsupported'],
    ['BadMethodInvalid', 'rejected'],
    ['BadUserAccessDenied', 'access_denied'],
    ['BadNotReadable', 'access_denied'],
    ['BadNotWritable', 'access_denied'],
    ['BadIdentityTokenRejected', 'access_denied'],
    ['BadCertificateUntrusted', 'access_denied'],
    ['BadCertificateTimeInvalid', 'access_denied'],
    ['BadCertificateRevoked', 'access_denied'],
    ['BadTypeMismatch', 'bad_data'],
    ['BadOutOfRange', 'bad_data'],
    ['BadWriteNotSupported', 'unsupported'],
    ['BadWaitingForInitialData', 'unsupported'],
    ['BadNoCommunication', 'unreachable'],
    ['BadCommunicationError', 'unreachable'],
    ['BadNotConnected', 'unreachable'],
    ['BadSensorFailure', 'rejected'],
    ['BadTimeout', 'timeout'],
    ['BadTooManySessions', 'rejected'],
    ['BadSessionIdInvalid', 'unreachable'],
    ['BadInternalError', 'rejected'],
  ] as const)('of %s is %s', (name, code) => {
    const error = statusError(StatusCodes[name])
    expect(error.code).toBe(code)
    expect(error.detail).toMatch(new RegExp(`^${name}($|, )`))
  })

  it('says what was done, and gives a number where the name is unknown', () => {
    expect(statusError({ value: 0x8123_0000 }, 'ns=2;i=5').detail).toBe('ns=2;i=5: 0x81230000')
  })

  it('does not mind flags', () => {
    expect(statusError({ value: 0x803b_0480, name: 'BadNotWritable#x' }).detail).toBe(
      'BadNotWritable, the node cannot be written',
    )
  })
})

it.each([
  'BadSessionIdInvalid',
  'BadSessionClosed',
  'BadSessionNotActivated',
  'BadSecureChannelIdInvalid',
  'BadSecureChannelClosed',
  'BadSecureChannelTokenUnknown',
  'BadConnectionClosed',
  'BadConnectionRejected',
  'BadDisconnect',
  'BadServerNotConnected',
  'BadServerHalted',
  'BadShutdown',
  'BadTcpSecureChannelUnknown',
  'BadTcpServerTooBusy',
  'BadTcpNotEnoughResources',
  'BadTcpInternalError',
  'BadRequestInterrupted',
] as const)('%s is the loss of the link', (name) => {
  expect(isLinkLoss(StatusCodes[name].value)).toBe(true)
  expect(statusError(StatusCodes[name]).code).toBe('unreachable')
})

it('what is said of a node or of its device is no loss of the link', () => {
  const names = ['BadNodeIdUnknown', 'BadNoCommunication', 'BadNotConnected', 'BadTimeout'] as const
  for (const name of names) expect(isLinkLoss(StatusCodes[name].value), name).toBe(false)
})

it('knows when a node is not there', () => {
  expect(isMissingNode(StatusCodes.BadNodeIdUnknown.value)).toBe(true)
  expect(isMissingNode(StatusCodes.BadNoMatch.value)).toBe(true)
  expect(isMissingNode(StatusCodes.BadNotReadable.value)).toBe(false)
})

it('knows when what is known of a node may have changed', () => {
  expect(isMetadataChange(0)).toBe(false)
  expect(isMetadataChange(0x4000)).toBe(true)
  expect(isMetadataChange(0x8000)).toBe(true)
  expect(isMetadataChange(StatusCodes.GoodWithOverflowBit.value)).toBe(false)
})

it('names a status', () => {
  expect(statusName(StatusCodes.BadTimeout)).toBe('BadTimeout')
  expect(statusName(StatusCodes.GoodWithOverflowBit)).toBe('Good')
  expect(statusName({ value: 0x8034_0000 })).toBe('0x80340000')
})
