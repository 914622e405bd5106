import { commandLine, modbusDriver } from '@mapper-sdk/modbus'
import { createBank, serveTcp, type FaultScript } from '@mapper-sdk/modbus/simulator'
import { afterEach, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { read, type ReadOptions } from './read.ts'
import { createTarget } from './target.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const once: ReadOptions = { json: false, raw: false, identify: false, timeoutMs: 10_000 }
const modbus = { driver: modbusDriver, commandLine }

async function simulated(faults?: FaultScript) {
  const bank = createBank({ units: [3] })
  bank.setRegister('holding', 0, [0x4276, 0, 585], 3)
  bank.setRegister('holding', 10, [0xffff, 0xffff, 0xffff, 0xffff], 3)
  bank.setRegister('holding', 20, 1, 3)
  bank.setBit('coil', 1, true, 3)
  bank.hole('holding', 50, 99)
  const simulator = await serveTcp(bank, faults === undefined ? {} : { faults })
  cleanups.push(() => simulator.close())
  const { port } = simulator
  const target = (...places: string[]) =>
    createTarget(modbus, { where: `127.0.0.1:${port},unit=3`, places })
  return { bank, simulator, target }
}

test('prints a table of the places', async () => {
  const { target } = await simulated()
  const screen = fakeIo()
  const places = ['0,type=float32', '2,scale=0.1', 'table=coil,address=1', '10,type=uint64']
  expect(await read(target(...places, '20,map=0=off,1=on'), once, screen.io)).toBe(true)
  expect(screen.lines()).toEqual([
    '0,type=float32        61.5',
    '2,scale=0.1           58.5',
    'table=coil,address=1  true',
    '10,type=uint64        18446744073709551615',
    '20,map=0=off,1=on     on',
  ])
})

test('shows the registers as they are, out of the same answer', async () => {
  const { target, simulator } = await simulated()
  const screen = fakeIo()
  const places = ['0,type=float32', '2,scale=0.1', 'table=coil,address=1']
  expect(await read(target(...places), { ...once, raw: true }, screen.io)).toBe(true)
  expect(screen.lines()).toEqual([
    '0,type=float32        61.5  0x4276 0x0000',
    '2,scale=0.1           58.5  0x0249',
    'table=coil,address=1  true',
  ])
  expect(simulator.requests).toBe(2)
})

test('a place that fails is told, and spoils no other', async () => {
  const { target } = await simulated()
  const screen = fakeIo()
  expect(await read(target('2', '50'), once, screen.io)).toBe(false)
  expect(screen.lines()).toEqual([
    '2   585',
    '50  – [rejected] unit 3: reading holding 50 (function 3): exception 2, illegal data address',
  ])
})

test('prints one object a line', async () => {
  const { target } = await simulated()
  const screen = fakeIo()
  const places = ['2,scale=0.1', '10,type=uint64', 'table=coil,address=1', '50']
  await read(target(...places), { ...once, json: true, raw: true }, screen.io)
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string
  expect(screen.lines().map((line) => JSON.parse(line) as unknown)).toEqual([
    { place: '2,scale=0.1', at, value: 58.5, raw: ['0x0249'] },
    { place: '10,type=uint64', at, value: '18446744073709551615', raw: Array(4).fill('0xffff') },
    { place: 'table=coil,address=1', at, value: true },
    {
      ...{ place: '50', at },
      error: { code: 'rejected', message: expect.stringContaining('exception 2') as string },
    },
  ])
})

test('watches until it is stopped, and says then how it stood', async () => {
  const { target, bank } = await simulated()
  const screen = fakeIo()
  screen.onWrite(() => {
    bank.setRegister('holding', 2, bank.getRegister('holding', 2, 3) + 1, 3)
    if (screen.lines().length === 3) screen.stop()
  })
  expect(await read(target('2'), { ...once, watchMs: 1 }, screen.io)).toBe(true)
  expect(screen.lines().map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''))).toEqual([
    ...['2  585', '2  586', '2  587'],
  ])
})

test('while watching, a lost connection is made anew and told once', async () => {
  const { target, simulator } = await simulated(({ index }) =>
    index >= 1 && index <= 3 ? { kind: 'rst' } : undefined,
  )
  const screen = fakeIo()
  screen.onWrite(() => void (screen.lines().length === 3 && screen.stop()))
  expect(await read(target('2'), { ...once, json: true, watchMs: 1 }, screen.io)).toBe(true)
  expect(screen.lines()).toHaveLength(3)
  expect(screen.err().trim().split('\n')).toEqual([expect.stringContaining('[unreachable]')])
  expect(simulator.requests).toBe(6)
})

test('a device that is not there is an error, once', async () => {
  const { target, simulator } = await simulated()
  const gone = target('2')
  await simulator.close()
  await expect(read(gone, once, fakeIo().io)).rejects.toMatchObject({ code: 'unreachable' })
})

test('a device says who it is, first', async () => {
  const { target, bank } = await simulated()
  const identity = new Map([
    [0, 'ACME'],
    [0x80, 'hall 7'],
  ])
  bank.identify({ objects: identity }, 3)
  const screen = fakeIo()
  expect(await read(target('2'), { ...once, identify: true }, screen.io)).toBe(true)
  expect(screen.lines()).toEqual(['vendor: ACME', 'object 0x80: hall 7', '2  585'])
  const other = fakeIo()
  expect(await read(target(), { ...once, identify: true, json: true }, other.io)).toBe(true)
  expect(other.objects()).toEqual([{ identity: { vendor: 'ACME', 'object 0x80': 'hall 7' } }])
})

test('a device that does not say who it is is no error beside its values', async () => {
  const { target } = await simulated()
  const screen = fakeIo()
  expect(await read(target('2'), { ...once, identify: true }, screen.io)).toBe(true)
  expect([screen.lines(), screen.err()]).toEqual([
    ['2  585'],
    'the device does not say who it is\n',
  ])
  expect(await read(target(), { ...once, identify: true }, fakeIo().io)).toBe(false)
})

test('a driver that cannot identify a device says so', async () => {
  const { target } = await simulated()
  const { driver, protocol, items } = target('2')
  const plain = { driver, protocol, items }
  await expect(read(plain, { ...once, identify: true }, fakeIo().io)).rejects.toThrow(
    'the driver modbus cannot ask a device who it is',
  )
})

test('a text of a device moves no cursor and sets no title', async () => {
  const { bank, target } = await simulated()
  const text = '\u001b]0;owned\u0007\u001b[2J'
  const words = [...Buffer.from(text.padEnd(14, ' ')).toString('hex').matchAll(/.{4}/g)]
  bank.setRegister(
    'holding',
    30,
    words.map(([word]) => Number.parseInt(word, 16)),
    3,
  )
  const screen = fakeIo()
  expect(await read(target('30,type=string,length=7'), once, screen.io)).toBe(true)
  expect(screen.out()).toContain('?]0;owned??[2J')
  expect(screen.out()).not.toContain('\u001b')
})
