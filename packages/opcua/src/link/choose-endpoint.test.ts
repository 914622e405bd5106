import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MapperError } from '@mapper-sdk/core'
import { securityModes, securityPolicies } from '../config/protocol.ts'
import { chooseEndpoint, findDowngrade, type EndpointWishes } from './choose-endpoint.ts'
import type { OfferedEndpoint } from './offered-endpoint.ts'
import { passwordIsSafe } from './password-safety.ts'

const url = 'opc.tcp://192.0.2.10:4840'
const uri = (policy: string) => `http://opcfoundation.org/UA/SecurityPolicy#${policy}`
const anonymous = { tokenType: 0, securityPolicyUri: null }
const userName = (policy: string | null) => ({
  tokenType: 1,
  securityPolicyUri: policy === null ? null : uri(policy),
})

/** `Basic256Sha256/Sign` */
function offer(text: string, own: Partial<OfferedEndpoint> = {}): OfferedEndpoint {
  const [policy = '', mode = ''] = text.split('/')
  return {
    endpointUrl: 'opc.tcp://plc-7:4840/UA',
    securityMode: ['None', 'Sign', 'SignAndEncrypt'].indexOf(mode) + 1,
    securityPolicyUri: uri(policy),
    userIdentityTokens: [anonymous],
    serverCertificate: Buffer.of(1),
    server: { applicationUri: 'urn:plc' },
    ...own,
  }
}
const wishes = (own: Partial<EndpointWishes>): EndpointWishes => ({
  securityPolicy: 'None',
  securityMode: 'auto',
  endpointAddress: 'written',
  ...own,
})
const choose = (own: Partial<EndpointWishes>, offered: readonly OfferedEndpoint[]) => {
  const { policy, mode } = chooseEndpoint(wishes(own), offered, url)
  return `${policy}/${mode}`
}

const usual = [
  'None/None',
  'Basic128Rsa15/SignAndEncrypt',
  'Basic256Sha256/Sign',
  'Basic256Sha256/SignAndEncrypt',
  'Aes256_Sha256_RsaPss/Sign',
  'Aes128_Sha256_RsaOaep/SignAndEncrypt',
].map((text) => offer(text))

test.each<[Partial<EndpointWishes>, string]>([
  [{}, 'None/None'],
  [{ securityMode: 'None' }, 'None/None'],
  [{ securityPolicy: 'auto' }, 'Aes128_Sha256_RsaOaep/SignAndEncrypt'],
  [{ securityPolicy: 'auto', securityMode: 'Sign' }, 'Aes256_Sha256_RsaPss/Sign'],
  [{ securityPolicy: 'Basic256Sha256' }, 'Basic256Sha256/SignAndEncrypt'],
  [{ securityPolicy: 'Basic256Sha256', securityMode: 'Sign' }, 'Basic256Sha256/Sign'],
  [{ securityPolicy: 'Aes256_Sha256_RsaPss' }, 'Aes256_Sha256_RsaPss/Sign'],
  [{ securityPolicy: 'Basic128Rsa15' }, 'Basic128Rsa15/SignAndEncrypt'],
])('%j takes %s', (own, expected) => {
  expect(choose(own, usual)).toBe(expected)
})

test.each<[string, Partial<EndpointWishes>, readonly string[], string]>([
  [
    'what is not offered',
    { securityPolicy: 'Aes256_Sha256_RsaPss' },
    ['None/None', 'Basic256Sha256/Sign'],
    `${url} does not offer securityPolicy Aes256_Sha256_RsaPss, securityMode auto; it offers Basic256Sha256/Sign, None/None`,
  ],
  [
    'auto where only None is offered',
    { securityPolicy: 'auto' },
    ['None/None'],
    `${url} does not offer securityPolicy auto, securityMode auto; it offers None/None`,
  ],
  [
    'auto where only broken policies are offered',
    { securityPolicy: 'auto' },
    ['Basic256/SignAndEncrypt'],
    `${url} does not offer securityPolicy auto, securityMode auto; it offers Basic256/SignAndEncrypt`,
  ],
  [
    'a mode without a policy',
    { securityMode: 'SignAndEncrypt' },
    ['None/None', 'Basic256Sha256/SignAndEncrypt'],
    'securityMode SignAndEncrypt does not go with securityPolicy None; set securityPolicy to auto',
  ],
  [
    'a policy without a mode',
    { securityPolicy: 'Basic256Sha256', securityMode: 'None' },
    ['None/None'],
    'securityMode None does not go with securityPolicy Basic256Sha256; set securityMode to auto',
  ],
  [
    'a user that the endpoint does not take',
    { userCertificateFile: '/user.pem' },
    ['None/None'],
    `${url} takes no user certificate with securityPolicy None, securityMode auto; it takes anonymous user`,
  ],
  [
    'a server that offers nothing',
    {},
    [],
    `${url} does not offer securityPolicy None, securityMode auto; it offers nothing that is known here`,
  ],
])('refuses %s', (_, own, offered, detail) => {
  const all = offered.map((text) => offer(text))
  expect(() => choose(own, all)).toThrow(new MapperError('invalid_config', detail))
})

const wishArbitrary = fc.record({
  securityPolicy: fc.constantFrom('auto' as const, ...securityPolicies),
  securityMode: fc.constantFrom('auto' as const, ...securityModes),
  userName: fc.constantFrom(undefined, 'operator'),
})
const offerArbitrary = fc
  .tuple(
    fc.constantFrom(...securityPolicies, 'New', ''),
    fc.constantFrom(...securityModes, 'Odd'),
    fc.array(
      fc.constantFrom(anonymous, ...[null, 'None', 'Basic256', ...securityPolicies].map(userName)),
    ),
    fc.constantFrom(Buffer.of(1), Buffer.of(), null),
  )
  .map(([policy, mode, tokens, certificate]) =>
    offer(`${policy}/${mode}`, { userIdentityTokens: tokens, serverCertificate: certificate }),
  )

test('what is taken is never weaker than what is asked for, and never weaker than what auto could have', () => {
  const rank = (policy: string) => securityPolicies.findIndex((each) => each === policy)
  let taken = 0
  fc.assert(
    fc.property(
      wishArbitrary,
      fc.array(offerArbitrary, { minLength: 2, maxLength: 16, size: 'max' }),
      (own, offered) => {
        const { userName: name, ...rest } = own
        const asked = wishes({ ...rest, ...(name !== undefined && { userName: name }) })
        let chosen
        try {
          chosen = chooseEndpoint(asked, offered, url)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid_config' })
          return
        }
        taken++
        const { policy, mode, endpoint } = chosen
        expect(offered).toContain(endpoint)
        expect(endpoint.securityPolicyUri).toBe(uri(policy))
        if (asked.securityPolicy !== 'auto') expect(policy).toBe(asked.securityPolicy)
        else expect(rank(policy)).toBeGreaterThanOrEqual(rank('Basic256Sha256'))
        if (asked.securityMode !== 'auto') expect(mode).toBe(asked.securityMode)
        expect(mode === 'None').toBe(policy === 'None')
        const type = name === undefined ? 0 : 1
        expect(endpoint.userIdentityTokens?.map(({ tokenType }) => tokenType)).toContain(type)
        if (name !== undefined) expect(passwordIsSafe(endpoint, policy, mode)).toBe(true)
        // Taking it away must not lead to something stronger.
        const others = offered.filter((each) => each !== endpoint)
        const again = (() => {
          try {
            return chooseEndpoint(asked, others, url)
          } catch {
            return undefined
          }
        })()
        if (again === undefined || name !== undefined) return
        const strength = (choice: typeof again) =>
          securityModes.indexOf(choice.mode) * 10 + rank(choice.policy)
        expect(strength(chosen)).toBeGreaterThanOrEqual(strength(again))
      },
    ),
    { numRuns: 1000 },
  )
  expect(taken).toBeGreaterThan(100)
})

describe('a password', () => {
  test.each<[string, readonly (string | null)[], boolean, string]>([
    ['None/None', [null], true, 'in clear text'],
    ['None/None', ['None'], true, 'in clear text'],
    ['None/None', ['Basic256Sha256'], false, 'in clear text'],
    ['None/None', ['None', 'Basic256'], true, 'in clear text'],
    ['Basic256Sha256/Sign', ['None'], true, 'in clear text'],
    ['Basic256Sha256/Sign', [null, 'None'], true, 'in clear text'],
    ['None/None', ['Basic256Sha256'], true, 'safe'],
    ['None/None', ['None', 'Aes256_Sha256_RsaPss'], true, 'safe'],
    ['Basic256Sha256/Sign', [null], true, 'safe'],
    ['Basic256Sha256/SignAndEncrypt', ['None'], false, 'safe'],
  ])('to %s with the user token policies %j (certificate: %s) is %s', (text, names, shown, how) => {
    const endpoint = offer(text, {
      userIdentityTokens: names.map(userName),
      serverCertificate: shown ? Buffer.of(1) : null,
    })
    const [policy, mode] = text.split('/') as [never, never]
    const take = () =>
      choose({ securityPolicy: policy, securityMode: mode, userName: 'operator' }, [endpoint])
    if (how === 'safe') expect(take()).toBe(text)
    else expect(take).toThrow(`${url} takes a password only in clear text`)
  })
  test('is not sent to one of two endpoints that look alike', () => {
    const [safe, open] = ['Basic256Sha256', 'None'].map((policy) =>
      offer('None/None', { userIdentityTokens: [userName(policy)] }),
    ) as [OfferedEndpoint, OfferedEndpoint]
    expect(choose({ userName: 'operator' }, [safe])).toBe('None/None')
    expect(() => choose({ userName: 'operator' }, [safe, open])).toThrow('only in clear text')
  })
})

test('the address is the written one, or the advertised one on request', () => {
  const one = [offer('None/None')]
  expect(chooseEndpoint(wishes({}), one, url).url).toBe(url)
  expect(chooseEndpoint(wishes({ endpointAddress: 'advertised' }), one, url).url).toBe(
    'opc.tcp://plc-7:4840/UA',
  )
  const nameless = [offer('None/None', { endpointUrl: null })]
  expect(chooseEndpoint(wishes({ endpointAddress: 'advertised' }), nameless, url).url).toBe(url)
})

test('of endpoints that are alike the one of the written host is taken; others are left out', () => {
  const here = offer('None/None', { endpointUrl: 'opc.tcp://192.0.2.10:4840/UA' })
  const web = offer('None/None', { endpointUrl: 'https://plc-7/UA' })
  expect(chooseEndpoint(wishes({}), [web, offer('None/None'), here], url).endpoint).toBe(here)
  expect(() => choose({}, [web])).toThrow('nothing that is known here')
})

test('offers that somebody hid are found once the session tells them', () => {
  const asked = wishes({ securityPolicy: 'auto' })
  const weak = offer('Basic256Sha256/Sign')
  const choice = chooseEndpoint(asked, [weak], url)
  expect(findDowngrade(asked, choice, [weak])).toBeUndefined()
  expect(findDowngrade(asked, choice, usual)).toMatchObject({
    code: 'access_denied',
    detail: expect.stringContaining('Aes128_Sha256_RsaOaep/SignAndEncrypt, but somebody') as string,
  })
  expect(findDowngrade(asked, choice, [offer('None/None')])).toMatchObject({
    code: 'invalid_config',
  })
  const user = { ...asked, userName: 'operator' }
  const sign = (name: string | null) =>
    offer('Basic256Sha256/Sign', { userIdentityTokens: [userName(name)] })
  const login = chooseEndpoint(user, [sign(null)], url)
  const bare = { ...sign(null), serverCertificate: null }
  expect(findDowngrade(user, login, [bare])).toBeUndefined()
  expect(findDowngrade(user, login, [sign('None')])?.detail).toContain('only in clear text')
})
