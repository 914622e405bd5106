import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { silentLogger, type LogFn } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { securityPolicies, type OpcuaProtocol } from '../config/protocol.ts'
import { loadLibrary } from '../library.ts'
import { createMaker, type Made } from '../pki/certificates.suite.ts'
import { parseCertificates } from '../pki/certificate.ts'
import { ownCertificate } from '../pki/own-certificate.ts'
import { trust, untrust } from '../pki/trust-list.ts'
import { at, becomeSomebody, run } from '../run-program.suite.ts'
import {
  defaults,
  startSecurityServer,
  visit,
  type SecurityServer,
} from './security-server.suite.ts'
import { openSecurity } from './security.ts'

let scratch: string
let folder: string
let server: SecurityServer
let serverThumbprint: string
let user: { readonly made: Made; readonly certificate: string; readonly key: string }
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'opcua-security-'))
  folder = path.join(scratch, 'pki')
  server = await startSecurityServer()
  const bytes = await readFile(server.certificateFile)
  serverThumbprint = parseCertificates(bytes, 'the server')[0].thumbprint
  await trust(folder, server.certificateFile)
  const { make } = await createMaker()
  // This one is judged by the server, whose clock is that of the machine.
  const days = (Date.now() - Date.parse('2030-06-15T12:00:00Z')) / 86_400_000
  const made = await make({ name: 'operator', from: days - 1, to: days + 100 })
  user = {
    made,
    certificate: path.join(scratch, 'user.pem'),
    key: path.join(scratch, 'user.key'),
  }
  await writeFile(user.certificate, made.certificate.x509.toString())
  await writeFile(user.key, made.keyPem, { mode: 0o600 })
})
afterAll(async () => {
  await server.close()
  await rm(scratch, { recursive: true, force: true })
})

type Wishes = Partial<OpcuaProtocol>
const go = (wishes: Wishes = {}) =>
  visit({ url: server.url, ...wishes }, folder, async ({ policy, mode, session }) => {
    const { value } = await session.read({ nodeId: 'i=2259' })
    return { used: `${policy}/${mode}`, state: value.value as unknown }
  })
const used = async (wishes: Wishes) => (await go(wishes)).used
const failure = (wishes: Wishes) =>
  go(wishes).then(
    () => expect.unreachable('it was let in'),
    (thrown: unknown) => thrown,
  )

describe('every policy, mode and user', () => {
  const users: Readonly<Record<string, () => Wishes>> = {
    'an anonymous user': () => ({}),
    'a user with a password': () => ({ userName: 'operator', password: 'open sesame' }),
    'a user with a certificate': () => ({
      userCertificateFile: user.certificate,
      userKeyFile: user.key,
    }),
  }
  const secured = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
  const ways = [
    ['None', 'None'] as const,
    ...secured.flatMap((policy) =>
      (['Sign', 'SignAndEncrypt'] as const).map((mode) => [policy, mode] as const),
    ),
  ]
  test.each(
    ways.flatMap(([policy, mode]) => Object.keys(users).map((who) => [policy, mode, who] as const)),
  )('%s/%s as %s', async (securityPolicy, securityMode, who) => {
    expect(await go({ securityPolicy, securityMode, ...users[who]?.() })).toEqual({
      used: `${securityPolicy}/${securityMode}`,
      state: 0,
    })
  })
  test('auto is the strongest of them', async () => {
    expect(await used({ securityPolicy: 'auto' })).toBe('Aes256_Sha256_RsaPss/SignAndEncrypt')
    expect(await used({ securityPolicy: 'auto', securityMode: 'Sign' })).toBe(
      'Aes256_Sha256_RsaPss/Sign',
    )
  })
  test('what the server does not offer is refused, never replaced', async () => {
    for (const securityPolicy of securityPolicies.filter((each) => /Rsa15|256$/.test(each))) {
      if (securityPolicy === 'Basic256Sha256' || securityPolicy === 'None') continue
      expect(await failure({ securityPolicy })).toMatchObject({
        code: 'invalid_config',
        detail: expect.stringContaining(
          `does not offer securityPolicy ${securityPolicy}, securityMode auto; it offers Aes128_Sha256_RsaOaep/Sign,`,
        ) as string,
      })
    }
  })
})

describe('a login', () => {
  test('with a wrong password is refused with the name and without the password', async () => {
    for (const securityPolicy of ['None', 'auto'] as const) {
      const error = await failure({ securityPolicy, userName: 'operator', password: 'planted' })
      expect(error).toMatchObject({
        code: 'access_denied',
        detail: expect.stringMatching(
          /Bad\w+: it \w+.* user "operator"; look at userName/,
        ) as string,
      })
      expect(inspect(error, { depth: 12 })).not.toContain('planted')
    }
  })
  test('never shows its password on the wire, and stays at the written address', async () => {
    const { port } = new URL(server.url.replace('opc.tcp', 'http'))
    let bytes = Buffer.alloc(0)
    const wire = createServer((near) => {
      const far = connect(Number(port), '127.0.0.1')
      near.on('data', (chunk: Buffer) => void (bytes = Buffer.concat([bytes, chunk])))
      for (const socket of [near, far]) socket.on('error', () => socket.destroy())
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve))
    const url = `opc.tcp://127.0.0.1:${(wire.address() as AddressInfo).port}`
    const login = { url, userName: 'operator', password: 'open sesame' }
    try {
      const ways = [
        { securityPolicy: 'None' },
        { securityPolicy: 'Basic256Sha256', securityMode: 'Sign' },
      ] as const
      for (const way of ways) {
        bytes = Buffer.alloc(0)
        await used({ ...login, ...way })
        expect(bytes.includes('operator')).toBe(true)
        expect(bytes.includes('sesame')).toBe(false)
      }
    } finally {
      await new Promise((resolve) => wire.close(resolve))
    }
  })
  test('leaves no password in what the session prints', async () => {
    const secret = 'open sesame'
    const shown = await visit(
      { url: server.url, securityPolicy: 'auto', userName: 'operator', password: secret },
      folder,
      ({ session }) => inspect(session, { depth: 12, showHidden: false }),
    )
    expect(shown.length).toBeGreaterThan(1000)
    expect(shown).not.toContain(secret)
  })
})

describe("the server's certificate", () => {
  const secured = { securityPolicy: 'auto' } as const
  test('is refused until it is trusted, and again when it is not any more', async () => {
    expect(await used(secured)).toContain('SignAndEncrypt')
    await untrust(folder, serverThumbprint)
    expect(await failure(secured)).toMatchObject({
      code: 'access_denied',
      detail: expect.stringContaining(
        `run: mapper opcua trust ${serverThumbprint} --pki ${folder}`,
      ) as string,
    })
    await trust(folder, serverThumbprint.slice(0, 8))
    expect(await used(secured)).toContain('SignAndEncrypt')
  })
  test('is accepted as serverCertificateFile with an empty folder', async () => {
    const own = { ...secured, pkiFolder: path.join(scratch, 'pinned') }
    expect(await failure(own)).toMatchObject({ code: 'access_denied' })
    expect(await used({ ...own, serverCertificateFile: server.certificateFile })).toContain('Sign')
  })
  test('is not looked at, and no folder is made, without security', async () => {
    const pkiFolder = path.join(scratch, 'never')
    expect(await used({ pkiFolder })).toBe('None/None')
    expect(await readdir(scratch)).not.toContain('never')
  })
  test('that the library asks about by itself is judged by the folder as it is then', async () => {
    const library = await loadLibrary()
    const { logger, memory } = connectContext()
    const protocol = { ...defaults, url: server.url, ...secured }
    const security = openSecurity(protocol, { library, folder, logger, memory })
    const offers = await visit({ url: server.url }, folder, ({ offers: all }) => all)
    const choice = security.choose(offers, server.url)
    const { clientCertificateManager: store } = await security.connectOptions(choice)
    const shown = choice.endpoint.serverCertificate
    const ask = async () => (await store?.checkCertificate(shown))?.name
    expect(await ask()).toBe('Good')
    await untrust(folder, serverThumbprint)
    expect(await ask()).toBe('BadCertificateUntrusted')
    const thrown = new Error(
      'server Certificate verification failed with err BadCertificateUntrusted',
    )
    expect(security.refusalOf(thrown).detail).toContain('mapper opcua trust')
    await trust(folder, serverThumbprint)
    expect(await ask()).toBe('Good')
    security.close()
  })
  test('that has expired is refused, although it is trusted', async () => {
    const late = async () => {
      const library = await loadLibrary()
      const { logger, memory } = connectContext()
      const protocol = { ...defaults, url: server.url, ...secured }
      const now = () => Date.now() + 20 * 365 * 86_400_000
      const security = openSecurity(protocol, { library, folder, logger, memory, now })
      return visit({ url: server.url, ...secured }, folder, () => 'in', security)
    }
    await expect(late()).rejects.toMatchObject({
      code: 'access_denied',
      detail: expect.stringMatching(
        /expired on \d{4}-\d\d-\d\d \(today is .*renew it at the server/,
      ) as string,
    })
    // The key stays; only the certificate of that far future is taken away again.
    await rm(path.join(folder, 'own/certs'), { recursive: true })
  })
})

describe('a connection without security, in a process of its own', () => {
  const program = () => `
    const { loadLibrary } = await import(${at('library.js')})
    const { openSecurity } = await import(${at('link/security.js')})
    const library = await loadLibrary()
    ${becomeSomebody}
    const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
    const url = ${JSON.stringify(server.url)}
    const security = openSecurity({ url }, { library, folder: '/nowhere/pki', logger, memory: new Map() })
    const client = async (options) => library.OPCUAClient.create({ ...options, connectionStrategy: { maxRetry: 0 } })
    const asking = await client(await security.discoveryOptions())
    await asking.connect(url)
    const choice = security.choose(await asking.getEndpoints(), url)
    await asking.disconnect()
    const talking = await client(await security.connectOptions(choice))
    await talking.connect(choice.url)
    const session = await talking.createSession(await security.identity())
    const { value } = await session.read({ nodeId: 'i=2259' })
    await session.close()
    await talking.disconnect()
    security.close()
    process.stdout.write('state ' + value.value)`

  test.each([
    ['HOME that cannot be written', { env: { HOME: '/root' } }],
    ['no HOME', { env: { HOME: undefined, XDG_CONFIG_HOME: undefined } }],
  ])('needs no folder: %s', async (_, options) => {
    expect(await run(program(), options)).toEqual({ stdout: 'state 0', stderr: '' })
  })
})

test('a server that does not trust the mapper: the file to take there is named, and it helps', async () => {
  const strict = await startSecurityServer({ trustClients: false })
  try {
    await trust(folder, strict.certificateFile)
    const error = await failure({ url: strict.url, securityPolicy: 'auto' })
    const file = path.join(folder, 'own/certs/mapper.der')
    expect(error).toMatchObject({ detail: expect.stringContaining(file) as string })
    expect(error).toMatchObject({
      code: 'access_denied',
      detail: expect.stringContaining(
        `take ${file} to the server's trusted certificates`,
      ) as string,
    })
    const { crypto_utils: crypto } = await loadLibrary()
    const mine = await ownCertificate(folder, { now: Date.now(), crypto })
    expect(mine.file).toBe(file)
    await strict.trust(file)
    expect(await used({ url: strict.url, securityPolicy: 'auto' })).toContain('SignAndEncrypt')
    // Files of one's own instead of those in the folder.
    const certificateFile = path.join(scratch, 'mine.der')
    const keyFile = path.join(scratch, 'mine.key')
    await copyFile(file, certificateFile)
    await writeFile(keyFile, mine.keyPem(), { mode: 0o600 })
    const own = { url: strict.url, securityPolicy: 'auto', certificateFile, keyFile } as const
    expect(await used(own)).toContain('SignAndEncrypt')
  } finally {
    await strict.close()
  }
})

test('a server that is not there is unreachable', async () => {
  expect(await failure({ url: 'opc.tcp://127.0.0.1:1' })).toMatchObject({ code: 'unreachable' })
})

test('while a connection lasts, its certificates are looked at once a day', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const library = await loadLibrary()
    const lines: string[] = []
    const warn: LogFn = (...words: unknown[]) => void lines.push(String(words[0]))
    const logger = { ...silentLogger, warn }
    let at = Date.now()
    const protocol = { ...defaults, url: server.url, securityPolicy: 'auto' } as const
    const { memory } = connectContext()
    const own = path.join(scratch, 'watched')
    await trust(own, server.certificateFile)
    const context = { library, folder: own, logger, memory, now: () => at }
    const security = openSecurity(protocol, context)
    const offers = await visit({ url: server.url }, folder, ({ offers: all }) => all)
    await security.connectOptions(security.choose(offers, server.url))
    expect(lines.filter((line) => line.includes('expires'))).toEqual([])
    at += (1825 - 20) * 86_400_000
    await untrust(own, serverThumbprint)
    vi.advanceTimersByTime(86_400_000)
    await expect
      .poll(() => lines.filter((line) => line.includes('mapper-next.der')))
      .toHaveLength(1)
    await expect
      .poll(() => lines.filter((line) => line.startsWith("at the next connect: the server's")))
      .toHaveLength(1)
    security.close()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('what the library says goes where it is sent, without what is in its objects', async () => {
  const lines: string[] = []
  const library = await loadLibrary((text) => lines.push(text))
  const say = library.make_warningLog('x')
  try {
    say('hello', 5, { password: 'planted' }, new Error('why'))
  } finally {
    await loadLibrary()
  }
  say('not this')
  expect(lines).toEqual(['hello 5  why'])
})
