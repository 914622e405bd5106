import type { RawConfig } from '@mapper-sdk/core'
import { copyFile, mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../test/support/free-port.ts'
import { until } from '../../../test/support/until.ts'
import { startField, startMapper } from './driver.suite.ts'
import { channels, createSecureRig, planted } from './secure-visit.suite.ts'
import {
  startOpcuaSimulator,
  type OpcuaSimulator,
  type OpcuaSimulatorOptions,
} from './simulator/index.ts'

const users = { operator: planted, guest: 'guest' }
const sample = -2_000_000_000
let rig: Awaited<ReturnType<typeof createSecureRig>>
let field: OpcuaSimulator
let person: Awaited<ReturnType<typeof rig.certificate>>
beforeAll(async () => {
  ;[rig, field] = await Promise.all([createSecureRig(), startOpcuaSimulator({ users })])
  person = await rig.certificate('person')
  await rig.trustByThumbprint(field.url)
})
afterAll(() => field.close())

const login = { userName: 'operator', password: planted }
const badge = () => ({ userCertificateFile: person.certificateFile, userKeyFile: person.keyFile })
const ownFiles = async () => {
  const folder = path.join(rig.pki, 'own/certs')
  return (await readdir(folder)).map((name) => path.join(folder, name))
}

describe.each(channels)('%s %s', (securityPolicy, securityMode) => {
  test('lets in anonymous, password and certificate', async () => {
    for (const user of [{}, login, badge()]) {
      const { value, how } = await rig.visit(field.url, { securityPolicy, securityMode, ...user })
      expect([value, how]).toEqual([sample, `${securityPolicy}/${securityMode}`])
    }
  })
  test('refuses a wrong password, an unknown user and the key of another', async () => {
    const secured = { securityPolicy, securityMode }
    for (const user of [
      { ...login, password: 'planted-wrong' },
      { ...login, userName: 'nobody' },
    ]) {
      const message = await rig.refused(field.url, { ...secured, ...user })
      expect(message).toMatch(/^\[access_denied\] opc\.tcp:\S+ answers Bad\w+/)
      expect(message).toContain(`user "${user.userName}"`)
      expect(message).not.toContain('planted')
    }
  })
})

test('auto takes the strongest, and what is left out is None', async () => {
  expect(await rig.visit(field.url, { securityPolicy: 'auto' })).toMatchObject({
    how: 'Aes256_Sha256_RsaPss/SignAndEncrypt',
  })
  expect(
    await rig.visit(field.url, { securityPolicy: 'auto', securityMode: 'Sign' }),
  ).toMatchObject({
    how: 'Aes256_Sha256_RsaPss/Sign',
  })
  expect(await rig.visit(field.url, {})).toMatchObject({ how: 'None/None' })
})

test.each<readonly [OpcuaSimulatorOptions, readonly (readonly [RawConfig, RegExp])[]]>([
  [
    { policies: ['None'], tokens: ['anonymous'] },
    [
      [
        { securityPolicy: 'auto' },
        /does not offer securityPolicy auto, securityMode auto; it offers None\/None$/,
      ],
      [
        { securityPolicy: 'Basic256Sha256', securityMode: 'Sign' },
        /does not offer securityPolicy Basic256Sha256, securityMode Sign; it offers None\/None$/,
      ],
      [login, /takes no user name and password .*it takes anonymous user/],
    ],
  ],
  [
    { policies: ['Basic256Sha256'], modes: ['Sign'], tokens: ['password', 'certificate'] },
    [
      [{}, /does not offer securityPolicy None, .*it offers Basic256Sha256\/Sign$/],
      [{ securityPolicy: 'Aes256_Sha256_RsaPss' }, /does not offer securityPolicy Aes256/],
      [
        { securityPolicy: 'auto', securityMode: 'SignAndEncrypt' },
        /does not offer securityPolicy auto, securityMode SignAndEncrypt/,
      ],
      [{ securityPolicy: 'auto' }, /takes no anonymous user .*user certificate/],
    ],
  ],
])('what a server with %j does not offer is refused with the reason', async (options, cases) => {
  const own = await startField(options)
  for (const [wishes, message] of cases) {
    const refusal = await rig.refused(own.url, wishes)
    expect(refusal).toMatch(/^\[invalid_config\] opc\.tcp:/)
    expect(refusal).toMatch(message)
  }
  expect(own.calls['CreateSession']).toBeUndefined()
  expect(own.sessionCount).toBe(0)
})

test('broken policies are taken by name and never by auto', async () => {
  const own = await startField({ policies: ['Basic256'] })
  expect(await rig.refused(own.url, { securityPolicy: 'auto' })).toMatch(
    /^\[invalid_config\] .*does not offer securityPolicy auto, .*it offers Basic256\/Sign, Basic256\/SignAndEncrypt$/,
  )
  for (const securityMode of ['Sign', 'SignAndEncrypt']) {
    const wishes = { securityPolicy: 'Basic256', securityMode }
    expect(await rig.visit(own.url, wishes)).toMatchObject({
      ...{ value: sample, how: `Basic256/${securityMode}` },
    })
  }
})

describe('certificates', () => {
  test('of a stranger are refused with the thumbprint and the command that trusts them', async () => {
    const own = await startField({ certificates: path.join(rig.scratch, 'stranger') })
    const message = await rig.refused(own.url, { securityPolicy: 'auto', ...login })
    expect(message).toMatch(/^\[access_denied\] the server's certificate/)
    expect(message).toMatch(/mapper opcua trust [0-9A-F]{40} --pki \//)
    expect(own.calls['CreateSession']).toBeUndefined()
    expect(await rig.visit(own.url, {})).toMatchObject({ value: sample })
    await rig.trustByThumbprint(own.url)
    expect(await rig.visit(own.url, { securityPolicy: 'auto' })).toMatchObject({ value: sample })
  })
  test('of the mapper that the server does not trust: which file to take there; then it works', async () => {
    const own = await startField({ trustClients: false })
    const message = await rig.refused(own.url, { securityPolicy: 'auto' })
    expect(message).toMatch(/^\[access_denied\] .*trusted certificates/)
    const [certificate = ''] = await ownFiles()
    expect(message).toContain(certificate)
    // The server has put it among the rejected ones; its operator lets it in.
    const [rejected = ''] = await readdir(path.join(own.certificates, 'rejected'))
    await rename(
      path.join(own.certificates, 'rejected', rejected),
      path.join(own.certificates, 'trusted/certs', rejected),
    )
    await own.restart()
    expect(await rig.visit(own.url, { securityPolicy: 'auto' })).toMatchObject({ value: sample })
  })
  test('of a user that the server does not trust', async () => {
    const own = await startField({ trustUserCertificates: false })
    expect(await rig.refused(own.url, { securityPolicy: 'auto', ...badge() })).toMatch(
      /^\[access_denied\] \S+ answers Bad\w+: .*user certificate/,
    )
  })
  test('that have expired, or whose key is open to others, are not used', async () => {
    const old = await rig.certificate('old', { to: -2_000 })
    const wishes = {
      securityPolicy: 'auto',
      certificateFile: old.certificateFile,
      keyFile: old.keyFile,
    }
    expect(await rig.refused(field.url, wishes)).toContain('expired on')
    const user = { userCertificateFile: old.certificateFile, userKeyFile: old.keyFile }
    expect(await rig.refused(field.url, { securityPolicy: 'auto', ...user })).toContain(
      'expired on',
    )
    const open = await rig.file('open.key', person.keyPem, 0o644)
    expect(
      await rig.refused(field.url, {
        ...{ securityPolicy: 'auto', certificateFile: person.certificateFile, keyFile: open },
      }),
    ).toContain(`chmod 600 ${open}`)
  })
  test('of the server that have expired', async () => {
    const old = await rig.certificate('plc', { to: -2_000 })
    const folder = path.join(rig.scratch, 'expired')
    const at = path.join(folder, 'server/own')
    await mkdir(path.join(at, 'private'), { recursive: true })
    await mkdir(path.join(at, 'certs'), { recursive: true })
    await copyFile(old.keyFile, path.join(at, 'private/private_key.pem'))
    await copyFile(old.certificateFile, path.join(at, 'certs/certificate.pem'))
    const own = await startField({ certificates: folder })
    await rig.trust(own.certificate)
    const message = await rig.refused(own.url, { securityPolicy: 'auto' })
    expect(message).toMatch(/^\[access_denied\] the server's certificate .* expired on .*renew it/)
  })
  test('that are replaced are refused until they are trusted, and then work without a restart', async () => {
    const own = await startField({ users })
    const wishes = { securityPolicy: 'auto', ...login }
    const memory = new Map<string, unknown>()
    expect(await rig.visit(own.url, wishes, { memory })).toMatchObject({ value: sample })
    const { pkiFolder, ...rest } = { pkiFolder: rig.pki, timeoutMs: 3_000, ...wishes }
    const mapper = startMapper({ url: own.url, pkiFolder, ...rest }, [
      { name: 'watched', visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' } },
    ])
    await until(
      'data flows',
      () => mapper.reported('watched'),
      (value) => value === String(sample),
    )
    await own.replaceCertificate()
    const said = await until(
      'the refusal',
      () => mapper.log.map(({ text }) => text).find((text) => text.includes('mapper opcua trust')),
      (text) => text !== undefined,
      20_000,
    )
    expect(said).toMatch(/mapper opcua trust [0-9A-F]{40}/)
    expect(own.sessionCount).toBe(0)
    expect(JSON.stringify(mapper.log)).not.toContain(planted)
    await mapper.end()
    expect(await rig.refused(own.url, wishes, { memory })).toContain('mapper opcua trust')
    await rig.trust(own.certificate)
    expect(await rig.visit(own.url, wishes, { memory })).toMatchObject({ value: sample })
  })
})

describe('several addresses', () => {
  const addressOf = async () => {
    const first = await startField()
    const second = await startField()
    first.set('Scalars.Int32', 1)
    second.set('Scalars.Int32', 2)
    return [first, second] as const
  }
  test('the second server serves while the first is away, and the first one again after', async () => {
    const [first, second] = await addressOf()
    const wishes = { backupUrls: `opc.tcp://127.0.0.1:${await freePort()}, ${second.url}` }
    const memory = new Map<string, unknown>()
    const { port } = first
    await first.stop()
    expect(await rig.visit(first.url, wishes, { memory })).toMatchObject({ value: 2 })
    expect(await rig.visit(first.url, wishes, { memory })).toMatchObject({ value: 2 })
    await first.restart({ port })
    first.set('Scalars.Int32', 1)
    expect(await rig.visit(first.url, wishes, { memory })).toMatchObject({ value: 1 })
    await first.stop()
    await second.stop()
    expect(await rig.refused(first.url, wishes, { memory })).toMatch(/^\[unreachable\]/)
    expect(await rig.refused(first.url, wishes, { memory })).toMatch(/^\[unreachable\]/)
  })
  test('a mapper goes over to the other server when its own one is gone', async () => {
    const [first, second] = await addressOf()
    const mapper = startMapper({ url: first.url, backupUrls: second.url, timeoutMs: 2_000 }, [
      { name: 'watched', visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' } },
    ])
    const shows = (text: string) =>
      until(
        `${text} is shown`,
        () => [mapper.reported('watched'), mapper.log.slice(-3)] as const,
        ([reported]) => reported === text,
        30_000,
      )
    await shows('1')
    await first.stop()
    await shows('2')
    expect(second.sessionCount).toBe(1)
    await mapper.end()
  })
  test('behind NAT the written address is used, and the advertised one only on request', async () => {
    const own = await startField({ advertisedHost: 'plc.invalid' })
    for (const securityPolicy of ['None', 'Basic256Sha256']) {
      expect(await rig.visit(own.url, { securityPolicy })).toMatchObject({
        value: sample,
        server: own.url,
      })
    }
    const message = await rig.refused(own.url, { endpointAddress: 'advertised' })
    expect(message).toMatch(/^\[unreachable\] opc\.tcp:\/\/plc\.invalid:\d+ /)
  })
})

test('passwords were in no line of a log and in no error', () => {
  const all = rig.said.join('\n')
  expect(rig.said.length).toBeGreaterThan(40)
  expect(all).toContain('operator')
  expect(all).not.toContain(planted)
  expect(all).not.toContain('planted-wrong')
  expect(all).not.toContain('PRIVATE KEY')
})
