import { realpath } from 'node:fs/promises'
import { createLines, type Line } from '@mapper-sdk/core/line'
import { createBank, serveRtu } from '@mapper-sdk/modbus/simulator'
import { expect, it, type TestContext } from 'vitest'
import { startFieldMapper } from '../support/field-mapper.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { hasSocat, occupy, startSerialPair, type SerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'

/** Bytes take no time on a pseudo terminal. */
const baudRate = 4_000_000
const frame = { baudRate, dataBits: 8, stopBits: 1, parity: 'none' } as const
const never = new AbortController().signal

/** A line that can be unplugged and plugged in again under the same name, with units 1 and 3 on it. */
async function startLine(context: TestContext) {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  const bank = createBank({ units: [1, 3] })
  let pair: SerialPair | undefined
  let field: Awaited<ReturnType<typeof serveRtu>> | undefined
  const unplug = async () => {
    await field?.close()
    field = undefined
    await pair?.stop()
    pair = undefined
  }
  context.onTestFinished(async () => {
    await unplug()
    await remove()
  })
  const path = `${folder}/tty-a`
  return {
    bank,
    path,
    far: `${folder}/tty-b`,
    protocol: (unit: number, more = {}) => ({ path, baudRate, unit, timeoutMs: 200, ...more }),
    set: (level: number, unit = 1) => bank.setRegister('holding', 0, level, unit),
    /** Only the line, without anybody on it. */
    async lay() {
      pair = await startSerialPair(folder)
      return pair
    },
    async plug() {
      pair ??= await startSerialPair(folder)
      field = await serveRtu(bank, { path: pair.ends[1], baudRate })
      return field
    },
    unplug,
  }
}

const told = (mapper: ReturnType<typeof startFieldMapper>, name: string) =>
  mapper.log
    .filter(({ device }) => device === name)
    .map(({ text }) => text)
    .join('\n')

it('an adapter that is not there yet, in use, unplugged or plugged in again is found by itself', async (context) => {
  const line = await startLine(context)
  const mapper = startFieldMapper(context)
  const isOk = (level: number) =>
    until(
      `ok with ${level}`,
      () => [mapper.state('meter'), mapper.twin('meter')].join(),
      (seen) => seen === `ok,${level}`,
      15_000,
    )
  const isOffline = () =>
    until(
      'offline',
      () => mapper.state('meter'),
      (state) => state === 'offline',
    )
  line.set(1)
  mapper.put('meter', line.protocol(1))
  await isOffline()
  expect(told(mapper, 'meter')).toContain(
    `ENOENT: no such file or directory, realpath '${line.path}'`,
  )

  // Somebody else is quicker.
  await line.lay()
  const other: Line = await createLines().open({ kind: 'serial', path: line.path, ...frame }, never)
  await line.plug()
  const busy = 'another process has it open'
  await until(
    'the reason is that the port is busy',
    () => mapper.why('meter'),
    (why) => why.includes(busy),
  )
  expect(mapper.state('meter')).toBe('offline')
  await other.close()
  await isOk(1)

  for (const level of [2, 3]) {
    const before = await realpath(line.path)
    await line.unplug()
    await isOffline()
    line.set(level)
    // Somebody takes the old terminal, so that the same name leads to another one afterwards.
    await occupy(before, context)
    await line.plug()
    expect(await realpath(line.path)).not.toBe(before)
    await isOk(level)
  }
})

/** Random bytes, always the same, that now and then look like the beginning of an answer of unit 1. */
const noise = (length: number) => {
  const random = seededRandom(length)
  return Buffer.from(
    Uint8Array.from({ length }, () =>
      random() < 0.2 ? 1 + 2 * Math.round(random()) : random() * 256,
    ),
  )
}

it('noise, garbage at a wrong speed and a frozen line never become a value, and pass', async (context) => {
  const line = await startLine(context)
  const pair = await line.lay()
  const field = await line.plug()
  const mapper = startFieldMapper(context)
  const seen = () => ({
    state: mapper.state('meter'),
    twin: mapper.twin('meter'),
    why: mapper.why('meter'),
  })
  const isOk = (level: number) =>
    until(
      `ok with ${level}`,
      seen,
      ({ state, twin }) => state === 'ok' && twin === String(level),
      15_000,
    )
  line.set(1)
  mapper.put('meter', line.protocol(1))
  await isOk(1)

  // What a wrong speed leaves of an answer; it is not silence, so the device is there and something is wrong.
  field.faults(() => ({ kind: 'garbage', bytes: noise(12) }))
  line.set(2)
  const garbled = await until('garbage is found out', seen, ({ state }) => state === 'unhealthy')
  expect(garbled.twin).toBe('1')
  expect(garbled.why).toMatch(/baud rate, parity/)
  expect(told(mapper, 'meter')).toMatch(/baud rate, parity/)
  field.faults()
  await isOk(2)

  // Noise without an end, 1 MB at least, is neither kept nor waited out.
  await field.close()
  const far = await createLines().open({ kind: 'serial', path: line.far, ...frame }, never)
  const rss = process.memoryUsage.rss()
  const troubled = new AbortController()
  const chatter = far.turn(
    async () => {
      for (let sent = 0; sent < 1e6; sent += 4096) {
        await far.write(noise(4096))
      }
      while (!troubled.signal.aborted) await far.write(noise(64))
    },
    { signal: never },
  )
  await until(
    'noise is found out',
    seen,
    ({ state, why }) => state !== 'ok' && /bad_data/.test(why),
  )
  expect(seen().twin).toBe('2')
  troubled.abort()
  await chatter
  await far.close()
  expect(process.memoryUsage.rss() - rss).toBeLessThan(100e6)
  line.set(3)
  await line.plug()
  await isOk(3)

  // A converter that takes nothing and gives nothing for a while, and then all at once.
  pair.freeze()
  line.set(4)
  await until('a frozen line is silence', seen, ({ state }) => state === 'offline')
  expect(seen().twin).toBe('3')
  pair.thaw()
  await isOk(4)
  const reported = mapper.edge.reports.flatMap(({ twins }) => twins.map((twin) => twin.reported))
  expect([...new Set(reported)]).toEqual(['1', '2', '3', '4'])
})

it('a dead unit takes little of the time of its line, and its neighbour keeps its cycle', async (context) => {
  const line = await startLine(context)
  const field = await line.plug()
  const timeoutMs = 400
  const asked = { 1: 0, 2: 0 }
  field.faults(({ unit }) => {
    if (unit === 1) asked[1]++
    return undefined
  })
  const mapper = startFieldMapper(context)
  line.set(1)
  mapper.put('alive', line.protocol(1, { timeoutMs: 2_000 }))
  mapper.put('dead', line.protocol(2, { timeoutMs }))
  await until(
    'one is ok, the other offline',
    () => [mapper.state('alive'), mapper.state('dead')].join(),
    (seen) => seen === 'ok,offline',
  )
  const before = { alive: asked[1], all: field.requests, at: performance.now() }
  await until(
    '100 more reads of the living one',
    () => asked[1],
    (count) => count >= before.alive + 100,
    20_000,
  )
  const probes = field.requests - before.all - (asked[1] - before.alive)
  const elapsedMs = performance.now() - before.at
  // A tenth of the time is for silence; one probe may be a debt of earlier time, and one may just be on its way.
  expect(probes * timeoutMs).toBeLessThan(elapsedMs / 10 + 2 * timeoutMs)
  expect([mapper.state('alive'), mapper.state('dead')]).toEqual(['ok', 'offline'])
})
