import { describeHttp } from '@mapper-sdk/core/main'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ask, eventually, serveMapper, token } from '../../packages/core/src/http/http-rig.suite.ts'
import { blocks, pageOf } from './markdown.ts'

const origin = 'http://127.0.0.1:7777'

test('the requests of the page on the REST API are answered as it says', async () => {
  const rig = await serveMapper({}, { protocol: { host: 'h' } })
  await eventually(async () => expect((await rig.ask('/readyz')).status).toBe(200))
  const page = pageOf('docs/reference/http.md')
  const shells = page.blocks.flatMap((block, index) =>
    block.language === 'sh' ? [{ block, next: page.blocks[index + 1] }] : [],
  )
  expect(shells.length).toBeGreaterThan(4)
  for (const { block, next } of shells) {
    const { path, ...more } = requestOf(block.text.replaceAll('$TOKEN', token))
    const answer = await ask(rig.service.url, path, more)
    expect(answer.status, block.text).toBe(200)
    expect(next?.language).toBe('text')
    expect(steady(answer.text)).toEqual(steady(next?.text ?? ''))
  }
})

test('every request in a page is to the REST API, and every path is one of its own', () => {
  const { openApi } = describeHttp() as { openApi: { paths: object } }
  const known = Object.keys(openApi.paths).map(
    (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  )
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n').filter((line) => line.startsWith('curl ')))
  for (const command of commands) {
    const { path } = requestOf(command)
    expect(
      known.some((pattern) => pattern.test(path)),
      command,
    ).toBe(true)
  }
})

test('what Prometheus is told to look at is there', () => {
  const names = describeHttp().metrics.map(({ name }) => name)
  const documents = blocks
    .filter(({ info }) => info.has('prometheus'))
    .map(({ text }) => parse(text) as Config)
  const targets = documents.flatMap(({ scrape_configs = [] }) =>
    scrape_configs.flatMap((job) => job.static_configs.flatMap((each) => each.targets)),
  )
  expect(targets.length).toBeGreaterThan(1)
  for (const target of targets) expect(target).toMatch(/^[\w.-]+:7777$/)
  const rules = documents.flatMap(({ groups = [] }) => groups.flatMap((group) => group.rules))
  expect(rules.length).toBeGreaterThan(3)
  for (const { expr } of rules) {
    const used = expr.match(/mapper_\w+/g) ?? []
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((name) => !names.includes(name))).toEqual([])
  }
})

interface Config {
  readonly scrape_configs?: readonly {
    readonly static_configs: readonly { readonly targets: readonly string[] }[]
  }[]
  readonly groups?: readonly { readonly rules: readonly { readonly expr: string }[] }[]
}

/** A command of curl as what it sends. */
function requestOf(command: string) {
  const words = [...command.trim().matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
  const [program, ...rest] = words
  const headers: Record<string, string> = {}
  let [method, body, url]: (string | undefined)[] = ['GET']
  while (rest.length > 0) {
    const word = rest.shift()
    if (word === '-X') method = rest.shift()
    else if (word === '-d') body = rest.shift()
    else if (word === '-H') {
      const [name = '', value = ''] = (rest.shift() ?? '').split(': ')
      headers[name] = value
    } else url = word
  }
  if (program !== 'curl' || !url?.startsWith(origin)) throw new Error(`not of ours: ${command}`)
  const path = url.slice(origin.length)
  return { path, headers, ...(method && { method }), ...(body !== undefined && { body }) }
}

/** Without the times, which are others each time. */
const steady = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) => (/^timeStamp$/i.test(key) ? typeof value : value))
