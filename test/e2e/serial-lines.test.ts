import { realpath } from 'node:fs/promises'
import { createLines, type SerialSettings } from '@mapper-sdk/core/line'
import { serialDriver } from '@mapper-sdk/serial'
import { expect, it, type TestContext } from 'vitest'
import { asciiRecipe, startAsciiDevice, type AsciiDevice } from '../support/ascii-device.ts'
import { startFieldMapper } from '../support/field-mapper.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { hasSocat, occupy, startSerialPair, type SerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'

const frame = { baudRate: 4_000_000, dataBits: 8, stopBits: 1, parity: 'none' } as const
const never = new AbortController().signal

/** A line that can be unplugged and plugged in again under the same name, with a device on it. */
async function startLine(context: TestContext) {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  let pair: SerialPair | undefined
  let device: AsciiDevice | undefined
  const unplug = async () => {
    await device?.close()
    device = undefined
    await pair?.stop()
    pair = undefined
  }
  context.onTestFinished(async () => {
    await unplug()
    await remove()
  })
  const far: SerialSettings = { kind: 'serial', path: `${folder}/tty-b`, ...frame }
  return {
    near: { ...far, path: `${folder}/tty-a` },
    far,
    async lay() {
      return (pair ??= await startSerialPair(folder))
    },
    async plug(level: number) {
      pair ??= await startSerialPair(folder)
      device = await startAsciiDevice(far)
      device.level = level
      return device
    },
    unplug,
  }
}

function startMapper(context: TestContext) {
  const mapper = startFieldMapper(context, {}, serialDriver)
  const seen = () => ({
    state: mapper.state('meter'),
    twin: mapper.twin('meter'),
    why: mapper.why('meter'),
  })
  return {
    ...mapper,
    seen,
    put: (path: string, desired?: string) =>
      mapper.put(
        'meter',
        { path, baudRate: 4_000_000, recipeText: asciiRecipe },
        { level: { visitor: {}, ...(desired !== undefined && { desired }) } },
      ),
    isOk: (level: number) =>
      until(
        `ok with ${level}`,
        seen,
        ({ state, twin }) => state === 'ok' && twin === String(level),
        15_000,
      ),
  }
}

it('an instrument whose port is not there yet, in use, unplugged or plugged in again is found by itself', async (context) => {
  const line = await startLine(context)
  const mapper = startMapper(context)
  const { path } = line.near
  mapper.put(path)
  const missing = await until('offline', mapper.seen, ({ state }) => state === 'offline')
  expect(missing.why).toContain(`ENOENT: no such file or directory, realpath '${path}'`)

  await line.lay()
  const other = await createLines().open(line.near, never)
  await line.plug(1)
  await until('busy', mapper.seen, ({ why }) => why.includes('another process has it open'))
  await other.close()
  await mapper.isOk(1)

  for (const level of [2, 3]) {
    const before = await realpath(path)
    await line.unplug()
    await until('offline', mapper.seen, ({ state }) => state === 'offline')
    // Somebody takes the old terminal, so that the same name leads to another one afterwards.
    await occupy(before, context)
    await line.plug(level)
    expect(await realpath(path)).not.toBe(before)
    await mapper.isOk(level)
  }
})

/** Random bytes, always the same, that now and then look like the beginning of a frame. */
const noise = (length: number) => {
  const random = seededRandom(length)
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      const byte = random() < 0.2 ? 0x23 : random() * 256
      // Without an end.
      return byte === 0x0d ? 0 : byte
    }),
  )
}

it('noise, garbage, hurt answers and a frozen line never become a value, and pass', async (context) => {
  const line = await startLine(context)
  const pair = await line.lay()
  const device = await line.plug(1)
  const mapper = startMapper(context)
  mapper.put(line.near.path)
  await mapper.isOk(1)

  // A wrong speed leaves bytes, but no frames: whoever looks is told where to look.
  device.answer = () => noise(12)
  device.level = 2
  const garbled = await until('garbage', mapper.seen, ({ state }) => state === 'offline')
  expect([garbled.twin, garbled.why]).toEqual(['1', expect.stringMatching(/check baud rate/)])

  device.answer = (right) => Buffer.from(right.map((byte, at) => (at === 2 ? byte ^ 1 : byte)))
  const hurt = await until('hurt answers', mapper.seen, ({ state }) => state === 'unhealthy')
  expect([hurt.twin, hurt.why]).toEqual(['1', expect.stringMatching(/checksum/)])
  device.answer = (right) => Buffer.concat([noise(50), right])
  await mapper.isOk(2)
  device.answer = (right) => right

  // Noise without an end, 1 MB of it, is neither kept nor waited out.
  const rss = process.memoryUsage.rss()
  device.level = 3
  for (let sent = 0; sent < 1e6; sent += 4096) await device.say(noise(4096))
  expect(process.memoryUsage.rss() - rss).toBeLessThan(100e6)
  await mapper.isOk(3)

  // A converter that takes nothing and gives nothing for a while, and then all at once.
  pair.freeze()
  device.level = 4
  const frozen = await until('silence', mapper.seen, ({ state }) => state === 'offline')
  expect(frozen.twin).toBe('3')
  pair.thaw()
  await mapper.isOk(4)
  const reported = mapper.edge.reports.flatMap(({ twins }) => twins.map((twin) => twin.reported))
  expect([...new Set(reported)]).toEqual(['1', '2', '3', '4'])
})

it('what is wished is written once, acknowledged and read back', async (context) => {
  const line = await startLine(context)
  const device = await line.plug(1)
  const mapper = startMapper(context)
  mapper.put(line.near.path, '')
  await mapper.isOk(1)
  mapper.put(line.near.path, '7')
  await mapper.isOk(7)
  expect(device.level).toBe(7)
})

it('a dead device takes little of the time of its line, and its neighbour keeps its cycle', async (context) => {
  const line = await startLine(context)
  const device = await line.plug(1)
  const mapper = startFieldMapper(context, {}, serialDriver)
  const { path } = line.near
  const put = (name: string, address: number) =>
    mapper.put(
      name,
      { path, baudRate: 4_000_000, recipeText: addressed, address },
      { level: { visitor: {} } },
    )
  put('alive', 1)
  put('dead', 2)
  await until(
    'one is ok, the other offline',
    () => [mapper.state('alive'), mapper.state('dead')].join(),
    (seen) => seen === 'ok,offline',
  )
  const before = { asked: device.asked, strange: device.strange, at: performance.now() }
  await until(
    '150 more reads of the living one',
    () => device.asked,
    (asked) => asked >= before.asked + 150,
    20_000,
  )
  const probes = device.strange - before.strange
  const elapsedMs = performance.now() - before.at
  // A tenth of the time is for silence; one probe may be a debt of earlier time, and one may just be on its way.
  expect(probes * timeoutMs).toBeLessThan(elapsedMs / 10 + 2 * timeoutMs)
  expect([mapper.state('alive'), mapper.state('dead')]).toEqual(['ok', 'offline'])
})

const timeoutMs = 300
/** Only the device with address 1 is there: the request of another is none that it understands. */
const addressed = asciiRecipe
  .replaceAll('timeoutMs: 1000', `timeoutMs: ${timeoutMs}`)
  .replace('name:', 'params: { address: {} }\nname:')
  .replace('request: L,', "request: '{address}L',")
  .replaceAll("request: 'W", "request: '{address}W")
