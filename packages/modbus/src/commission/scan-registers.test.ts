import type { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import type { Table } from '../link/link.ts'
import { connectTcp } from '../link/tcp-link.ts'
import { createBank, serveTcp, type FaultScript } from '../simulator/index.ts'
import { scanRegisters, type RegisterScan } from './scan-registers.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const never = new AbortController().signal
type Where = Parameters<typeof connectTcp>[0]

async function device(holes: readonly (readonly [Table, number, number])[], faults?: FaultScript) {
  const bank = createBank({ units: [1] })
  for (const [table, from, to] of holes) bank.hole(table, from, to)
  const simulator = await serveTcp(bank, faults === undefined ? {} : { faults })
  cleanUp.push(() => simulator.close())
  return { simulator, where: { host: '127.0.0.1', port: simulator.port, connectTimeoutMs: 5000 } }
}

async function scan(where: Where, more: Partial<RegisterScan<Where>> = {}) {
  const ranges: string[] = []
  const missing: Table[] = []
  const ended = scanRegisters({
    ...{ where, open: connectTcp, unit: 1, tables: ['holding'], from: 0, to: 499, step: 10 },
    ...{ mostRegisters: 125, mostBits: 2000, timeoutMs: 5000, signal: never },
    onRange: (table, { from, to }, complete) =>
      void ranges.push(`${table} ${from}…${to}${complete ? '' : ' …'}`),
    onMissing: (table) => void missing.push(table),
    ...more,
  })
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown as MapperError,
  )
  return { ranges, missing, error }
}

it('finds the ranges of every table, and which tables there are not', async () => {
  const { where } = await device(
    [
      ['holding', 0, 99],
      ['holding', 150, 199],
      ['holding', 400, 0xffff],
      ['coil', 16, 0xffff],
      ['discrete', 0, 0xffff],
    ],
    ({ functionCode }) => (functionCode === 4 ? { kind: 'exception', code: 1 } : undefined),
  )
  const tables = ['coil', 'discrete', 'input', 'holding'] as const
  expect(await scan(where, { tables })).toEqual({
    ranges: ['coil 0…15', 'holding 100…149', 'holding 200…399'],
    missing: ['input'],
    error: undefined,
  })
})

it('finds the ranges of any map over a real connection', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(299), fc.integer({ min: 0, max: 40 })), { maxLength: 5 }),
      fc.integer({ min: 2, max: 125 }),
      async (holes, most) => {
        const { where } = await device(
          holes.map(([from, more]) => ['holding', from, from + more] as const),
          ({ count }) => (count > most ? { kind: 'exception', code: 3 } : undefined),
        )
        const isHole = (at: number) => holes.some(([from, more]) => from <= at && at <= from + more)
        const expected: [number, number][] = []
        for (let at = 0; at < 300; at++) {
          const last = expected.at(-1)
          if (isHole(at)) continue
          if (last !== undefined && last[1] === at - 1) last[1] = at
          else expected.push([at, at])
        }
        const { ranges, error } = await scan(where, { to: 299, step: 1 })
        expect(error).toBeUndefined()
        expect(ranges).toEqual(expected.map(([from, to]) => `holding ${from}…${to}`))
      },
    ),
    { numRuns: 15 },
  )
})

it.each([0, 1])(
  'finds values of two registers that are answered only whole, from %i on',
  async (from) => {
    const { where } = await device([['holding', 60 + from, 0xffff]], ({ address, count }) =>
      (address - from) % 2 === 0 && count % 2 === 0 ? undefined : { kind: 'exception', code: 2 },
    )
    expect((await scan(where, { from, width: 2 })).ranges).toEqual([`holding ${from}…${59 + from}`])
    expect((await scan(where, { from })).ranges).toEqual([])
  },
)

it('takes silence for a refusal, and opens the connection again', async () => {
  const { where } = await device([], ({ address, count }) =>
    address < 10 || address + count > 20 ? { kind: 'silent' } : undefined,
  )
  const { ranges, error } = await scan(where, { to: 30, timeoutMs: 400 })
  expect(error).toBeUndefined()
  expect(ranges).toEqual(['holding 10…19'])
})

it('is patient with a device that is busy, and with a connection that is cut', async () => {
  let strange = 0
  const { where } = await device([['holding', 20, 0xffff]], ({ index }) => {
    strange = index % 5
    if (strange === 1) return { kind: 'exception', code: 6 }
    return strange === 3 ? { kind: 'fin' } : undefined
  })
  const { ranges, error } = await scan(where, { to: 99 })
  expect(error).toBeUndefined()
  expect(ranges).toEqual(['holding 0…19'])
})

it('ends when the device never answers, or no longer does', async () => {
  const dead = await device([], () => ({ kind: 'silent' }))
  const nothing = await scan(dead.where, { timeoutMs: 20 })
  expect([nothing.ranges, nothing.error?.code]).toEqual([[], 'timeout'])

  const dying = await device([['holding', 20, 0xffff]], ({ index }) =>
    index > 12 ? { kind: 'silent' } : undefined,
  )
  const some = await scan(dying.where, { timeoutMs: 400 })
  expect([some.ranges, some.error?.code]).toEqual([['holding 0…19'], 'timeout'])
  expect(dying.simulator.requests).toBeLessThan(60)
})

it('says what is wrong with a unit that a gateway does not reach', async () => {
  const { where } = await device([])
  const { error } = await scan(where, { unit: 2, to: 999 })
  expect(error?.code).toBe('timeout')
})

it('keeps what it measured when it is stopped', async () => {
  const stop = new AbortController()
  const { where } = await device([['holding', 0, 9]], ({ index }) => {
    if (index === 4) stop.abort()
    return undefined
  })
  const { ranges, error } = await scan(where, { signal: stop.signal })
  expect(error?.code).toBe('canceled')
  expect(ranges).toEqual([expect.stringMatching(/^holding 10…\d+ …$/)])
})
