import { MapperError } from '@mapper-sdk/core'
import { expect, test } from 'vitest'
import { never, protocolOf, startField } from '../driver.suite.ts'
import { commandLine } from './command-line.ts'
import { discover } from './discover.ts'

test('a server says what it offers, without a login or a folder', async () => {
  const field = await startField()
  const found = await discover(protocolOf(field.url, { securityPolicy: 'auto' }), never)
  expect(found).toMatchObject({
    applicationName: 'OPC UA simulator',
    applicationUri: 'urn:mapper-sdk:simulator:server',
    auto: { policy: 'Aes256_Sha256_RsaPss', mode: 'SignAndEncrypt' },
  })
  expect(found.endpoints).toHaveLength(7)
  const [none] = found.endpoints
  expect(none).toMatchObject({ url: field.url, policy: 'None', mode: 'None' })
  const { certificate } = found.auto as (typeof found.endpoints)[number]
  expect((certificate as { der: Buffer }).der.equals(field.certificate)).toBe(true)
  await expect.poll(() => field.sessionCount).toBe(0)
  expect(field.calls['CreateSession']).toBeUndefined()
})

test('nothing for auto is said with the reason', async () => {
  const field = await startField({ policies: ['None'], modes: ['None'] })
  const { auto, endpoints } = await discover(protocolOf(field.url), never)
  expect(endpoints).toHaveLength(1)
  expect(auto).toBeInstanceOf(MapperError)
  expect((auto as MapperError).detail).toContain('it offers None/None')
})

test('a server that is not there is unreachable', async () => {
  const field = await startField()
  const protocol = protocolOf(field.url)
  await field.stop()
  await expect(discover(protocol, never)).rejects.toMatchObject({ code: 'unreachable' })
})

test('a server says who it is', async () => {
  const field = await startField({ limits: { maxNodesPerRead: 3 } })
  const identity = await commandLine.identify!(protocolOf(field.url), never)
  expect(Object.fromEntries(identity)).toMatchObject({
    ...{ manufacturer: 'mapper-sdk', product: 'OPC UA simulator' },
    applicationUri: 'urn:mapper-sdk:simulator:server',
  })
  expect(identity.get('version')).toMatch(/^\d+\.\d+/)
})
