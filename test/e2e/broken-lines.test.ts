import { createLines, type Line } from '@mapper-sdk/core/line'
import { createBank, serveRtu } from '@mapper-sdk/modbus/simulator'
import { expect, it, type TestContext } from 'vitest'
import { startFieldMapper } from '../support/field-mapper.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair, type SerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'

const baudRate = 115_200
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
  const pair = await line.lay()
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
    await line.unplug()
    await isOffline()
    line.set(level)
    await line.plug()
    await isOk(level)
  }
  expect(pair.ends[0]).toBe(line.path)
})
