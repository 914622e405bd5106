import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { widths } from '../data/types.ts'
import { connect, protocolOf, signal, startDevice, visitor } from '../driver.suite.ts'
import type { Table } from '../link/link.ts'

interface Meter {
  readonly name: string
  readonly table: Table
  readonly measurands: readonly {
    readonly name: string
    readonly address: number
    readonly type: keyof typeof widths & ValueType
    readonly words: number
  }[]
}

const folder = new URL('../../../../test/fixtures/meters/', import.meta.url)
const meters = readdirSync(folder).map(
  (file) => [file, parse(readFileSync(new URL(file, folder), 'utf8')) as Meter] as const,
)

const visitorsOf = ({ table, measurands }: Meter): ModbusVisitor[] =>
  measurands.map(({ address, type }) => visitor(address, { table, type }))

/** The requests of a cycle for the meter, through the driver and over the wire. */
async function requestsOf(meter: Meter, maxGap = 16) {
  const { port, asked } = await startDevice()
  const protocol = protocolOf(port, { maxGap })
  const connection = await connect(protocol)
  const outcomes = await connection.read(protocol, visitorsOf(meter), signal)
  // What holds an odd pattern of bits is no float, and still was read.
  expect(outcomes.filter((one) => !one.ok && one.error.code !== 'bad_data')).toEqual([])
  return asked()
}

describe('real meters', () => {
  it.each(meters)('%s is a map of whole values with names of their own', (_, meter) => {
    const { measurands } = meter
    expect(measurands.length).toBeGreaterThanOrEqual(30)
    expect(new Set(measurands.map(({ name }) => name)).size).toBe(measurands.length)
    for (const { type, words } of measurands) expect(words).toBe(widths[type])
    const sorted = [...measurands].sort((a, b) => a.address - b.address)
    sorted.slice(1).forEach(({ address }, index) => {
      const before = sorted[index]
      expect(address).toBeGreaterThanOrEqual((before?.address ?? 0) + (before?.words ?? 0))
    })
  })

  it.each([
    ['sunspec-103.yaml', ['40072+42']],
    ['eastron-sdm630.yaml', ['0+88', '200+46', '342+16']],
    ['schneider-pm5xxx.yaml', ['2999+86', '3109+2', '3203+40', '21299+28']],
  ])('%s takes %j', async (file, requests) => {
    const meter = meters.find(([name]) => name === file)?.[1]
    if (meter === undefined) throw new Error(`no ${file}`)
    expect(await requestsOf(meter)).toEqual(requests)
    expect((await requestsOf(meter, 0)).length).toBeGreaterThan(requests.length)
  })
})
