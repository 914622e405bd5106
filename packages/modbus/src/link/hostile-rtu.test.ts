import { MapperError } from '@mapper-sdk/core'
import { ServerSerial, type IServiceVector } from 'modbus-serial'
import { afterEach, describe, expect, it } from 'vitest'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import type { ModbusLink } from './link.ts'
import { openSerial, type SerialOptions } from './line-link.ts'
import { ptyPair, type PtyPair } from './pty-pair.suite.ts'
import { createBank, serveRtu } from '../simulator/index.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
const options = () => ({ timeoutMs: 5000, signal: new AbortController().signal })
const serial = (path: string, more: Partial<SerialOptions> = {}): SerialOptions => ({
  path,
  baudRate: 115_200,
  dataBits: 8,
  stopBits: 1,
  parity: 'none',
  ...more,
})
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (thrown: unknown) =>
      thrown instanceof MapperError ? thrown.code : `foreign: ${String(thrown)}`,
  )

/** Runs on a pair of terminals, if there can be one. */
async function onLine(test: (pair: PtyPair) => Promise<void>, skip: () => void): Promise<void> {
  const pair = await ptyPair()
  if (pair === undefined) return skip()
  cleanUp.push(() => pair.unplug())
  await test(pair)
}
async function open(path: string, more: Partial<SerialOptions> = {}): Promise<ModbusLink> {
  const link = await openSerial(serial(path, more), new AbortController().signal)
  cleanUp.push(() => link.close())
  return link
}
async function simulate(path: string) {
  const bank = createBank({ units: [1, 2, 3] })
  const simulator = await serveRtu(bank, { path, baudRate: 115_200 })
  cleanUp.push(() => simulator.close())
  return { bank, simulator }
}

describe('a serial line', () => {
  it(
    `with a hostile device: no wrong value, nothing left over (HOSTILE_SEED=${seed})`,
    async ({ skip }) =>
      onLine(async ({ ends: [here, there] }) => {
        const { bank, simulator } = await simulate(there)
        const run: HostileRun = {
          bank,
          faults: simulator.faults,
          connect: () => openSerial(serial(here), new AbortController().signal),
          reads: 800,
          parallel: 2,
          perMille: 80,
          timeoutMs: 60,
          seed,
        }
        const result = await hostileRun(run)
        expectNoLies(run, result)
        expect(result.connects).toBe(1)
        expect(Object.keys(result.befell).length).toBeGreaterThan(12)
      }, skip),
    120_000,
  )

  it('reads and writes every table, and a unit that is not there is silent', async ({ skip }) =>
    onLine(async ({ ends: [here, there] }) => {
      const { bank } = await simulate(there)
      const link = await open(here, { rs485: true })
      bank.setRegister('input', 7, [1, 2, 3], 2)
      expect(await link.read(2, 'input', 7, 3, options())).toEqual({
        ok: true,
        data: Uint8Array.of(0, 1, 0, 2, 0, 3),
      })
      expect(await codeOf(link.read(9, 'input', 7, 3, { ...options(), timeoutMs: 30 }))).toBe(
        'timeout',
      )
      for (const multiple of [false, true]) {
        expect(
          (
            await link.writeRegisters(2, 5, Uint8Array.of(1, multiple ? 1 : 0), {
              ...options(),
              multiple,
            })
          ).ok,
        ).toBe(true)
        expect((await link.writeCoils(2, 5, [!multiple], { ...options(), multiple })).ok).toBe(true)
        expect(bank.getRegister('holding', 5, 2)).toBe(multiple ? 0x101 : 0x100)
        expect(bank.getBit('coil', 5, 2)).toBe(!multiple)
      }
      expect((await link.writeRegisters(0, 30, Uint8Array.of(0, 9), options())).ok).toBe(true)
      await expect
        .poll(() => [1, 2, 3].map((unit) => bank.getRegister('holding', 30, unit)))
        .toEqual([9, 9, 9])
      bank.hole('holding', 40, 50)
      expect(await link.read(1, 'holding', 44, 1, options())).toEqual({ ok: false, exception: 2 })
    }, skip))

  it('to a server of modbus-serial', async ({ skip }) =>
    onLine(async ({ ends: [here, there] }) => {
      const holding = Uint16Array.from({ length: 300 }, (_, at) => 3 * at)
      const vector: IServiceVector = {
        getHoldingRegister: (address: number) => Promise.resolve(holding[address] ?? 0),
        setRegister: (address: number, value: number) => {
          holding[address] = value
          return Promise.resolve()
        },
      }
      const server = new ServerSerial(vector, {
        path: there,
        baudRate: 115_200,
        unitID: 1,
        interval: 2,
      } as never)
      server.on('error', () => undefined)
      await new Promise((resolve) => server.once('initialized', resolve))
      cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
      const link = await open(here)
      for (let address = 0; address < 20; address++) {
        const answer = await link.read(1, 'holding', address, 2, options())
        expect(answer.ok && Buffer.from(answer.data).readUInt32BE(0)).toBe(
          3 * address * 65_536 + 3 * address + 3,
        )
      }
      expect((await link.writeRegisters(1, 8, Uint8Array.of(1, 2), options())).ok).toBe(true)
      expect((await link.writeRegisters(1, 9, Uint8Array.of(1, 2, 3, 4), options())).ok).toBe(true)
      expect([...holding.subarray(8, 11)]).toEqual([0x102, 0x102, 0x304])
    }, skip))

  it('that is unplugged fails its calls at once, and can be closed', async ({ skip }) =>
    onLine(async (pair) => {
      const link = await open(pair.ends[0])
      const calls = [1, 2].map((at) => codeOf(link.read(1, 'holding', at, 1, options())))
      await pair.unplug()
      expect(await Promise.all(calls)).toEqual(['unreachable', 'unreachable'])
      expect(link.failed?.code).toBe('unreachable')
      await Promise.all([link.close(), link.close()])
      expect(await codeOf(link.read(1, 'holding', 1, 1, options()))).toBe('unreachable')
    }, skip))

  it('that is unplugged while idle says so', async ({ skip }) =>
    onLine(async (pair) => {
      const link = await open(pair.ends[0])
      await pair.unplug()
      await expect.poll(() => link.failed?.code).toBe('unreachable')
      expect(await codeOf(open(pair.ends[0]))).toBe('unreachable')
    }, skip))

  it('can be closed and opened again, but not opened twice', async ({ skip }) =>
    onLine(async ({ ends: [here, there] }) => {
      const { bank } = await simulate(there)
      bank.setRegister('holding', 1, 11)
      for (let round = 0; round < 3; round++) {
        const link = await open(here)
        expect(await codeOf(open(here))).toBe('unreachable')
        const waiting = codeOf(link.read(9, 'holding', 1, 1, options()))
        await link.close()
        expect(await waiting).toBe('canceled')
      }
      const answer = await (await open(here)).read(1, 'holding', 1, 1, options())
      expect(answer).toEqual({ ok: true, data: Uint8Array.of(0, 11) })
    }, skip))
})

describe('what cannot be a serial line', () => {
  const refuse = (path: string, more: Partial<SerialOptions> = {}) =>
    codeOf(openSerial(serial(path, more), new AbortController().signal))
  it.each(['/etc/passwd', '/dev/null', '/dev/tty', '/dev/../etc/hostname', 'ttyS0', '', '/dev'])(
    '%s is refused',
    async (path) => expect(await refuse(path)).toBe('invalid_config'),
  )
  it('a path where nothing is yet may come later', async () => {
    expect(await refuse('/dev/ttyUSB_not_there')).toBe('unreachable')
  })
  it('nor can RTU do with 7 bits or without a baud rate', async () => {
    expect(await refuse('/dev/null', { dataBits: 7 })).toBe('invalid_config')
    expect(await refuse('/dev/null', { baudRate: NaN })).toBe('invalid_config')
  })
  it('an aborted signal opens nothing', async () => {
    expect(await codeOf(openSerial(serial('/dev/null'), AbortSignal.abort()))).toMatch(
      /canceled|invalid_config/,
    )
  })
})
