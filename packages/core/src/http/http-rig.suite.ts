import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { device, model, property } from '../mapper-rig.suite.ts'
import type { Device } from '../device.ts'
import type { Logger } from '../log.ts'
import type { LogLevel } from '../log-level.ts'
import { runMapper } from '../mapper.ts'
import { createFakeDriver, createFakeEdge } from '../testing/index.ts'
import type { MapperView } from '../view.ts'
import { serveHttp, type HttpLimits, type HttpService, type HttpSettings } from './server.ts'

export const token = 'a-token-of-the-tests-0123456789'
/** A password in the configuration of every device of the rig. */
export const password = 'hunter2-is-planted-here'
export const bearer = { authorization: `Bearer ${token}` }
export const eventually = <T>(check: () => T | Promise<T>) =>
  vi.waitFor(check, { timeout: 20_000, interval: 10 })

export const limits: HttpLimits = {
  bodyBytes: 4_096,
  requestsPerSecond: 10_000,
  connections: 64,
  headerMs: 5_000,
  requestMs: 5_000,
  answerMs: 10_000,
}

/** Keeps what is logged, as text. */
function createLog() {
  const lines: string[] = []
  const log = (level: string) => (fields: object | string, message?: string) => {
    const errors = (_: string, value: unknown) =>
      value instanceof Error ? `${value.message}\n${value.stack}\n${String(value.cause)}` : value
    lines.push(`${level} ${message ?? ''} ${JSON.stringify(fields, errors)}`)
  }
  const logger: Logger = {
    ...{ debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    child: () => logger,
  }
  return { logger, lines }
}

export type RigSettings = Partial<Omit<HttpSettings, 'limits'>> & {
  readonly limits?: Partial<HttpLimits>
  readonly hasToken?: boolean
  /** Without: as while a mapper starts. */
  readonly view?: () => MapperView | undefined
}

/** Serves until the test is over. */
export async function serve(settings: RigSettings = {}) {
  const { view = () => undefined, hasToken = true, limits: some, ...more } = settings
  const log = createLog()
  let level: LogLevel = 'info'
  let isStopping = false
  const service: HttpService = await serveHttp(
    {
      ...{ address: '127.0.0.1', port: 0, hosts: [], writesByGet: false },
      ...(hasToken && { token }),
      ...more,
      limits: { ...limits, ...some },
    },
    {
      view,
      isStopping: () => isStopping,
      level: { current: () => level, set: (next) => (level = next) },
      mapper: { name: 'm', version: 'v1', protocol: 'fake', sdk: '0' },
      logger: log.logger,
    },
  )
  onTestFinished(() => service.close())
  return {
    service,
    log,
    level: () => level,
    stopping: () => (isStopping = true),
    ask: (path: string, options: AskOptions = {}) => ask(service.url, path, options),
  }
}

/** A mapper with a device of a fake driver and a fake EdgeCore, and its REST API. */
export async function serveMapper(settings: RigSettings = {}, more: Partial<Device> = {}) {
  const driver = createFakeDriver()
  const edge = createFakeEdge()
  const field = driver.device('h')
  field.set('temperature', 21.5).set('setpoint', 42).set('label', 'a')
  const method = { name: 'set', description: '', propertyNames: ['setpoint', 'temperature'] }
  const names = ['temperature', 'setpoint', 'label']
  edge.apply(
    device({
      protocol: { host: 'h', password },
      properties: names.map((name) => property(name, { collectCycle: 20 })),
      methods: [method],
      ...more,
    }),
    model,
  )
  const stop = new AbortController()
  let view: MapperView | undefined
  const http = await serve({ ...settings, view: () => view })
  const done = runMapper({
    ...{ driver, edge, logger: http.log.logger, signal: stop.signal },
    settings: { budget: {}, stateHoldMs: 0, reconnectMaxMs: 300 },
    onStart: (live) => (view = live),
  })
  onTestFinished(async () => {
    stop.abort()
    await done
  })
  await eventually(async () => {
    const { status } = await http.ask('/api/v1/device/default/boiler-1/temperature')
    if (status !== 200) throw new Error('not read yet')
  })
  return { ...http, driver, edge, field, view: () => view }
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes go out as they are, anything else as JSON. */
  readonly body?: string | Buffer | object
  readonly tls?: https.RequestOptions
}

export interface Asked {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  /** The body, if it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** One request on a connection of its own. The path goes out as it is written. */
export function ask(url: string, path: string, options: AskOptions = {}): Promise<Asked> {
  const { method = 'GET', headers = {}, body, tls = {} } = options
  const { hostname, port, protocol } = new URL(url)
  const isPlain = typeof body === 'string' || body === undefined || Buffer.isBuffer(body)
  const text = isPlain ? body : JSON.stringify(body)
  const type = !isPlain ? { 'content-type': 'application/json' } : {}
  const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const { request } = protocol === 'https:' ? https : http
    const one = request(
      {
        ...{ hostname: hostname.replace(/^\[|\]$/g, ''), port, path, method, agent: false, ...tls },
        headers: { ...type, ...length, ...headers },
      },
      (response) => {
        let received = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (received += chunk))
        response.on('error', reject)
        response.on('end', () => {
          const isJson = response.headers['content-type'] === 'application/json' && received !== ''
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: received,
            json: isJson ? (JSON.parse(received) as Asked['json']) : {},
          })
        })
      },
    )
    one.on('error', reject)
    one.end(text)
  })
}

/** A bare connection, for what no client would send. `answer` resolves with all that came when it closed. */
export function rawConnection(url: string, text: string) {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => undefined)
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  if (text !== '') socket.write(text)
  onTestFinished(() => void socket.destroy())
  return { socket, answer, received: () => received }
}
