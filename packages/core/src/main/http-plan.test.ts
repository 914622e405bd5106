import { copyFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../../../test/support/scratch-folder.ts'
import { createLog, eventually } from '../edge/mqtt/broker.suite.ts'
import { certificates } from '../http/certificates.suite.ts'
import type { TlsSettings } from '../http/server.ts'
import { parseConfig } from './config-file.ts'
import { keepTlsFresh, planHttp } from './http-plan.ts'

const token = 'a-token-that-nobody-may-see'

function plan(text: string, environment: Readonly<Record<string, string>> = {}) {
  const { config, problems } = parseConfig(text)
  if (config === undefined) throw new Error(JSON.stringify(problems))
  return planHttp(config, { file: 'config.yaml', environment })
}
const detailOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (thrown: unknown) => String((thrown as { detail?: string }).detail),
  )

describe('where it is served', () => {
  it.each([
    ['common:\n  name: m\n', undefined],
    ['http:\n', undefined],
    ['common:\n  http_port: 7777\n', '127.0.0.1:7777'],
    ['common:\n  http_port: 7000\nhttp:\n  port: 7001\n', '127.0.0.1:7001'],
    ['common:\n  http_port: 7000\nhttp:\n  address: 0.0.0.0\n', '0.0.0.0:7000'],
    ['http:\n  address: "::1"\n', '::1:7777'],
    ['http:\n  port: 0\n', '127.0.0.1:0'],
  ])('%j', async (text, expected) => {
    const settings = (await plan(text))?.settings
    expect(settings && `${settings.address}:${settings.port}`).toBe(expected)
  })

  it('has the same defaults with and without the block', async () => {
    const bare = await plan('common:\n  http_port: 7777\n')
    const block = await plan('http:\n  port: 7777\n')
    expect(block?.settings).toEqual(bare?.settings)
    expect(bare?.settings.limits).toMatchObject({ bodyBytes: 65_536, connections: 64 })
  })
})

describe('the token', () => {
  const of = async (text: string, environment: Readonly<Record<string, string>>) =>
    (await plan(text, environment))?.settings.token

  it('comes from a file of the configuration, one of the environment, or the environment', async () => {
    const { folder, remove } = await scratchFolder()
    onTestFinished(remove)
    const file = path.join(folder, 'token')
    await writeFile(file, `${token}\n`)
    const named = `http:\n  token_file: ${file}\n`
    expect(await of('http:\n  port: 0\n', {})).toBeUndefined()
    expect(await of('http:\n  port: 0\n', { TOKEN: '' })).toBeUndefined()
    expect(await of('http:\n  port: 0\n', { TOKEN: 'plain' })).toBe('plain')
    expect(await of('http:\n  port: 0\n', { TOKEN: 'plain', TOKEN_FILE: file })).toBe(token)
    expect(await of(named, { TOKEN: 'plain' })).toBe(token)
    await writeFile(file, '\n')
    expect(await detailOf(of(named, {}))).toBe(
      'config.yaml: http.token_file: is empty; write the token into it',
    )
    expect(await detailOf(of(named.replace('token\n', 'none\n'), {}))).toMatch(
      /http\.token_file: cannot read .*ENOENT/,
    )
  })

  it('that cannot be sent is refused and not shown, and one that can be guessed is warned about', async () => {
    const wrong = await detailOf(of('http:\n  port: 0\n', { TOKEN: 'tänk you' }))
    expect(wrong).toMatch(/^config\.yaml: TOKEN: must be one word/)
    expect(wrong).not.toContain('nk')
    expect((await plan('http:\n  port: 0\n', { TOKEN: 'abc' }))?.warnings).toHaveLength(1)
    expect((await plan('http:\n  port: 0\n', { TOKEN: token }))?.warnings).toEqual([])
  })
})

test('files of TLS that are wrong are named, with what is wrong', async (context) => {
  const made = await certificates(context)
  made.authority('ca')
  made.signed('server', 'ca')
  await writeFile(made.file('garbage'), 'garbage-that-nobody-may-see')
  await writeFile(made.file('empty'), '')
  const tls = (words: Readonly<Record<string, string>>) =>
    Object.entries(words).reduce(
      (text, [key, name]) => `${text}    ${key}: ${made.file(name)}\n`,
      'http:\n  tls:\n',
    )
  const cert_file = 'server.crt'
  const key_file = 'server.key'
  const of = (words: Readonly<Record<string, string>>) => detailOf(plan(tls(words)))
  expect(await of({ cert_file, key_file, client_ca_file: 'ca.crt' })).toBe('fine')
  expect(await of({ cert_file })).toMatch(/http\.tls\.key_file: is missing/)
  expect(await of({ key_file })).toMatch(/http\.tls\.cert_file: is missing/)
  expect(await of({ client_ca_file: 'ca.crt' })).toMatch(/http\.tls\.cert_file: is missing/)
  expect(await of({ cert_file: 'none', key_file })).toMatch(/cert_file: cannot read .*ENOENT/)
  expect(await of({ cert_file: 'garbage', key_file })).toMatch(/cert_file: .*no certificate/)
  expect(await of({ cert_file, key_file: 'garbage' })).toMatch(/key_file: .*no private key/)
  expect(await of({ cert_file, key_file: 'empty' })).toMatch(/key_file: .*no private key/)
  expect(await of({ cert_file: 'empty', key_file })).toMatch(/cert_file: .*no certificate/)
  expect(await of({ cert_file, key_file: 'ca.key' })).toMatch(/key_file: .*not the key of/)
  const client = await of({ cert_file, key_file, client_ca_file: 'garbage' })
  expect(client).toMatch(/client_ca_file: .*no certificate/)
  expect(client).not.toContain('nobody-may-see')
})

test('new certificates are taken over while it runs, wrong ones are not', async (context) => {
  const made = await certificates(context)
  made.authority('ca')
  made.signed('one', 'ca')
  made.signed('two', 'ca')
  const use = async (name: string) => {
    await copyFile(made.file(`${name}.crt`), made.file('now.crt'))
    await copyFile(made.file(`${name}.key`), made.file('now.key'))
  }
  await use('one')
  const files = `    cert_file: ${made.file('now.crt')}\n    key_file: ${made.file('now.key')}\n`
  const planned = await plan(`http:\n  tls:\n${files}`)
  if (planned === undefined) throw new Error('nothing is planned')
  const used: TlsSettings[] = []
  const { logger, of } = createLog()
  const stop = keepTlsFresh(planned, { useTls: (tls) => void used.push(tls) }, logger, 5)
  onTestFinished(stop)
  await writeFile(made.file('now.crt'), 'half a cert')
  await eventually(() => expect(of('warn')).toHaveLength(1))
  await use('two')
  await eventually(() => expect(used.map(({ cert }) => cert)).toEqual([made.read('two.crt')]))
  expect(of('info').map(({ text }) => text)).toEqual(['the REST API uses new certificates'])
})
