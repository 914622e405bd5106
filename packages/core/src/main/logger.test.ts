import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { MapperError } from '../errors.ts'
import type { LogLevel } from '../log-level.ts'
import { createLogger } from './logger.ts'

function listen(level: LogLevel = 'info') {
  const out = new PassThrough()
  const logger = createLogger({ level, fields: { mapper: 'm' } }, out)
  const entries = () =>
    String((out.read() as Buffer | null) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { logger, entries }
}

test('one JSON object a line, with level, time and the fields of all parents', () => {
  const { logger, entries } = listen()
  logger.child({ device: 'default/a' }).warn({ property: 'p' }, 'hello')
  logger.debug('not shown')
  const [entry, ...more] = entries()
  expect(more).toEqual([])
  expect(entry).toMatchObject({
    level: 'warn',
    mapper: 'm',
    device: 'default/a',
    property: 'p',
    msg: 'hello',
  })
  expect(new Date(String(entry?.['time'])).getTime()).toBeGreaterThan(0)
})

test('the level changes while it runs, for children that are there already too', () => {
  const { logger, entries } = listen('warn')
  const child = logger.child({ device: 'a' }).child({ connection: 'b' })
  child.info('one')
  child.warn('two')
  logger.levels.set('debug')
  expect(logger.levels.current()).toBe('debug')
  child.debug({ n: 3 }, 'three')
  logger.levels.set('error')
  child.warn('four')
  logger.fatal('five')
  expect(entries().map(({ msg }) => msg)).toEqual(['two', 'three', 'five'])
})

test('secrets are not logged', () => {
  const { logger, entries } = listen()
  logger.info({ password: 'x', config: { token: 'y', host: 'h' } }, 'connecting')
  expect(entries()[0]).toMatchObject({
    password: '[redacted]',
    config: { token: '[redacted]', host: 'h' },
  })
})

test('weather prints without a stack, a bug with it', () => {
  const { logger, entries } = listen()
  const cause = new Error('connect ECONNREFUSED')
  logger.warn({ err: new MapperError('unreachable', 'no one there', { cause }) }, 'away')
  logger.error({ err: new MapperError('internal', 'oops') }, 'bug')
  logger.error({ err: new Error('foreign') }, 'bug')
  const [weather, bug, foreign] = entries().map(({ err }) => err as Record<string, unknown>)
  expect(weather).toEqual({
    code: 'unreachable',
    message: 'no one there',
    cause: 'connect ECONNREFUSED',
  })
  expect(bug?.['stack']).toContain('logger.test')
  expect(foreign?.['stack']).toContain('logger.test')
})

test('a reader that stops reading costs lines, neither memory nor time', async () => {
  let release: (() => void) | undefined
  const taken: string[] = []
  const out = new Writable({
    write(chunk, _, done) {
      if (String(chunk) !== '') taken.push(String(chunk))
      if (release === undefined) release = done
      else done()
    },
  })
  const logger = createLogger({ level: 'info', fields: {} }, out)
  const text = 'x'.repeat(1000)
  for (let line = 0; line < 5000; line++) logger.info(text)
  expect(out.writableLength).toBeLessThan(1.1 * 1024 * 1024)
  await logger.flush(10)
  expect(taken).toHaveLength(1)

  release?.()
  await logger.flush(5000)
  logger.info('after')
  await logger.flush(5000)
  const last = taken.slice(-2).map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(last[0]).toMatchObject({ msg: 'after' })
  expect(last[1]).toMatchObject({ level: 'warn', dropped: 5000 - (taken.length - 2) })
})

test('a reader that goes away is not waited for', async () => {
  const out = new Writable({ write: (_, __, done) => done(new Error('EPIPE')) })
  const logger = createLogger({ level: 'info', fields: {} }, out)
  logger.info('into the void')
  await logger.flush(5000)
  logger.info('again')
  await logger.flush(5000)
  expect(out.destroyed).toBe(true)
})
