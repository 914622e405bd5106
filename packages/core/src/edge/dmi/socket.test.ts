import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../time.ts'
import { claimSocket, probeSocket, type SocketClaim } from './socket.ts'

const folder = fs.mkdtempSync(path.join(tmpdir(), 'sock-'))
fs.chmodSync(folder, 0o755)
let counter = 0
const fresh = (name = 'm.sock') => {
  const place = path.join(folder, `${counter++}`)
  fs.mkdirSync(place)
  return path.join(place, name)
}
const claims: SocketClaim[] = []
afterEach(() => {
  for (const claim of claims.splice(0)) claim.release()
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** A clock whose timers fire when told. */
function manualClock(): Clock & { fire(): void } {
  const due = new Set<() => void>()
  return {
    ...systemClock,
    after: (_ms, call) => {
      due.add(call)
      return () => due.delete(call)
    },
    fire: () => {
      for (const call of [...due]) if (due.delete(call)) call()
    },
  }
}

async function claim(at: string, clock: Clock = systemClock) {
  const lost: string[] = []
  const held = await claimSocket(
    at,
    {
      connection: (socket) => socket.on('error', () => undefined).end('hello'),
      lost: (reason) => lost.push(reason),
    },
    clock,
  )
  claims.push(held)
  return { ...held, lost }
}

async function greeting(at: string): Promise<string> {
  const socket = connect(at)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

/** A socket whose owner died without cleaning up. */
async function staleSocket(at: string) {
  const server = createServer()
  server.listen(`${at}~`)
  await once(server, 'listening')
  fs.renameSync(`${at}~`, at)
  await new Promise((resolve) => server.close(resolve))
}

test('listens for our user only, leaves nothing else behind, and removes its socket', async () => {
  const at = fresh()
  const held = await claim(at)
  expect(fs.lstatSync(at).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(path.dirname(at))).toEqual(['m.sock'])
  expect(await greeting(at)).toBe('hello')
  held.release()
  held.release()
  expect(fs.readdirSync(path.dirname(at))).toEqual([])
})

test('takes the place of a stale socket', async () => {
  const at = fresh()
  await staleSocket(at)
  expect(await probeSocket(at)).toBe('ECONNREFUSED')
  await claim(at)
  expect(await greeting(at)).toBe('hello')
})

test('does not take the place of a living process', async () => {
  const at = fresh()
  await claim(at)
  await expect(claim(at)).rejects.toThrow(
    `[invalid_config] socket ${at} belongs to another process that listens on it; stop that one`,
  )
  expect(await greeting(at)).toBe('hello')
})

test.each<[string, (at: string) => unknown]>([
  ['a plain file', (at) => fs.writeFileSync(at, 'precious')],
  ['a directory', (at) => fs.mkdirSync(at)],
  ['a symbolic link', (at) => fs.symlinkSync('/nowhere', at)],
  ['a symbolic link', (at) => staleSocket(`${at}2`).then(() => fs.symlinkSync(`${at}2`, at))],
  ['a special file', (at) => execFileSync('mkfifo', [at])],
])('refuses and keeps %s', async (kind, make) => {
  const at = fresh()
  await make(at)
  const before = fs.lstatSync(at)
  await expect(claim(at)).rejects.toThrow(
    `[invalid_config] socket ${at} is ${kind}; remove it or choose another path`,
  )
  expect(fs.lstatSync(at).ino).toBe(before.ino)
})

test('a path of 107 bytes works, one more is refused, and so is what is no absolute path', async () => {
  const start = path.join(path.dirname(fresh()), 'x')
  const longest = start.padEnd(107, 'x')
  await claim(longest)
  expect(await greeting(longest)).toBe('hello')
  await expect(claim(`${longest}x`)).rejects.toThrow(
    `[invalid_config] socket ${longest}x has 108 bytes; choose a path of at most 107`,
  )
  await expect(claim(`${start}${'ü'.repeat(60)}`)).rejects.toThrow('[invalid_config]')
  await expect(claim('m.sock')).rejects.toThrow('is not an absolute path')
  await expect(claim('unix:///run/m.sock')).rejects.toThrow('is not an absolute path')
  await expect(claim(`${start}\0`)).rejects.toThrow('holds a NUL')
})

test('a name of one letter at the very end of the room works', async () => {
  const place = path.join(path.dirname(fresh()), 'd').padEnd(105, 'd')
  fs.mkdirSync(place)
  const at = path.join(place, 's')
  await claim(at)
  expect(await greeting(at)).toBe('hello')
})

test('a missing directory is named', async () => {
  const at = path.join(folder, 'missing', 'm.sock')
  await expect(claim(at)).rejects.toThrow(`create or mount ${path.dirname(at)}`)
  const below = fresh()
  fs.writeFileSync(below, '')
  await expect(claim(`${below}/m.sock`)).rejects.toThrow('[invalid_config]')
})

test('a directory that is not ours to write is access_denied', async () => {
  const at = fresh()
  fs.chmodSync(path.dirname(at), 0o555)
  const root = process.getuid?.() === 0
  if (root) process.seteuid?.(65534)
  try {
    await expect(claim(at)).rejects.toThrow('[access_denied]')
  } finally {
    if (root) process.seteuid?.(0)
  }
})

test('notices that its socket was deleted, once', async () => {
  const at = fresh()
  const clock = manualClock()
  const held = await claim(at, clock)
  clock.fire()
  expect(held.lost).toEqual([])
  fs.unlinkSync(at)
  clock.fire()
  clock.fire()
  expect(held.lost).toEqual([`${at} was deleted or replaced`])
})

test('never removes the socket of a newer owner', async () => {
  const at = fresh()
  const clock = manualClock()
  const old = await claim(at, clock)
  fs.unlinkSync(at)
  await claim(at, clock)
  clock.fire()
  expect(old.lost).toHaveLength(1)
  old.release()
  expect(await greeting(at)).toBe('hello')
})

test('of two that start at the same moment, one keeps the path and the other one knows', async () => {
  for (let round = 0; round < 30; round++) {
    const at = fresh()
    const clock = manualClock()
    const outcomes = await Promise.allSettled([claim(at, clock), claim(at, clock)])
    clock.fire()
    const holders = outcomes.filter(
      (outcome) => outcome.status === 'fulfilled' && outcome.value.lost.length === 0,
    )
    expect(holders).toHaveLength(1)
    expect(fs.readdirSync(path.dirname(at))).toEqual(['m.sock'])
  }
})
