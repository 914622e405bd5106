import { describe, expect, test } from 'vitest'
import { MapperError, silentLogger, type LogFn } from '@mapper-sdk/core'
import { createDailyNotice } from './daily-notice.ts'
import { refusalOf, type Attempt } from './refusal.ts'

const url = 'opc.tcp://plc-7:4840'
const own = {
  chain: [{ thumbprint: 'ABCD' }] as never,
  file: '/pki/own/certs/mapper.der',
  applicationUri: 'urn:gateway',
}
const secured: Attempt = { url, own, user: 'user "operator"' }
const open: Attempt = { url, user: 'anonymous users' }

describe('refusalOf', () => {
  test.each<[string, Attempt, string, string]>([
    [
      'Error BadSecurityChecksFailed An error occurred verifying security.',
      secured,
      'access_denied',
      `${url} answers BadSecurityChecksFailed: it does not trust the mapper's certificate (thumbprint ABCD); take /pki/own/certs/mapper.der to the server's trusted certificates`,
    ],
    [
      'BadSecurityChecksFailed',
      open,
      'access_denied',
      `${url} answers BadSecurityChecksFailed: it wants a secured connection; set securityPolicy auto`,
    ],
    [
      'serviceResult = BadCertificateTimeInvalid (0x80140000)',
      secured,
      'access_denied',
      `${url} answers BadCertificateTimeInvalid: it says that the mapper's certificate /pki/own/certs/mapper.der has expired or is not valid yet; compare the clocks of both machines`,
    ],
    [
      'BadUserAccessDenied',
      secured,
      'access_denied',
      `${url} answers BadUserAccessDenied: it refuses user "operator"`,
    ],
    [
      'BadIdentityTokenRejected',
      open,
      'access_denied',
      `${url} answers BadIdentityTokenRejected: it does not accept anonymous users`,
    ],
    [
      'BadTooManySessions',
      open,
      'rejected',
      `${url} answers BadTooManySessions: it has no session left; close some or raise its limit`,
    ],
    [
      'connect ECONNREFUSED 127.0.0.1:1',
      open,
      'unreachable',
      `${url} cannot be reached (ECONNREFUSED)`,
    ],
    [
      'Transaction has timed out ( timeout = 15000 ms)',
      open,
      'timeout',
      `${url} did not answer in time`,
    ],
    [
      'socket has been disconnected by third party',
      secured,
      'unreachable',
      `${url} closed the connection; if it does so each time, it may not trust the mapper's certificate (thumbprint ABCD); take /pki/own/certs/mapper.der to the server's trusted certificates`,
    ],
    ['something new', open, 'unreachable', 'something new'],
  ])('%s', (text, attempt, code, detail) => {
    const thrown = new Error('outer', { cause: new Error(text) })
    for (const each of text === 'something new' ? [new Error(text)] : [new Error(text), thrown]) {
      expect(refusalOf(each, attempt)).toMatchObject({ code, detail, cause: each })
    }
  })
  test('keeps what is a MapperError already, and survives anything thrown', () => {
    const error = new MapperError('rejected', 'no')
    expect(refusalOf(error, open)).toBe(error)
    for (const odd of [undefined, null, 5, 'text', {}, { cause: {} }]) {
      expect(refusalOf(odd, open)).toBeInstanceOf(MapperError)
    }
  })
})

test('the same is warned of once a day, in whatever connection', () => {
  const lines: unknown[] = []
  const warn: LogFn = (...words: unknown[]) => void lines.push(words[0])
  const memory = new Map<string, unknown>()
  let at = 0
  const notice = () => createDailyNotice({ ...silentLogger, warn }, memory, () => at)
  notice()('it expires in 29 days')
  notice()('it expires in 28 days')
  notice()('something else')
  at = 86_399_999
  notice()('it expires in 28 days')
  expect(lines).toEqual(['it expires in 29 days', 'something else'])
  at = 86_400_000
  notice()('it expires in 28 days')
  expect(lines).toEqual(['it expires in 29 days', 'something else', 'it expires in 28 days'])
})
