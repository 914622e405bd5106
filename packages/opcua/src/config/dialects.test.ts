import {
  createChecker,
  type ModelProperty,
  type PropertyType,
  type RawConfig,
} from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalize } from './dialects.ts'
import { protocolSchema, securityPolicies } from './protocol.ts'
import { visitorSchema } from './visitor.ts'

const property = (type: PropertyType): ModelProperty => ({
  name: 'p',
  type,
  accessMode: 'ReadWrite',
})
const protocol = (raw: RawConfig) => normalize(raw, 'protocol')
const visitor = (raw: RawConfig, type: PropertyType = 'DOUBLE') =>
  normalize(raw, 'visitor', property(type))

const checks = { protocol: createChecker(protocolSchema), visitor: createChecker(visitorSchema) }
const problems = (what: 'protocol' | 'visitor', raw: RawConfig) =>
  checks[what]
    .check(normalize(raw, what, property('INT')), [])
    .issues.filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `/${path.join('/')} ${message}`)

describe('protocols', () => {
  it.each<[string, RawConfig, RawConfig]>([
    [
      'v1alpha2 with a user',
      {
        opcua: {
          url: 'opc.tcp://plc:4840',
          userName: 'ada',
          password: '/ca/pass',
          securityPolicy: 'None',
          securityMode: 'None',
          certificate: '',
          privateKey: '',
          timeout: 0,
        },
        common: { customizedValues: { remoteCertificate: '/ca/server.pem' } },
      },
      {
        url: 'opc.tcp://plc:4840',
        userName: 'ada',
        password: '/ca/pass',
        securityPolicy: 'None',
        securityMode: 'None',
        serverCertificateFile: '/ca/server.pem',
      },
    ],
    [
      'v1alpha2 with a certificate, which is the user as well',
      {
        opcua: {
          url: 'opc.tcp://plc:4840',
          userName: 'ada',
          password: '/ca/pass',
          securityPolicy: 'Aes128Sha256RsaOaep',
          securityMode: 'SignAndEncrypt',
          certificate: '/ca/client.pem',
          privateKey: '/ca/client.key',
          timeout: 30,
        },
      },
      {
        url: 'opc.tcp://plc:4840',
        securityPolicy: 'Aes128_Sha256_RsaOaep',
        securityMode: 'SignAndEncrypt',
        certificateFile: '/ca/client.pem',
        keyFile: '/ca/client.key',
        userCertificateFile: '/ca/client.pem',
        userKeyFile: '/ca/client.key',
        timeoutMs: 30_000,
      },
    ],
    [
      'a certificate beside one of the user',
      {
        url: 'plc',
        certificate: '/a.pem',
        privateKey: '/a.key',
        userCertificateFile: '/u.pem',
        userKeyFile: '/u.key',
      },
      {
        url: 'opc.tcp://plc:4840',
        certificateFile: '/a.pem',
        keyFile: '/a.key',
        userCertificateFile: '/u.pem',
        userKeyFile: '/u.key',
      },
    ],
    [
      'our own words for the certificate, beside which a user may log in',
      { url: 'plc', certificateFile: '/a.pem', keyFile: '/a.key', userName: 'ada' },
      {
        url: 'opc.tcp://plc:4840',
        certificateFile: '/a.pem',
        keyFile: '/a.key',
        userName: 'ada',
      },
    ],
    [
      'other spellings',
      { serverUrl: 'OPC.TCP://plc/path', username: 'ada', SECURITYMODE: 3, SecurityPolicy: 'AUTO' },
      {
        url: 'opc.tcp://plc:4840/path',
        userName: 'ada',
        securityMode: 'SignAndEncrypt',
        securityPolicy: 'auto',
      },
    ],
    [
      'our own word beside an alias',
      { endpoint: 'other', url: 'plc:4841', timeoutMs: 7, timeout: 9 },
      { url: 'opc.tcp://plc:4841', timeoutMs: 7 },
    ],
    [
      'a timeout of Go, in nanoseconds',
      { url: 'plc', timeout: 5_000_000_000 },
      { url: 'opc.tcp://plc:4840', timeoutMs: 5000 },
    ],
    [
      'backups',
      { url: 'a', backupUrls: 'b, opc.tcp://c:1' },
      { url: 'opc.tcp://a:4840', backupUrls: 'opc.tcp://b:4840,opc.tcp://c:1' },
    ],
  ])('%s', (_, raw, expected) => {
    expect(protocol(raw)).toEqual(expected)
    expect(problems('protocol', raw)).toEqual([])
  })

  it.each([
    ['192.0.2.10', 'opc.tcp://192.0.2.10:4840'],
    ['192.0.2.10:62541', 'opc.tcp://192.0.2.10:62541'],
    ['[fe80::1]', 'opc.tcp://[fe80::1]:4840'],
    ['opc.tcp://[fe80::1]:1/a', 'opc.tcp://[fe80::1]:1/a'],
    ['opc.tcp://plc?x', 'opc.tcp://plc:4840?x'],
    ['http://plc', 'http://plc'],
    ['two words', 'two words'],
  ])('the url %s', (url, expected) => {
    expect(protocol({ url })).toEqual({ url: expected })
  })

  it('knows the policies in all their spellings', () => {
    for (const policy of securityPolicies) {
      const uri = `http://opcfoundation.org/UA/SecurityPolicy#${policy}`
      for (const given of [policy, policy.replaceAll('_', ''), policy.toLowerCase(), uri]) {
        expect(protocol({ securityPolicy: given })).toEqual({ securityPolicy: policy })
      }
    }
    expect(protocol({ securityPolicy: 'Rot13' })).toEqual({ securityPolicy: 'Rot13' })
  })

  it('leaves what it does not know to the check, which names it', () => {
    expect(problems('protocol', { url: 'http://plc' })).toHaveLength(1)
    expect(protocol({ Colour: 1 })).toEqual({ Colour: 1 })
    expect(problems('protocol', { url: 'plc', certificate: '/a.pem' }).join()).toContain('keyFile')
  })
})

describe('visitors', () => {
  it.each<[string, RawConfig, RawConfig]>([
    ['v1alpha2', { nodeID: 'ns=2;i=3', browseName: 'x' }, { nodeID: 'ns=2;i=3' }],
    ['another case', { nodeId: 'i=3' }, { nodeID: 'i=3' }],
    ['with a dash', { node_id: 'i=3' }, { nodeID: 'i=3' }],
    [
      'names of the standard in any case',
      { attribute: 'displayname', dataType: 'INT32', discard: 'Newest', trigger: 'STATUS' },
      { attribute: 'DisplayName', dataType: 'Int32', discard: 'newest', trigger: 'status' },
    ],
    ['value options, which are core’s', { scale: 2, offset: 1 }, { scale: 2, offset: 1 }],
  ])('%s', (_, raw, expected) => {
    expect(normalize(raw, 'visitor')).toEqual(expected)
  })

  it.each<[PropertyType, RawConfig, RawConfig]>([
    ['STRING', {}, { enumAs: 'name', timeAs: 'text' }],
    ['STRING', { enumAs: 'AUTO' }, { enumAs: 'name', timeAs: 'text' }],
    ['STRING', { enumAs: 'number' }, { enumAs: 'number', timeAs: 'text' }],
    ['STRING', { map: { 1: 'a' } }, { map: { 1: 'a' }, enumAs: 'number', timeAs: 'text' }],
    ['INT', {}, { enumAs: 'number', timeAs: 'ms' }],
    ['INT', { timeAs: 'text' }, { enumAs: 'number', timeAs: 'text' }],
    ['BOOLEAN', {}, { enumAs: 'number', timeAs: 'text' }],
  ])('of %s shows enumerations and times as the model wants: %j', (type, raw, expected) => {
    expect(visitor(raw, type)).toEqual(expected)
  })
})

it('leaves what is already ours as it is, and never throws', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const key = fc.constantFrom('url', 'timeout', 'certificate', 'opcua', 'nodeID', 'enumAs', 'x')
  const raw = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value)))
  fc.assert(
    fc.property(raw, fc.constantFrom('protocol', 'visitor'), (given, what) => {
      const once = normalize(given, what, property('INT'))
      expect(normalize(once, what, property('INT'))).toEqual(once)
    }),
  )
})
