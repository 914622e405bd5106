import { existsSync } from 'node:fs'
import { MapperError } from '@mapper-sdk/core'
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
import { readKeyFile, readNamedFile } from '../pki/read-file.ts'
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
): Promise<UserIdentityInfo> {
  const { UserTokenType } = library
  const token = tokenOf(wishes)
  if (token === 'Certificate') return userCertificate(wishes, library, now)
  if (token !== 'UserName') return { type: UserTokenType.Anonymous }
  const identity: UserIdentityInfoUserName = {
    type: UserTokenType.UserName,
    userName: wishes.userName ?? '',
    password: '',
  }
  return hide(identity, 'password', await readPassword(wishes))
}

/** The password itself. A `password` that is the path of a file names the file that holds it. */
export async function readPassword({ password, passwordFile }: IdentityWishes): Promise<string> {
  if (passwordFile !== undefined && password !== undefined) {
    throw new MapperError('invalid_config', 'password and passwordFile are both set; keep one')
  }
  const file = passwordFile ?? (isFile(password) ? password : undefined)
  if (file === undefined) return password ?? ''
  const option = passwordFile === undefined ? 'password' : 'passwordFile'
  const text = (await readNamedFile(option, file)).toString('utf8')
  return text.replace(/\r?\n$/, '')
}

const isFile = (text: string | undefined): text is string =>
  text !== undefined && text.startsWith('/') && existsSync(text)

async function userCertificate(
  { userCertificateFile = '', userKeyFile = '' }: IdentityWishes,
  { UserTokenType, crypto_utils: crypto }: Library,
  now: number,
): Promise<UserIdentityInfo> {
  const what = `userCertificateFile ${userCertificateFile}`
  const [certificate] = parseCertificates(
    await readNamedFile('userCertificateFile', userCertificateFile),
    what,
  )
  const bytes = await readKeyFile('userKeyFile', userKeyFile)
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
