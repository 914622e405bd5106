import { commandLine, modbusDriver } from '@mapper-sdk/modbus'
import { createBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { expectationOf, printGuesses, sampleOf, sampleOfHex } from './modbus-guess.ts'
import { createTarget } from './target.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function simulated() {
  const bank = createBank({ units: [1] })
  bank.setRegister('holding', 99, [0x6666, 0x4367, 2314])
  const simulator = await serveTcp(bank)
  cleanups.push(() => simulator.close())
  const target = (place: string) =>
    createTarget(
      { driver: modbusDriver, commandLine },
      { where: `127.0.0.1:${simulator.port}`, places: [place] },
    )
  return { bank, simulator, target }
}
const flags = { json: false, most: 10 }
const volts = expectationOf('231.4')
const around = (addresses: number) => ({ around: addresses, timeoutMs: 5000 })

describe('registers of a device', () => {
  test('are read around the place', async () => {
    const { target } = await simulated()
    const screen = fakeIo()
    const sample = await sampleOf(target('100'), volts, around(1), screen.io)
    expect([...sample.registers.keys()]).toEqual([-1, 0, 1, 2, 3, 4])
    expect(printGuesses(sample, volts, { ...flags, most: 2 }, screen.io)).toBe(4)
    expect(screen.lines()).toEqual([
      'holding:99,type=float32,wordOrder=little  231.4',
      'holding:101,type=uint16,scale=0.1         231.4  (also type=int16)',
    ])
  })

  test('are read in pairs where a device answers whole values only', async () => {
    const { simulator, target } = await simulated()
    simulator.faults(({ address, count }) =>
      address % 2 === 1 && count % 2 === 0 ? undefined : { kind: 'exception', code: 2 },
    )
    const screen = fakeIo()
    const sample = await sampleOf(target('99'), volts, around(2), screen.io)
    expect([...sample.registers.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3, 4, 5])
    printGuesses(sample, volts, { ...flags, most: 1 }, screen.io)
    expect(screen.lines()).toEqual(['holding:99,type=float32,wordOrder=little  231.4'])
  })

  test('that cannot be read are left out', async () => {
    const { bank, target } = await simulated()
    bank.hole('holding', 102, 999)
    const screen = fakeIo()
    const sample = await sampleOf(target('100'), volts, around(1), screen.io)
    expect([...sample.registers.keys()]).toEqual([-1, 0, 1])
    bank.hole('holding', 100, 100)
    await expect(sampleOf(target('100'), volts, around(1), screen.io)).rejects.toMatchObject({
      code: 'rejected',
    })
  })

  test('end where the table ends', async () => {
    const { target } = await simulated()
    const sample = await sampleOf(target('65535'), volts, around(3), fakeIo().io)
    expect([...sample.registers.keys()]).toEqual([-3, -2, -1, 0])
    expect(
      [...(await sampleOf(target('0'), volts, around(3), fakeIo().io)).registers.keys()][0],
    ).toBe(0)
  })

  test('are as many as a text takes', async () => {
    const { bank, target } = await simulated()
    bank.setRegister('holding', 200, 0x5058)
    const long = expectationOf('PX-7041-B/2026')
    const sample = await sampleOf(target('200'), long, around(0), fakeIo().io)
    expect(sample.registers.size).toBe(7)
  })

  test('are not bits', async () => {
    const { target } = await simulated()
    await expect(
      sampleOf(target('table=coil,address=1'), volts, around(1), fakeIo().io),
    ).rejects.toThrow('a coil is one bit')
  })
})

describe('registers as hex', () => {
  test.each(['4367 6666', '0x4367,0x6666', '43676666'])('%s', (text) => {
    const screen = fakeIo()
    expect(printGuesses(sampleOfHex(text), volts, { ...flags, json: true }, screen.io)).toBe(1)
    expect(screen.objects()).toEqual([
      { place: 'holding:0,type=float32', value: 231.4, off: 0, shift: 0, alike: [] },
    ])
  })

  test.each(['', '436', '4367 66', 'pump'])('%j is refused', (text) => {
    expect(() => sampleOfHex(text)).toThrow('write four hex digits a register')
  })
})

describe('what is expected', () => {
  const guess = (expected: string, tolerance?: string) => {
    const screen = fakeIo()
    const expectation = expectationOf(expected, tolerance)
    printGuesses(sampleOfHex('0903'), expectation, flags, screen.io)
    return screen
  }

  test('is rounded as it is written', () => {
    // 2307 in the register.
    expect(guess('230.7').lines()).toEqual([expect.stringContaining('scale=0.1')])
    expect(guess('231').lines()).toEqual([expect.stringContaining('scale=0.1')])
    expect(guess('230').out()).toBe('')
    expect(guess('230', '1').lines()).toEqual([expect.stringContaining('scale=0.1')])
    expect(guess('230', '1%').lines()).toEqual([expect.stringContaining('scale=0.1')])
    expect(() => guess('230', 'little')).toThrow('--tolerance little: write 0.5 or 1%')
  })

  test('that is not there is told with what is', () => {
    expect(guess('17').err()).toBe('nothing gives 17; the registers hold 0x0903\n')
  })

  test('may be a text', () => {
    const screen = fakeIo()
    printGuesses(sampleOfHex('5058 2d37'), expectationOf('PX-7'), flags, screen.io)
    expect(screen.lines()).toEqual(['holding:0,type=string,length=2  PX-7'])
  })

  test('and more guesses than are shown are counted', () => {
    const screen = fakeIo()
    const sample = sampleOfHex('0001 0001 0001 0001 0001')
    const found = printGuesses(sample, expectationOf('1'), { ...flags, most: 2 }, screen.io)
    expect(found).toBeGreaterThan(2)
    expect(screen.lines()).toHaveLength(2)
    expect(screen.err()).toBe(`${found - 2} more: --most\n`)
  })
})
