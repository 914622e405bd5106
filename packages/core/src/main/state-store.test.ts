import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger, type LogFn, type Logger } from '../log.ts'
import { openStateStore } from './state-store.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-state-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

function listen(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = []
  const warn: LogFn = (_: object | string, message?: string) => void warnings.push(message ?? '')
  return { logger: { ...silentLogger, warn }, warnings }
}

test('remembers across openings, whatever the keys and texts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), fc.string())),
      async (pairs) => {
        const name = 'any/name'
        const store = await openStateStore(folder, name, silentLogger)
        for (const [key, value] of pairs) store.set(key, value)
        await store.flush()
        const again = await openStateStore(folder, name, silentLogger)
        for (const [key, value] of new Map(pairs)) expect(again.get(key)).toBe(value)
      },
    ),
    { numRuns: 30 },
  )
})

test('writes by itself, leaves no temporary file, and is for its owner alone', async () => {
  const store = await openStateStore(path.join(folder, 'new', 'sub'), 'm', silentLogger)
  for (let index = 0; index < 1000; index++) store.set('key', String(index))
  await store.flush()
  expect(await readdir(path.join(folder, 'new', 'sub'))).toEqual(['m.state.json'])
  const text = await readFile(path.join(folder, 'new', 'sub', 'm.state.json'), 'utf8')
  expect(JSON.parse(text)).toEqual({ version: 1, entries: { key: '999' } })
})

test.each(['', '{', 'null', '[]', '{"version":2,"entries":{}}', '{"version":1,"entries":null}'])(
  'garbage in the file (%j) costs the memory, not the mapper',
  async (garbage) => {
    await writeFile(path.join(folder, 'm.state.json'), garbage)
    const { logger, warnings } = listen()
    const store = await openStateStore(folder, 'm', logger)
    expect(warnings).toEqual(['the state file is unusable; starting without'])
    store.set('a', '1')
    await store.flush()
    expect((await openStateStore(folder, 'm', silentLogger)).get('a')).toBe('1')
  },
)

test('a place that cannot be written is warned about once, and tried again', async () => {
  const blocked = path.join(folder, 'blocked')
  await writeFile(blocked, 'a file where the directory should be')
  const { logger, warnings } = listen()
  const store = await openStateStore(blocked, 'm', logger)
  warnings.length = 0
  for (const value of ['1', '2', '3']) {
    store.set('a', value)
    await store.flush()
    expect(store.get('a')).toBe(value)
  }
  expect(warnings).toEqual(['the state cannot be kept on disk, only in memory'])
  await rm(blocked)
  await mkdir(blocked)
  await store.flush()
  expect((await openStateStore(blocked, 'm', silentLogger)).get('a')).toBe('3')
})

test('a full disk keeps the last good file', async () => {
  const store = await openStateStore(folder, 'm', silentLogger)
  store.set('a', 'old')
  await store.flush()
  // Everything written to /dev/full fails with ENOSPC.
  await symlink('/dev/full', path.join(folder, 'm.state.json.new'))
  const { logger, warnings } = listen()
  const full = await openStateStore(folder, 'm', logger)
  full.set('a', 'new')
  await full.flush()
  expect(warnings).toHaveLength(1)
  expect((await openStateStore(folder, 'm', silentLogger)).get('a')).toBe('old')
})

test.skipIf(process.getuid?.() === 0)('a read-only directory', async () => {
  await chmod(folder, 0o500)
  const { logger, warnings } = listen()
  const store = await openStateStore(folder, 'm', logger)
  store.set('a', '1')
  await store.flush()
  expect(store.get('a')).toBe('1')
  expect(warnings).toHaveLength(1)
  await chmod(folder, 0o700)
})
