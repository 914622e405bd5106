import { createDriverConfig } from '@mapper-sdk/core'
import { commandLine, modbusDriver, normalize, type ModbusProtocol } from '@mapper-sdk/modbus'
import { createBank, serveTcp, type FaultScript } from '@mapper-sdk/modbus/simulator'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { scanForRanges, scanForUnits, whereText } from './modbus-scan.ts'
import { checkProtocol, rawProtocol } from './target.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const config = createDriverConfig(modbusDriver)
const rawOf = (where: string) => rawProtocol({ driver: modbusDriver, commandLine }, where)
const protocolOf = (where: string): ModbusProtocol => checkProtocol(config, rawOf(where), where)
const wordsOf = (where: string) => normalize(rawOf(where), 'protocol')

async function simulated(units: readonly number[], faults?: FaultScript) {
  const bank = createBank({ units })
  const simulator = await serveTcp(bank, faults === undefined ? {} : { faults })
  cleanups.push(() => simulator.close())
  const place = `127.0.0.1:${simulator.port}`
  return { bank, place, protocol: protocolOf(place), words: wordsOf(place) }
}
const search = { choice: {}, timeoutMs: 5000, identify: false, json: false }

describe('units', () => {
  test('are printed as mapper read takes them', async () => {
    const { bank, place, protocol, words } = await simulated([2, 40])
    bank.hole('holding', 0, 0, 40)
    const screen = fakeIo()
    const units = [1, 2, 3, 40]
    expect(await scanForUnits({ ...search, protocol, words, units }, screen.io)).toBe(2)
    expect(screen.lines()).toEqual([
      `${place},unit=2  answers`,
      `${place},unit=40  answers, with exception 2`,
    ])
    expect(protocolOf(screen.lines()[0]?.split(' ')[0] ?? '').unit).toBe(2)
    expect(screen.err()).toBe('up to 4 questions, 1 min at most; Ctrl-C stops\n')
  })

  test('are one object a line', async () => {
    const { place, protocol, words } = await simulated([2])
    const screen = fakeIo()
    await scanForUnits({ ...search, protocol, words, units: [1, 2], json: true }, screen.io)
    expect(screen.objects()).toEqual([{ where: `${place},unit=2`, unit: 2 }])
  })

  test('say who they are, if they are asked', async () => {
    const { bank, place, protocol, words } = await simulated([2, 3])
    const objects = new Map([
      [0, 'ACME'],
      [1, 'PM-100'],
      [0x80, 'hall 7'],
    ])
    bank.identify({ objects, serverId: 'meter' }, 2)
    const screen = fakeIo()
    const asked = { ...search, protocol, words, units: [2, 3], identify: true }
    await scanForUnits(asked, screen.io)
    expect(screen.lines()).toEqual([
      `${place},unit=2  answers: vendor ACME, product PM-100, serverId meter, running true`,
      `${place},unit=3  answers: does not say who it is`,
    ])
    const other = fakeIo()
    await scanForUnits({ ...asked, json: true }, other.io)
    expect(other.objects()).toMatchObject([
      { unit: 2, identity: { vendor: 'ACME', product: 'PM-100' } },
      { unit: 3, identity: {} },
    ])
  })

  test('that do not matter are told', async () => {
    const { protocol, words } = await simulated(Array.from({ length: 255 }, (_, at) => at + 1))
    const screen = fakeIo()
    expect(await scanForUnits({ ...search, protocol, words, units: [1, 2, 3] }, screen.io)).toBe(3)
    expect(screen.err()).toContain('the device does not look at it')
  })

  test('that are not there are told, with what came instead', async () => {
    const { protocol, words } = await simulated([1], () => ({ kind: 'wrong-function' }))
    const screen = fakeIo()
    expect(await scanForUnits({ ...search, protocol, words, units: [1] }, screen.io)).toBe(0)
    expect(screen.err()).toContain('no unit answered\nbut something was there that is no answer')
  })

  test('found until it is stopped stay found', async () => {
    const { place, protocol, words } = await simulated([1, 2])
    const screen = fakeIo()
    screen.onWrite(screen.stop)
    expect(await scanForUnits({ ...search, protocol, words, units: [1, 2] }, screen.io)).toBe(1)
    expect(screen.lines()).toEqual([`${place},unit=1  answers`])
    expect(screen.err()).toContain('stopped before the end')
  })
})

describe('ranges', () => {
  const range = { from: 0, to: 199, step: 10, width: 1, timeoutMs: 5000, json: false }

  test('are printed by table', async () => {
    const { bank, protocol } = await simulated([1], ({ functionCode }) =>
      functionCode === 4 ? { kind: 'exception', code: 1 } : undefined,
    )
    bank.hole('holding', 20, 99)
    bank.hole('holding', 150, 999)
    const screen = fakeIo()
    const tables = ['holding', 'input'] as const
    expect(await scanForRanges({ ...range, protocol, tables }, screen.io)).toBe(2)
    expect(screen.lines()).toEqual(['holding   0 to 19  (20)', 'holding   100 to 149  (50)'])
    expect(screen.err()).toContain('input: the device does not know this table')
  })

  test('are one object a line, also when it is stopped', async () => {
    const { bank, protocol } = await simulated([1])
    bank.hole('holding', 20, 29)
    const screen = fakeIo()
    screen.onWrite(screen.stop)
    const tables = ['holding'] as const
    expect(await scanForRanges({ ...range, json: true, protocol, tables }, screen.io)).toBe(1)
    expect(screen.objects()).toEqual([{ table: 'holding', from: 0, to: 19, complete: true }])
  })

  test('that are not there are told', async () => {
    const { bank, protocol } = await simulated([1])
    bank.hole('holding', 0, 999)
    const screen = fakeIo()
    const tables = ['holding'] as const
    expect(await scanForRanges({ ...range, protocol, tables }, screen.io)).toBe(0)
    expect(screen.err()).toContain('no address that was tried can be read (some devices')
  })
})

test.each([
  ['192.0.2.7:1502,unit=4', '192.0.2.7:1502,unit=9'],
  ['tcp://[2001:db8::1]:502?unit=4', '[2001:db8::1]:502,unit=9'],
  ['host=plc.example,maxGap=0', 'plc.example,maxGap=0,unit=9'],
  ['udp://192.0.2.7', 'udp://192.0.2.7,unit=9'],
  ['rtu-over-tcp://192.0.2.7:4001', 'rtu-over-tcp://192.0.2.7:4001,unit=9'],
  ['tls://192.0.2.7', '192.0.2.7:802,tls=true,unit=9'],
])('%s is named so that it can be read again', (given, named) => {
  expect(whereText(wordsOf(given), 9)).toBe(named)
  expect(protocolOf(named)).toEqual({ ...protocolOf(given), unit: 9 })
})

test('a serial line is named with what was found', () => {
  const line = { baudRate: 19_200, dataBits: 8, parity: 'even', stopBits: 2 } as const
  const named = whereText(wordsOf('/dev/ttyS9,rs485=true,baudRate=9600'), 9, line)
  expect(named).toBe('/dev/ttyS9,rs485=true,baudRate=19200,parity=even,stopBits=2,unit=9')
  expect(protocolOf(named)).toMatchObject({ path: '/dev/ttyS9', rs485: true, ...line, unit: 9 })
  const ascii = whereText(wordsOf('ascii:///dev/ttyS9'), 9, { ...line, dataBits: 7 })
  expect(ascii).toBe('ascii:///dev/ttyS9,dataBits=7,baudRate=19200,parity=even,stopBits=2,unit=9')
  expect(protocolOf(ascii)).toMatchObject({ transport: 'ascii', ...line, dataBits: 7 })
})
