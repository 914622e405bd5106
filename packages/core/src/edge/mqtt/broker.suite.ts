import net, { type AddressInfo, type Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import type { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { systemClock, type Clock } from '../../time.ts'
import type { BrokerOptions } from './broker-options.ts'
import { openBroker } from './broker.ts'
import { resultTopics } from './payload.ts'

export const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 20_000, interval: 10 })
export const forever = new AbortController().signal

/** Keeps what is logged. */
export function createLog() {
  const lines: { level: string; text: string; fields: object }[] = []
  const log = (level: string) => (fields: object | string, message?: string) =>
    void lines.push(
      typeof fields === 'string'
        ? { level, text: fields, fields: {} }
        : { level, text: message ?? '', fields },
    )
  const logger: Logger = {
    ...{ debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    child: () => logger,
  }
  return { logger, lines, of: (level: string) => lines.filter((line) => line.level === level) }
}

/** The real clock, with the waits that were asked for; `hurry` shortens them. */
export function createEar(hurry: (ms: number) => number = (ms) => ms) {
  const waits: number[] = []
  const clock: Clock = {
    ...systemClock,
    after(ms, call) {
      waits.push(ms)
      return systemClock.after(hurry(ms), call)
    },
  }
  return { clock, waits }
}

/** A broker client of the test; closed at its end. */
export async function open(options: Partial<BrokerOptions> & { url: string }, clock?: Clock) {
  const log = createLog()
  const ups: (true | MapperError)[] = []
  const messages: string[] = []
  const broker = await openBroker(
    { clientId: 'mapperSuite', ...options },
    {
      topics: resultTopics,
      up: () => void ups.push(true),
      down: (reason) => void ups.push(reason),
      message: (topic, payload) => void messages.push(`${topic} ${payload.toString()}`),
      ...{ logger: log.logger, clock: clock ?? systemClock, random: () => 0.5 },
    },
  )
  onTestFinished(() => broker.close())
  const up = () => eventually(() => void (broker.down() === undefined || fail('not up yet')))
  return { broker, log, ups, messages, up }
}

const fail = (message: string) => {
  throw new Error(message)
}

/** TCP between a client and a broker, that can be cut and can swallow what the broker says. */
export async function startProxy(port: number) {
  const pairs = new Set<Socket>()
  const proxy = { deaf: false, url: '', cut: () => pairs.forEach((socket) => socket.destroy()) }
  const server = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      pairs.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => void upstream.write(chunk))
    upstream.on('data', (chunk) => void (proxy.deaf || client.write(chunk)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    proxy.cut()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  proxy.url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
  return proxy
}
