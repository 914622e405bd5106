import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Child } from '../support/child.ts'
import { startJsmodbusServer } from '../support/jsmodbus-server.ts'
import { manifestsOf } from '../support/manifests.ts'
import { mapperSocket, runMapperBin, startMapper } from '../support/mapper-process.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

const token = 'planted-token-0123456789abcdef'

/** Where a mapper says that it serves. */
const urlOf = (mapper: Child) =>
  until(
    'the REST API is served',
    () => mapper.objects.map(({ url }) => url).find((url) => typeof url === 'string'),
    (url) => url !== undefined,
  )

test('a mapper process serves what its file says, and its token is nowhere to be seen', async ({
  onTestFinished,
}) => {
  const server = await startJsmodbusServer()
  onTestFinished(() => server.stop())
  const scratch = await scratchFolder()
  onTestFinished(scratch.remove)
  const folder = path.join(scratch.folder, 'crs')
  await mkdir(folder)
  const level = { name: 'level', type: 'INT', visitor: { address: 0 }, writable: true } as const
  const manifests = manifestsOf({
    name: 'tank',
    protocol: { ...server.protocol },
    properties: [level],
  })
  await writeFile(
    path.join(folder, 'tank.yaml'),
    manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'),
  )
  const edgecore = path.join(scratch.folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath: edgecore, folder })
  onTestFinished(() => sim.close())
  const options = { folder: scratch.folder, edgecore, environment: { TOKEN: token } }
  const mapper = await startMapper({ ...options, more: 'http:\n  writes_by_get: true\n' })
  onTestFinished(() => void mapper.stop())
  const url = String(await urlOf(mapper))
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)

  const seen: string[] = []
  const ask = async (place: string, more: RequestInit = {}) => {
    const response = await fetch(url + place, more)
    const text = await response.text()
    seen.push(text, ...[...response.headers].map(([, value]) => value))
    return { status: response.status, text }
  }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  await until(
    'the mapper is ready and has read the tank',
    async () => [await ask('/readyz'), await ask('/api/v1/device/default/tank/level')],
    (answers) => answers.every(({ status }) => status === 200),
  )
  expect((await ask('/healthz')).text).toBe('ok')

  const place = '/api/v1/device/default/tank/level'
  const body = JSON.stringify({ value: 77 })
  expect((await ask(place, { method: 'PUT', body })).status).toBe(401)
  const guess = { ...headers, authorization: 'Bearer planted-token' }
  expect((await ask(place, { method: 'PUT', body, headers: guess })).status).toBe(401)
  expect((await ask(place, { method: 'PUT', body, headers })).status).toBe(200)
  expect(await server.take({ table: 'holding', address: 0, type: 'uint16' })).toBe('77')
  await until(
    'the cloud shows what was written',
    () => sim.twin('default/tank', 'level')?.reported,
    (reported) => reported === '77',
  )
  expect((await ask(`${place}/explain`)).text).toContain('"why"')

  // What is logged from now on includes each call.
  const debug = JSON.stringify({ level: 'debug' })
  expect((await ask('/api/v1/log/level', { method: 'PUT', body: debug, headers })).status).toBe(200)
  await server.stop()
  await until(
    'the mapper logs at the level that was asked for',
    () => mapper.objects.map((line) => line['level']),
    (levels) => levels.includes('debug'),
  )
  expect((await ask('/metrics')).text).toMatch(/^mapper_writes_total\{result="good"\} 1$/m)
  for (const each of ['/api/v1/openapi.json', '/api/v1/devices', '/api/v1/nothing']) await ask(each)

  // A second one on the same port ends at once, and says what to do.
  const file = path.join(scratch.folder, 'second.yaml')
  const { port } = new URL(url)
  const socket = mapperSocket({ folder: scratch.folder, name: 'second' })
  await writeFile(
    file,
    `grpc_server:\n  socket_path: ${socket}\ncommon:\n  name: second\n  http_port: ${port}\n`,
  )
  const second = runMapperBin(['--config-file', file])
  expect(await second.ended).toBe(2)
  expect(second.lines.join('\n')).toMatch(
    new RegExp(`127\\.0\\.0\\.1 port ${port} \\(EADDRINUSE\\): .*http_port`),
  )
  expect((await ask('/healthz')).status).toBe(200)

  expect(await mapper.stop()).toBe(0)
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  expect([...mapper.lines, ...seen].filter((text) => text.includes(token))).toEqual([])
  expect(mapper.objects.filter((line) => line['level'] === 'error')).toEqual([])
}, 60_000)
