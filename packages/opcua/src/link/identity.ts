import { existsSync } from 'node:fs'
import { MapperError, type OwnPlaces } from '@mapper-sdk/core'
import type {
  UserIdentityInfo,
  UserIdentityInfoUserName,
  UserIdentityInfoX509,
} from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { Library } from '../library.ts'
import { parseCertificates } from '../pki/certificate.ts'
import { timeProblem } from '../pki/judge-certificate.ts'
import { checkKey, readPrivateKey } from '../pki/own-certificate.ts'
import { readResourceFile, readResourceKey } from '../pki/read-file.ts'
import { tokenOf } from './choose-endpoint.ts'

export type IdentityWishes = Pick<
  OpcuaProtocol,
  'userName' | 'password' | 'passwordFile' | 'userCertificateFile' | 'userKeyFile'
>

/**
 * Whom to log in as, from files as they are now. Secrets do not show when the answer is printed or made
 * JSON. Rejects with `invalid_config` or `access_denied` that names the file.
 */
export async function readIdentity(
  wishes: IdentityWishes & Parameters<typeof tokenOf>[0],
  library: Library,
  now: number,
  own?: OwnPlaces,
): Promise<UserIdentityInfo> {
  const { UserTokenType } = library
  const token = tokenOf(wishes)
  if (token === 'Certificate') return userCertificate(wishes, library, now, own)
  if (token !== 'UserName') return { type: UserTokenType.Anonymous }
  const identity: UserIdentityInfoUserName = {
    type: UserTokenType.UserName,
    userName: wishes.userName ?? '',
    password: '',
  }
  return hide(identity, 'password', await readPassword(wishes, own))
}

/** No server takes a longer one. */
const mostBytes = 4096

/**
 * The password itself. A `password` that is the path of a file names the file that holds it. What is in
 * the file goes to the server that the same resource names, so a file that cannot be a password is refused.
 */
export async function readPassword(
  { password, passwordFile }: IdentityWishes,
  own?: OwnPlaces,
): Promise<string> {
  if (passwordFile !== undefined && password !== undefined) {
    throw new MapperError('invalid_config', 'password and passwordFile are both set; keep one')
  }
  const file = passwordFile ?? (isFile(password) ? password : undefined)
  if (file === undefined) return password ?? ''
  const option = passwordFile === undefined ? 'password' : 'passwordFile'
  const bytes = await readResourceFile(option, file, own)
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (bytes.length > mostBytes || /[\r\n][^\r\n]/.test(text)) {
    throw new MapperError(
      'invalid_config',
      `${option} ${file} holds no password: that is one line of at most ${mostBytes} bytes`,
    )
  }
  return text
}

const isFile = (text: string | undefined): text is string =>
  text !== undefined && text.startsWith('/') && existsSync(text)

async function userCertificate(
  { userCertificateFile = '', userKeyFile = '' }: IdentityWishes,
  { UserTokenType, crypto_utils: crypto }: Library,
  now: number,
  own: OwnPlaces | undefined,
): Promise<UserIdentityInfo> {
  const what = `userCertificateFile ${userCertificateFile}`
  const [certificate] = parseCertificates(
    await readResourceFile('userCertificateFile', userCertificateFile, own),
    what,
  )
  const bytes = await readResourceKey('userKeyFile', userKeyFile, own)
  const key = readPrivateKey('userKeyFile', userKeyFile, bytes)
  checkKey(certificate, what, key, `userKeyFile ${userKeyFile}`)
  const outOfTime = timeProblem(certificate, now)
  if (outOfTime !== undefined) {
    const detail = `${what} (thumbprint ${certificate.thumbprint}) ${outOfTime}; put a valid one in its place`
    throw new MapperError('invalid_config', detail)
  }
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const operations = crypto.keyOperationsFromPrivateKey(crypto.makePrivateKeyFromPem(pem))
  const identity: UserIdentityInfoX509 = {
    type: UserTokenType.Certificate,
    certificateData: certificate.der,
    keyOperations: operations,
  }
  return hide(identity, 'keyOperations', operations)
}

/** The library keeps this object in its session, and a session is easily printed. */
function hide<T extends object, K extends keyof T & string>(target: T, key: K, value: T[K]): T {
  return Object.defineProperty(target, key, { value, enumerable: false })
}
