import type { RawConfig } from '@mapper-sdk/core'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { channels, createSecureRig, planted } from '../../packages/opcua/src/secure-visit.suite.ts'
import {
  requireAsyncua,
  startAsyncuaServer,
  type AsyncuaOptions,
  type AsyncuaServer,
} from '../support/opcua/asyncua-server.ts'

type Rig = Awaited<ReturnType<typeof createSecureRig>>
interface Shared {
  readonly rig: Rig
  readonly server: AsyncuaServer
  readonly badge: { readonly userCertificateFile: string; readonly userKeyFile: string }
}
const rigs = createSecureRig()
let started: Promise<Shared> | undefined
let python: string
const prepare = async (): Promise<Shared> => {
  const rig = await rigs
  const server = await startAsyncuaServer(python)
  await rig.trustByThumbprint(server.url)
  const { certificateFile, keyFile } = await rig.certificate('person')
  return { rig, server, badge: { userCertificateFile: certificateFile, userKeyFile: keyFile } }
}
let shared: Shared
beforeEach(async (context) => {
  python = requireAsyncua(context)
  shared = await (started ??= prepare())
})
afterAll(async () => void (await (await started)?.server.stop()))

const login = { userName: 'operator', password: 'secret' }
const sample = -2_000_000_000

describe.each(channels)('asyncua, %s %s', (securityPolicy, securityMode) => {
  const secured = { securityPolicy, securityMode }
  test('lets in each user token, and no wrong password', async () => {
    const { rig, server, badge } = shared
    for (const user of [{}, login, badge]) {
      const { value, how } = await rig.visit(server.url, { ...secured, ...user })
      expect([value, how]).toEqual([sample, `${securityPolicy}/${securityMode}`])
    }
    const message = await rig.refused(server.url, { ...secured, ...login, password: planted })
    expect(message).toMatch(/^\[access_denied\] \S+ answers Bad\w+: .*user "operator"/)
    expect(await server.sessionCount()).toBe(0)
  })
})

test('auto takes the strongest that asyncua offers', async () => {
  const { rig, server } = shared
  expect(await rig.visit(server.url, { securityPolicy: 'auto' })).toMatchObject({
    how: 'Aes256_Sha256_RsaPss/SignAndEncrypt',
  })
})

test.each<readonly [AsyncuaOptions, readonly (readonly [RawConfig, RegExp])[]]>([
  [
    { policies: ['NoSecurity'], tokens: ['anonymous'] },
    [
      [
        { securityPolicy: 'auto' },
        /^\[invalid_config\] \S+ does not offer securityPolicy auto, securityMode auto; it offers None\/None$/,
      ],
      [login, /^\[invalid_config\] \S+ takes no user name and password .*it takes anonymous/],
    ],
  ],
  [
    { policies: ['Basic256Sha256_Sign'], tokens: ['password'] },
    [
      [{}, /^\[invalid_config\] \S+ does not offer .*it offers Basic256Sha256\/Sign$/],
      [{ securityPolicy: 'auto' }, /^\[invalid_config\] \S+ takes no anonymous user/],
    ],
  ],
])('what %j does not offer is refused with the reason', async (options, cases) => {
  const server = await startAsyncuaServer(python, options)
  try {
    for (const [wishes, message] of cases) {
      expect(await shared.rig.refused(server.url, wishes)).toMatch(message)
    }
    expect(await server.sessionCount()).toBe(0)
  } finally {
    await server.stop()
  }
})

test('passwords were in no line of a log and in no error', () => {
  const all = shared.rig.said.join('\n')
  expect(shared.rig.said.length).toBeGreaterThan(20)
  expect(all).not.toContain(planted)
  expect(all).not.toContain('PRIVATE KEY')
})
