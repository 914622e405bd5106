import { createRequire } from 'node:module'
import { startOpcuaSimulator, type OpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { printEndpoints } from './opcua-discover.ts'
import { opcua, wishOf } from './opcua-field.suite.ts'
import { spokenPassword, warnOfPassword } from './password-warning.ts'
import { read } from './read.ts'
import { createTarget } from './target.ts'
import { write } from './write.ts'
import './commands.ts'

const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) =>
    file.includes('/node_modules/node-opcua'),
  )
const loadedByImports = loaded()

let field: OpcuaSimulator
let where: string
beforeAll(async () => {
  field = await startOpcuaSimulator()
  where = `127.0.0.1:${field.port}`
})
afterAll(() => field.close())

test('all commands and the driver are there before the library is loaded', () => {
  expect(loadedByImports).toEqual([])
  expect(loaded().length).toBeGreaterThan(0)
})

test('what a server offers is printed, with what auto takes', async () => {
  const screen = fakeIo()
  expect(await printEndpoints(wishOf(where).protocol, { json: false }, screen.io)).toBe(true)
  const lines = screen.lines()
  expect(lines[0]).toBe('OPC UA simulator  urn:mapper-sdk:simulator:server')
  expect(lines[1]).toMatch(/^ {2}None +user name, user certificate, anonymous$/)
  expect(lines.filter((line) => line.includes('auto'))).toEqual([
    expect.stringMatching(/^ {2}Aes256_Sha256_RsaPss, SignAndEncrypt .*<- securityPolicy auto$/),
  ])
  expect(screen.out()).toMatch(/certificate ".*", valid from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/)
  expect(screen.out()).toMatch(/thumbprint [0-9A-F]{40}\n/)
})

test('it is one object a line', async () => {
  const screen = fakeIo()
  await printEndpoints(wishOf(where).protocol, { json: true }, screen.io)
  const objects = screen
    .lines()
    .map((line) => JSON.parse(line) as { isAuto: boolean; policy: string; certificate: object })
  expect(objects).toHaveLength(7)
  expect(objects.filter(({ isAuto }) => isAuto)).toMatchObject([
    { policy: 'Aes256_Sha256_RsaPss', certificate: { thumbprint: expect.any(String) as string } },
  ])
})

const once = { json: false, raw: false, identify: true, timeoutMs: 10_000 }

test('nodes are read by id and by path, each with its own outcome, and the server says who it is', async () => {
  const places = [
    'ns=3;s=Scalars.Int32',
    'nsu=urn:mapper-sdk:simulator;s=Names.semi;colon',
    '/3:Simulator/3:Analog/3:Temperature,decimals=0',
    'ns=3;s=Structure.Recipe,member=Number',
    'ns=3;s=Nope',
  ]
  const screen = fakeIo()
  expect(await read(createTarget(opcua, { where, places }), once, screen.io)).toBe(false)
  const lines = screen.lines()
  expect(lines[0]).toBe('manufacturer: mapper-sdk')
  expect(lines.slice(-5).map((line) => line.split(/ {2,}/)[1])).toEqual([
    ...['-2000000000', '0', '22', '9007199254740993'],
    expect.stringMatching(/^– \[rejected\] BadNodeIdUnknown/),
  ])
})

test.each([
  ['ns=3;s=Scalars.Float', '2.50', 2.5],
  ['ns=3;s=Scalars.Int16', '-7', -7],
  ['ns=3;s=Scalars.Boolean', 'false', false],
  ['ns=3;s=Scalars.UInt64', '18446744073709551614', 18_446_744_073_709_551_614n],
  ['ns=3;s=Scalars.String', 'a,b=c', 'a,b=c'],
  ['/3:Simulator/3:Enumeration/3:Color,enumAs=name', 'Blue', 2],
])('%s is written as %s', async (place, text, value) => {
  const screen = fakeIo()
  const target = createTarget(opcua, { where, places: [place] })
  expect(await write(target, text, once, screen.io), screen.err()).toBe(true)
  const name = place.startsWith('/') ? 'Enumeration.Color' : place.slice('ns=3;s='.length)
  expect(field.get(name).value).toEqual(value)
})

test('what cannot be written is told before or by the server', async () => {
  const tell = async (place: string, text: string) => {
    const screen = fakeIo()
    const written = write(createTarget(opcua, { where, places: [place] }), text, once, screen.io)
    const told = await written.catch((thrown: unknown) => String(thrown))
    return `${told} ${screen.err()}`
  }
  expect(await tell('ns=3;s=Scalars.Byte', '256')).toMatch(/^false \[bad_data\] .*Byte/)
  expect(await tell('ns=3;s=Access.ReadOnly', '5')).toContain('[access_denied]')
  expect(field.get('Access.ReadOnly').value).toBe(1)
  expect(await tell('ns=3;s=Access.WriteOnly', '5')).toBe(
    'false the device said yes, but the value was not read back\n',
  )
})

test('a user logs in with a password from the command line, and is told', async () => {
  const text = `opc.tcp://${where}?userName=operator&password=secret`
  const target = createTarget(opcua, { where: text, places: ['ns=3;s=Access.OperatorOnly'] })
  const screen = fakeIo()
  expect(await read(target, { ...once, identify: false }, screen.io)).toBe(true)
  const words = opcua.commandLine!.protocol(text)
  expect(spokenPassword(words)).toBe('secret')
  warnOfPassword(words, screen.io.err)
  expect(screen.err()).toContain('passwordFile=/path')
  expect(screen.err()).not.toContain('secret')
  expect(spokenPassword({ password: '/run/secrets/p' })).toBeUndefined()
})
