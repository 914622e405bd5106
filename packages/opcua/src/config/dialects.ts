import {
  aliases,
  inOurWords,
  numberIn,
  type ModelProperty,
  type RawConfig,
  type RawValue,
} from '@mapper-sdk/core'
import { securityModes, securityPolicies } from './protocol.ts'
import { attributes, dataTypes } from './visitor.ts'

/**
 * Translates the words of existing OPC UA CRs (v1alpha2, mappers-go) to ours, and fills in what follows
 * from the model. Pure. Words it does not know stay as they are, for the check to name them.
 */
export function normalize(
  raw: RawConfig,
  what: 'protocol' | 'visitor',
  property?: ModelProperty,
): RawConfig {
  return what === 'protocol' ? normalizeProtocol(raw) : normalizeVisitor(raw, property)
}

type Words = Record<string, RawValue>

/** Our word for each alias in lower case. Where two aliases of a word are given, our own word wins, then the first. */
const protocolWords = aliases({
  url: ['endpoint', 'endpointUrl', 'serverUrl'],
  backupUrls: [],
  endpointAddress: [],
  securityPolicy: [],
  securityMode: ['messageSecurityMode'],
  userName: ['user'],
  password: [],
  passwordFile: [],
  userCertificateFile: [],
  userKeyFile: [],
  certificateFile: [],
  keyFile: [],
  certificate: [],
  privateKey: [],
  serverCertificateFile: ['remoteCertificate'],
  pkiFolder: [],
  applicationUri: [],
  timeoutMs: [],
  timeout: [],
  sessionTimeoutMs: [],
  subscribe: [],
  publishingIntervalMs: ['publishingInterval'],
  timestamps: [],
  maxNodesPerRequest: [],
})

const visitorWords = aliases({
  nodeID: ['node_id', 'node'],
  browsePath: [],
  attribute: [],
  indexRange: [],
  member: [],
  dataType: [],
  enumAs: [],
  timeAs: [],
  subscribe: [],
  samplingIntervalMs: ['samplingInterval'],
  queueSize: [],
  discard: [],
  trigger: [],
  serverDeadband: [],
  serverDeadbandPercent: [],
  methodID: ['method_id'],
  eventFields: [],
  eventType: [],
  eventSeverity: [],
})

/** v1alpha2 nests its words in groups of these names. */
const groups = new Set(['opcua', 'common', 'customizedvalues'])

/** A word in visitors of v1alpha2 that never had an effect there. */
const idle = new Set(['browsename'])

function normalizeProtocol(raw: RawConfig): RawConfig {
  const { certificate, privateKey, timeout, ...words } = inOurWords(raw, {
    known: protocolWords,
    groups,
  })
  if (certificate !== undefined) logInWith(words, certificate, privateKey)
  else if (privateKey !== undefined) words['keyFile'] ??= privateKey
  if (timeout !== undefined && numberIn(timeout) !== 0) words['timeoutMs'] ??= toMs(timeout)
  for (const word of ['url', 'backupUrls']) {
    const given = words[word]
    if (typeof given === 'string') words[word] = given.split(',').map(urlOf).join(',')
  }
  spell(words, 'securityPolicy', policyNames)
  spell(words, 'securityMode', modeNames)
  for (const word of ['endpointAddress', 'timestamps']) lower(words, word)
  return words
}

function normalizeVisitor(raw: RawConfig, property?: ModelProperty): RawConfig {
  const words = inOurWords(raw, { known: visitorWords, groups, idle })
  spell(words, 'attribute', attributeNames)
  spell(words, 'dataType', dataTypeNames)
  for (const word of ['discard', 'trigger', 'enumAs', 'timeAs']) lower(words, word)
  if (property !== undefined) {
    // Core's map makes texts of numbers, so the enumeration is needed as one.
    const isText = property.type === 'STRING' && words['map'] === undefined
    if (isAuto(words['enumAs'])) words['enumAs'] = isText ? 'name' : 'number'
    const isNumber = ['INT', 'FLOAT', 'DOUBLE'].includes(property.type)
    if (isAuto(words['timeAs'])) words['timeAs'] = isNumber ? 'ms' : 'text'
  }
  return words
}

const isAuto = (raw: RawValue | undefined) => raw === undefined || raw === 'auto'

/**
 * The certificate of v1alpha2 is the mapper's own and the user's as well: with one, the user name and
 * the password have no effect there.
 */
function logInWith(words: Words, certificate: RawValue, privateKey?: RawValue): void {
  const ours = { certificateFile: certificate, ...(privateKey && { keyFile: privateKey }) }
  Object.assign(words, { ...ours, ...words })
  if (words['userCertificateFile'] !== undefined) return
  words['userCertificateFile'] = certificate
  if (privateKey !== undefined) words['userKeyFile'] ??= privateKey
  for (const word of ['userName', 'password', 'passwordFile']) Reflect.deleteProperty(words, word)
}

/** With the scheme and the registered port where they are missing. Another scheme is left for the check to refuse. */
function urlOf(given: string): string {
  const text = given.trim()
  const [, scheme = 'opc.tcp://', host = '', port = ':4840', rest = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)?(\[[^\]]*\]|[^/:?#\s]+)(:\d+)?([/?#].*)?$/i.exec(text) ?? []
  if (host === '') return text
  const written = scheme.toLowerCase()
  return written === 'opc.tcp://' ? written + host + port + rest : text
}

/** Legacy timeouts are seconds; those of Go are nanoseconds. Nobody waits a million seconds. */
function toMs(timeout: RawValue): RawValue {
  const number = numberIn(timeout)
  if (number === undefined) return timeout
  return Math.max(1, Math.round(number < 1e6 ? number * 1000 : number / 1e6))
}

/** How a choice is spelled, whatever the case and the signs between its words. */
const spelling = (names: readonly string[], others: Readonly<Record<string, string>> = {}) =>
  new Map([...names.map((name) => [bare(name), name] as const), ...Object.entries(others)])

const bare = (text: string) => text.toLowerCase().replaceAll(/[\s_-]/g, '')

const policyNames = spelling(['auto', ...securityPolicies])
const modeNames = spelling(['auto', ...securityModes], {
  '1': 'None',
  '2': 'Sign',
  '3': 'SignAndEncrypt',
  signencrypt: 'SignAndEncrypt',
  'sign&encrypt': 'SignAndEncrypt',
  encrypt: 'SignAndEncrypt',
})
const attributeNames = spelling(attributes)
const dataTypeNames = spelling(dataTypes)

function spell(words: Words, word: string, names: ReadonlyMap<string, string>): void {
  const given = words[word]
  if (typeof given !== 'string' && typeof given !== 'number') return
  // A policy may be given by its whole URI, whose name follows the #.
  const text = String(given).replace(/^https?:\/\/opcfoundation\.org\/.*#/i, '')
  words[word] = names.get(bare(text)) ?? given
}

function lower(words: Words, word: string): void {
  const given = words[word]
  if (typeof given === 'string') words[word] = given.toLowerCase()
}
