import { commandLine, modbusDriver } from '@mapper-sdk/modbus'
import { createBank, serveTcp, type FaultScript } from '@mapper-sdk/modbus/simulator'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { createTarget, type Target } from './target.ts'
import { write } from './write.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const modbus = { driver: modbusDriver, commandLine }
const options = { json: false, timeoutMs: 10_000 }
const isWrite = (functionCode: number) => [5, 6, 15, 16].includes(functionCode)

/** Counts the writes that reach the device, whatever becomes of them. */
async function simulated(faults?: FaultScript) {
  const bank = createBank({ units: [1] })
  bank.setRegister('holding', 10, 585)
  const seen = { writes: 0 }
  const simulator = await serveTcp(bank, {
    faults: (request) => {
      if (isWrite(request.functionCode)) seen.writes++
      return faults?.(request)
    },
  })
  cleanups.push(() => simulator.close())
  const target = (place: string, set: readonly string[] = []) =>
    createTarget(modbus, { where: `127.0.0.1:${simulator.port}`, set, places: [place] })
  return { bank, seen, target }
}

test('shows what was there and what is there now', async () => {
  const { bank, target, seen } = await simulated()
  const screen = fakeIo()
  expect(await write(target('10,type=int16,scale=0.1'), '61.5', options, screen.io)).toBe(true)
  expect(screen.lines()).toEqual([
    '10,type=int16,scale=0.1',
    '  before  58.5',
    '  wanted  61.5',
    '  after   61.5',
  ])
  expect([bank.getRegister('holding', 10), seen.writes]).toEqual([615, 1])
})

describe('values', () => {
  test.each<[place: string, text: string, after: unknown]>([
    ['10,type=uint16', '65535', 65_535],
    ['10,type=int16', '-5', -5],
    ['10,type=float32', '0.1', 0.1],
    ['10,type=float32', '3.14159265', 3.1415927],
    ['10,type=uint64', '18446744073709551615', '18446744073709551615'],
    ['10,type=string,length=3', 'on', 'on'],
    ['10,type=bytes,length=1', '00ff', '00ff'],
    ['10,type=uint16,map=0=off,1=on', 'on', 'on'],
    ['table=coil,address=3', 'on', true],
  ])('%s %s', async (place, text, after) => {
    const { target, seen } = await simulated()
    const screen = fakeIo()
    expect(await write(target(place), text, { ...options, json: true }, screen.io)).toBe(true)
    expect(screen.objects()).toEqual([expect.objectContaining({ place, after })])
    expect(seen.writes).toBe(1)
  })

  test.each<[place: string, text: string, message: string]>([
    ['10', '5', 'a value is written by its type; add it to the place, as in ,type=uint16'],
    ['10,type=uint16', 'much', 'is not a finite number'],
    ['10,type=bool', 'perhaps', 'is not a boolean'],
    ['10,type=uint16,map=0=off,1=on', 'up', 'is not in the map'],
  ])('%s %s is refused before anything is sent', async (place, text, message) => {
    const { target, seen } = await simulated()
    await expect(write(target(place), text, options, fakeIo().io)).rejects.toThrow(message)
    expect(seen.writes).toBe(0)
  })

  test('a value that the registers cannot hold is never sent', async () => {
    const { bank, target, seen } = await simulated()
    const screen = fakeIo()
    expect(await write(target('10,type=uint16'), '70000', options, screen.io)).toBe(false)
    expect(screen.err()).toContain('"70000" cannot be written: out of range for uint16')
    expect([bank.getRegister('holding', 10), seen.writes]).toEqual([585, 0])
  })

  test('a type that is told counts where nobody else knows', async () => {
    const { target } = await simulated()
    const { driver, protocol, items }: Target = target('10')
    const plain = { driver, protocol, items }
    const untold = write(plain, '5', options, fakeIo().io)
    await expect(untold).rejects.toThrow('add --type INT, DOUBLE, BOOLEAN, STRING or BYTES')
    expect(await write(plain, '5', { ...options, type: 'INT' }, fakeIo().io)).toBe(true)
  })
})

describe('a write is done once', () => {
  test('when the device does not answer it, which is told with what the device has then', async () => {
    for (const kind of ['silent', 'rst'] as const) {
      const { target, seen } = await simulated(({ functionCode }) =>
        isWrite(functionCode) ? { kind } : undefined,
      )
      const screen = fakeIo()
      const place = target('10,type=uint16', ['timeoutMs=500'])
      expect(await write(place, '7', options, screen.io)).toBe(false)
      expect(seen.writes).toBe(1)
      expect(screen.lines()).toContain('  before  585')
      // The simulated device does what it is asked for, and loses the answer.
      expect(screen.lines()).toContain('  after   7')
      expect(screen.err()).toContain('the device may have taken the value or not')
    }
  })

  test('when the device refuses it', async () => {
    const { bank, target, seen } = await simulated()
    bank.hole('holding', 20, 29)
    const refused = write(target('20,type=uint16'), '7', options, fakeIo().io)
    await expect(refused).rejects.toMatchObject({ code: 'rejected' })
    expect(seen.writes).toBe(1)
  })

  test('when the device says yes and keeps its value', async () => {
    const { bank, target, seen } = await simulated()
    bank.onWrite(() => bank.setRegister('holding', 10, 585))
    const screen = fakeIo()
    expect(await write(target('10,type=uint16'), '7', options, screen.io)).toBe(false)
    expect(screen.lines()).toContain('  after   585')
    expect(screen.err()).toContain('the device said yes, but the value was not read back')
    expect(seen.writes).toBe(1)
  })

  test('not at all when the device is silent from the start', async () => {
    const { target, seen } = await simulated(() => ({ kind: 'silent' }))
    const silent = write(target('10,type=uint16', ['timeoutMs=100']), '7', options, fakeIo().io)
    await expect(silent).rejects.toMatchObject({ code: 'timeout' })
    expect(seen.writes).toBe(0)
  })

  test('not at all when it is stopped before', async () => {
    const { target, seen } = await simulated()
    const screen = fakeIo()
    screen.stop()
    const stopped = write(target('10,type=uint16'), '7', options, screen.io)
    await expect(stopped).rejects.toMatchObject({ code: 'canceled' })
    expect(seen.writes).toBe(0)
  })
})

test('a place that cannot be read is written all the same', async () => {
  const { bank, target } = await simulated(({ functionCode }) =>
    functionCode === 3 ? { kind: 'exception', code: 2 } : undefined,
  )
  const screen = fakeIo()
  expect(await write(target('10,type=uint16'), '7', options, screen.io)).toBe(false)
  expect(bank.getRegister('holding', 10)).toBe(7)
  expect(screen.lines()[1]).toContain('before  – [rejected]')
  expect(screen.err()).toContain('was not read back')
})
