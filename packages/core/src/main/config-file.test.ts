import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatProblem, parseConfig, readConfigFile } from './config-file.ts'

const lines = (text: string) =>
  parseConfig(text).problems.map((each) => `${each.severity} ${formatProblem('config.yaml', each)}`)

/** As the template of the Go mapper-framework writes it. */
const goFile = `grpc_server:
  socket_path: /etc/kubeedge/modbus.sock
common:
  name: Modbus-mapper
  version: v1.13.0
  api_version: v1.0.0
  protocol: modbus # TODO add your protocol name
  address: 127.0.0.1
  edgecore_sock: /etc/kubeedge/dmi.sock
  http_port: "7777"
`

describe('the Go file', () => {
  test('works unchanged', () => {
    const { config, problems } = parseConfig(goFile)
    expect(problems).toEqual([])
    expect(config).toMatchObject({
      grpc_server: { socket_path: '/etc/kubeedge/modbus.sock' },
      common: {
        name: 'Modbus-mapper',
        version: 'v1.13.0',
        api_version: 'v1.0.0',
        protocol: 'modbus',
        address: '127.0.0.1',
        edgecore_sock: '/etc/kubeedge/dmi.sock',
        http_port: 7777,
      },
    })
  })

  test('works with a byte order mark and Windows line ends', () => {
    const { config, problems } = parseConfig(`\uFEFF${goFile.replaceAll('\n', '\r\n')}`)
    expect(problems).toEqual([])
    expect(config).toEqual(parseConfig(goFile).config)
  })

  test('a scalar is a text where a text is wanted, as it is written', () => {
    const { config } = parseConfig('common:\n  version: 1.10\n  api_version: 0x10\n  name: 007\n')
    expect(config?.common).toMatchObject({ version: '1.10', api_version: '0x10', name: '007' })
  })

  test('aliases and merge keys work', () => {
    const { config } = parseConfig('base: &base {name: x}\ncommon:\n  <<: *base\n  version: v2\n')
    expect(config?.common).toMatchObject({ name: 'x', version: 'v2' })
  })

  test('an empty value counts as left out', () => {
    const { config, problems } = parseConfig(
      'grpc_server:\ncommon:\n  protocol: ""\n  http_port:\n  edgecore_sock: ""\nmapper: ~\n',
    )
    expect(problems).toEqual([])
    expect(config?.common.protocol).toBeUndefined()
    expect(config?.common).toMatchObject({ edgecore_sock: '/etc/kubeedge/dmi.sock' })
    expect(config?.common.http_port).toBeUndefined()
    expect(config?.http).toBeUndefined()
    expect(config?.mapper.values).toBe('encode')
  })
})

describe('each field wrong in turn', () => {
  const cases: readonly (readonly [wrong: string, error: string])[] = [
    [
      'grpc_server:\n  socket_path: a.sock',
      '2:16: grpc_server.socket_path: is the text "a.sock", but must match ^/ (',
    ],
    [
      'grpc_server:\n  socket_path: [a]',
      '2:16: grpc_server.socket_path: is a list, but must be a text (',
    ],
    [
      `grpc_server:\n  socket_path: /${'x'.repeat(107)}`,
      'x…", but must have at most 107 characters (',
    ],
    ['grpc_server: x', '1:14: grpc_server: is the text "x", but must be an object ('],
    ['common: [x]', '1:9: common: is a list, but must be an object ('],
    [
      'common:\n  name: a/b',
      '2:9: common.name: is the text "a/b", but must match ^[A-Za-z0-9._-]+$ (',
    ],
    ['common:\n  name: {a: b}', '2:9: common.name: is an object, but must be a text ('],
    ['common:\n  version: [1]', '2:12: common.version: is a list, but must be a text ('],
    ['common:\n  api_version: {}', '2:16: common.api_version: is an object, but must be a text ('],
    ['common:\n  protocol: []', '2:13: common.protocol: is a list, but must be a text ('],
    ['common:\n  address: []', '2:12: common.address: is a list, but must be a text ('],
    [
      'common:\n  edgecore_sock: dmi.sock',
      '2:18: common.edgecore_sock: is the text "dmi.sock", but must match ^/ (',
    ],
    [
      'common:\n  http_port: "http"',
      '2:14: common.http_port: is the text "http", but must be a whole number (',
    ],
    ['common:\n  http_port: 65536', '2:14: common.http_port: is 65536, but must be at most 65535'],
    ['common:\n  http_port: -1', '2:14: common.http_port: is -1, but must be at least 0'],
    ['common:\n  http_port: 1.5', '2:14: common.http_port: is 1.5, but must be a whole number ('],
    ['http: on', '1:7: http: is the text "on", but must be an object ('],
    ['http:\n  port: 65536', '2:9: http.port: is 65536, but must be at most 65535'],
    ['http:\n  address: []', '2:12: http.address: is a list, but must be a text ('],
    [
      'http:\n  writes_by_get: often',
      '2:18: http.writes_by_get: is the text "often", but must be ',
    ],
    ['http:\n  hosts: gateway', '2:10: http.hosts: is the text "gateway", but must be a list ('],
    [
      'http:\n  tls:\n    cert_file: [a]',
      '3:16: http.tls.cert_file: is a list, but must be a text (',
    ],
    [
      'http:\n  limits:\n    connections: 0',
      '3:18: http.limits.connections: is 0, but must be at least 1',
    ],
    ['edge: mqtt', '1:7: edge: is the text "mqtt", but must be one of dmi, mqtt-legacy ('],
    ['log: loud', '1:6: log: is the text "loud", but must be an object ('],
    [
      'log:\n  level: infos',
      '2:10: log.level: is the text "infos", but must be one of debug, info, warn, error; did you mean info? (',
    ],
    ['log:\n  format: text', '2:11: log.format: is the text "text", but must be the text "json" ('],
    ['state_dir: [a]', '1:12: state_dir: is a list, but must be a text ('],
    ['mapper: 1', '1:9: mapper: is 1, but must be an object ('],
    ['mapper:\n  budget: 3', '2:11: mapper.budget: is 3, but must be an object ('],
    [
      'mapper:\n  budget:\n    calls_per_second: 0',
      '3:23: mapper.budget.calls_per_second: is 0, but must be more than 0 (',
    ],
    [
      'mapper:\n  budget:\n    burst: many',
      '3:12: mapper.budget.burst: is the text "many", but must be a whole number (',
    ],
    [
      'mapper:\n  budget:\n    twins_per_second: -3',
      '3:23: mapper.budget.twins_per_second: is -3, but must be more than 0 (',
    ],
    ['mapper:\n  refresh_ms: 10', '2:15: mapper.refresh_ms: is 10, but must be at least 1000'],
    [
      'mapper:\n  register_every_ms: 1e12',
      '2:22: mapper.register_every_ms: is 1000000000000, but must be at most 2147483647',
    ],
    [
      'mapper:\n  call_timeout_ms: 5s',
      '2:20: mapper.call_timeout_ms: is the text "5s", but must be a whole number (',
    ],
    [
      'mapper:\n  reconnect_max_ms: true',
      '2:21: mapper.reconnect_max_ms: is true, but must be a whole number (',
    ],
    [
      'mapper:\n  cycle_unit: us',
      '2:15: mapper.cycle_unit: is the text "us", but must be one of auto, ms, ns; did you mean ms? (',
    ],
    [
      'mapper:\n  minimum_cycle_ms: 1',
      '2:21: mapper.minimum_cycle_ms: is 1, but must be at least 10',
    ],
    [
      'mapper:\n  values: base64',
      '2:11: mapper.values: is the text "base64", but must be one of encode, reject (',
    ],
    ['common:\n\tname: x', '2:1: a tab in the indentation (use spaces)'],
    ['common:\n  name: a\n  name: b', '3:3: the key stands twice in its block (remove one)'],
    ['common: [', '1:10: '],
    ['common: *other', '1:9: Unresolved alias'],
    ['a: 1\n---\nb: 2', '2:1: more than one document in the file'],
    ['', '1:1: the file is empty (start with the block common:)'],
    [' \n\n', '1:1: the file is empty'],
    ['# nothing', '1:1: must be a block of keys (start with the block common:)'],
    ['- common', '1:1: must be a block of keys'],
    ['just a text', '1:1: must be a block of keys'],
    ['['.repeat(50_000), ': nested too deeply'],
  ]
  test.each(cases)('%j', (wrong, error) => {
    const { config, problems } = parseConfig(wrong)
    expect(config).toBeUndefined()
    expect(problems[0]?.severity).toBe('error')
    expect(lines(wrong)[0]).toContain(error)
    expect(lines(wrong)[0]).toMatch(/^error config\.yaml:\d+:\d+: /)
  })

  test('aliases that multiply are refused, quickly', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`)
    }
    expect(lines(bomb.join('\n'))[0]).toMatch(/^error config\.yaml:2:8: Excessive alias count/)
  })

  test('what is said beside the error helps to find it', () => {
    const found = lines('common:\n  http_prot: 1\n  http_port: x\n')
    expect(found[0]).toContain('did you mean http_port?')
    expect(found[1]).toContain('error config.yaml:3:14: common.http_port: ')
  })
})

test('unknown keys are warned about, with a guess', () => {
  const text = `${goFile}  http_prot: 1\ndev_init:\n  mode: register\nlog:\n  levle: info\n`
  expect(parseConfig(text).config).toBeDefined()
  expect(lines(text)).toEqual([
    'warning config.yaml:11:3: common.http_prot: is not known and ignored; did you mean http_port?',
    'warning config.yaml:12:1: dev_init: is not known and ignored; known are grpc_server, common, edge, uplink, mqtt, http, log, state_dir, mapper',
    'warning config.yaml:15:3: log.levle: is not known and ignored; did you mean level?',
  ])
})

test('no text makes it throw, and every problem has a place inside the text', () => {
  const word = fc.constantFrom(
    ...['common', 'name', 'log', ':', ': ', '\n', '  ', '\t', '- ', '[', ']', '{', '}', '"', "'"],
    ...['&a', '*a', '!!int', '<<', '|', '>', '#', '---', '?', '1', 'true', '__proto__', '\uFEFF'],
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(word).map((words) => words.join('')),
  )
  fc.assert(
    fc.property(text, (source) => {
      const count = source.split('\n').length
      for (const { line, column } of parseConfig(source).problems) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(count)
        expect(column).toBeGreaterThanOrEqual(1)
      }
    }),
    { numRuns: 500 },
  )
  expect(({} as Record<string, unknown>)['name']).toBeUndefined()
})

describe('files', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-config-'))))
  afterAll(() => rm(folder, { recursive: true }))
  const put = async (name: string, content: string | Buffer) => {
    await writeFile(path.join(folder, name), content)
    return path.join(folder, name)
  }

  test('a good one is read, with its warnings', async () => {
    const file = await put('good.yaml', `${goFile}extra: 1\n`)
    const { config, warnings } = await readConfigFile(file)
    expect(config.common.protocol).toBe('modbus')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`${file}:11:1: extra: is not known`)
  })

  test.each([
    ['missing', undefined, 'no such file (name it with --config-file)'],
    ['huge', Buffer.alloc(1024 * 1024 + 1, 'a'), 'larger than 1 MiB'],
    ['binary', Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'not UTF-8 text'],
    ['wrong', 'common: 1', 'common: is 1, but must be an object'],
  ])('a %s one is refused with its name', async (name, content, reason) => {
    const file = content === undefined ? path.join(folder, name) : await put(name, content)
    await expect(readConfigFile(file)).rejects.toMatchObject({
      code: 'invalid_config',
      detail: expect.stringContaining(`${file}:1:`) as string,
    })
    await expect(readConfigFile(file)).rejects.toThrow(reason)
  })

  test('a directory and an endless device are refused', async () => {
    await expect(readConfigFile(folder)).rejects.toThrow('is a directory')
    await expect(readConfigFile('/dev/zero')).rejects.toThrow('larger than 1 MiB')
  })
})
