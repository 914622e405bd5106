import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  MessageSecurityMode,
  SecurityPolicy,
  UserTokenType,
  type UserIdentityInfo,
} from 'node-opcua-client'
import { afterAll, describe, expect, it } from 'vitest'
import { bareClients } from './bare-client.suite.ts'
import { startOpcuaSimulator } from './index.ts'
import type { OpcuaSimulator, OpcuaSimulatorOptions, UserToken } from './index.ts'

const connect = bareClients()
const folder = mkdtempSync(path.join(tmpdir(), 'user-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function serving(
  options: OpcuaSimulatorOptions,
  use: (simulator: OpcuaSimulator) => Promise<void>,
): Promise<void> {
  const simulator = await startOpcuaSimulator(options)
  try {
    await use(simulator)
  } finally {
    await simulator.close()
  }
}

const secured = (policy: keyof typeof SecurityPolicy, mode: keyof typeof MessageSecurityMode) => ({
  securityPolicy: SecurityPolicy[policy],
  securityMode: MessageSecurityMode[mode],
})
const password: UserIdentityInfo = {
  type: UserTokenType.UserName,
  userName: 'operator',
  password: 'secret',
}

function userCertificate(): UserIdentityInfo | undefined {
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  try {
    const flags = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=me']
    execFileSync('openssl', [...flags, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return {
    type: UserTokenType.Certificate,
    privateKey: readFileSync(key, 'utf8'),
    certificateData: Buffer.from(
      readFileSync(certificate, 'utf8').replace(/-----[^-]+-----|\s/g, ''),
      'base64',
    ),
  }
}

describe('what is offered', () => {
  it('is every policy with every mode, for everybody, a password and a certificate', async () => {
    const certificate = userCertificate()
    await serving({}, async ({ url, sessionCount }) => {
      expect(sessionCount).toBe(0)
      const policies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
      const channels = [
        secured('None', 'None'),
        ...policies.flatMap((policy) => [
          secured(policy, 'Sign'),
          secured(policy, 'SignAndEncrypt'),
        ]),
      ]
      const users = [undefined, password, ...(certificate === undefined ? [] : [certificate])]
      // All users on two channels; the others take turns, because keys take time.
      for (const [index, channel] of channels.entries()) {
        const visitors = index === 0 || index === 2 ? users : [users[index % users.length]]
        for (const user of visitors) await (await connect(url, channel, user)).close()
      }
    })
  })
  it('can be less: policies, modes and tokens', async () => {
    const options = {
      policies: ['Aes128_Sha256_RsaOaep'],
      modes: ['None', 'Sign'],
      tokens: ['password'],
    } as const
    await serving(options, async ({ url }) => {
      await (await connect(url, secured('Aes128_Sha256_RsaOaep', 'Sign'), password)).close()
      await expect(connect(url, secured('None', 'None'), password)).rejects.toThrow()
      await expect(connect(url, secured('Basic256Sha256', 'Sign'), password)).rejects.toThrow()
      await expect(
        connect(url, secured('Aes128_Sha256_RsaOaep', 'SignAndEncrypt'), password),
      ).rejects.toThrow()
      await expect(connect(url, secured('Aes128_Sha256_RsaOaep', 'Sign'))).rejects.toThrow()
    })
  })
  it('is nothing to strangers, if clients have to be trusted', async () => {
    await serving({ trustClients: false }, async ({ url }) => {
      const channel = secured('Basic256Sha256', 'SignAndEncrypt')
      await expect(connect(url, channel)).rejects.toThrow()
      await (await connect(url)).close()
    })
  })
  it('advertises another host, as behind NAT, and is reached by its own', async () => {
    const tokens: readonly UserToken[] = ['anonymous']
    await serving({ advertisedHost: 'plc.example', tokens }, async ({ url }) => {
      const session = await connect(url)
      await session.close()
      await expect(connect(url, {}, password)).rejects.toThrow()
      const { OPCUAClient } = await import('node-opcua-client')
      const client = OPCUAClient.create({ endpointMustExist: false })
      await client.connect(url)
      const endpoints = await client.getEndpoints()
      await client.disconnect()
      const hosts = endpoints.map(({ endpointUrl }) => new URL(endpointUrl ?? '').hostname)
      expect(new Set(hosts)).toEqual(new Set(['plc.example']))
      const kinds = endpoints.flatMap(({ userIdentityTokens }) => userIdentityTokens ?? [])
      expect(new Set(kinds.map(({ tokenType }) => tokenType))).toEqual(
        new Set([UserTokenType.Anonymous]),
      )
    })
  })
})
