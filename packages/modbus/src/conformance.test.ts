import { conformance, type GoodPlace, type Rig } from '@mapper-sdk/core/conformance'
import type { Value } from '@mapper-sdk/core'
import { describe, expect, test } from 'vitest'
import { connect, protocolOf, startDevice } from './driver.suite.ts'
import { modbusDriver } from './driver.ts'
import { createBank, serveTcp } from './simulator/index.ts'

/** A place and how its value lies in the registers. */
interface Stored extends GoodPlace {
  readonly address: number
  readonly bytes: number
  readonly put: (view: DataView, value: Value) => void
  readonly take: (view: DataView) => Value
}

const bytesOf = ({ buffer }: DataView) => new Uint8Array(buffer)
const fill = (view: DataView, bytes: Uint8Array) => bytesOf(view).set(bytes)

const stored: readonly [Stored, ...Stored[]] = [
  {
    ...{ visitor: { address: 0, type: 'uint16' }, type: 'INT', address: 0, bytes: 2 },
    ...{ value: 1500, others: [0, 65_535], refuses: [65_536, -1, NaN] },
    put: (view, value) => view.setUint16(0, Number(value)),
    take: (view) => view.getUint16(0),
  },
  {
    ...{ visitor: { address: 1, type: 'int16' }, type: 'INT', address: 1, bytes: 2 },
    ...{ value: -5, others: [-32_768, 32_767], refuses: [32_768, -32_769] },
    put: (view, value) => view.setInt16(0, Number(value)),
    take: (view) => view.getInt16(0),
  },
  {
    ...{ visitor: { address: 8, type: 'int32' }, type: 'INT', address: 8, bytes: 4 },
    ...{ value: 70_000, others: [-(2 ** 31), 2 ** 31 - 1], refuses: [2 ** 31] },
    put: (view, value) => view.setInt32(0, Number(value)),
    take: (view) => view.getInt32(0),
  },
  {
    ...{ visitor: { address: 10, type: 'uint32' }, type: 'INT', address: 10, bytes: 4 },
    ...{ value: 2 ** 31, others: [0, 2 ** 32 - 1], refuses: [2 ** 32, -1] },
    put: (view, value) => view.setUint32(0, Number(value)),
    take: (view) => view.getUint32(0),
  },
  {
    ...{ visitor: { address: 12, bit: 3 }, type: 'BOOLEAN', address: 12, bytes: 2 },
    ...{ value: true, others: [false, true] },
    put: (view, value) => view.setUint16(0, value === true ? 0b1000 : 0),
    take: (view) => view.getUint16(0) === 0b1000,
  },
  {
    ...{ visitor: { address: 2, type: 'int64' }, type: 'INT', address: 2, bytes: 8 },
    ...{ value: 2n ** 53n + 1n, others: [-(2n ** 63n), 2n ** 63n - 1n] },
    put: (view, value) => view.setBigInt64(0, BigInt(value as bigint)),
    take: (view) => view.getBigInt64(0),
  },
  {
    ...{ visitor: { address: 100, type: 'float64' }, type: 'DOUBLE', address: 100, bytes: 8 },
    ...{ value: 21.5, others: [Number.MAX_VALUE, 5e-324], unreadable: [NaN, Infinity] },
    put: (view, value) => view.setFloat64(0, Number(value)),
    take: (view) => view.getFloat64(0),
  },
  {
    ...{ visitor: { address: 104, type: 'float32' }, type: 'FLOAT', address: 104, bytes: 4 },
    ...{ value: -0.25, others: [-(2 ** 127), 2 ** -149], refuses: [1e39], unreadable: [NaN] },
    put: (view, value) => view.setFloat32(0, Number(value)),
    take: (view) => view.getFloat32(0),
  },
  {
    visitor: { address: 200, type: 'string', length: 10 },
    ...{ type: 'STRING', address: 200, bytes: 20 },
    ...{ value: 'pump 1', others: ['', 'Grüße, 世界', 'x'.repeat(20)], refuses: ['x'.repeat(21)] },
    put: (view, value) => (bytesOf(view).fill(0), fill(view, Buffer.from(value as string))),
    take: (view) => Buffer.from(bytesOf(view)).toString().replace(/\0.*$/, ''),
  },
  {
    visitor: { address: 300, type: 'bytes', length: 2 },
    ...{ type: 'BYTES', address: 300, bytes: 4, value: Uint8Array.of(0, 1, 254, 255) },
    others: [Uint8Array.of(9, 8, 7, 6), Uint8Array.of(0, 0, 0, 0)],
    put: (view, value) => fill(view, value as Uint8Array),
    take: (view) => bytesOf(view).slice(),
  },
]

async function makeRig(): Promise<Rig> {
  const bank = createBank()
  const words = (at: Stored, unit: number) => bank.view('holding', at.address, at.bytes / 2, unit)
  const poke = (at: Stored, value: Value, unit = 1) => {
    const view = new DataView(new ArrayBuffer(at.bytes))
    at.put(view, value)
    words(at, unit).forEach((_, i, all) => void (all[i] = view.getUint16(2 * i)))
  }
  const peek = (at: Stored) => {
    const view = new DataView(new ArrayBuffer(at.bytes))
    words(at, 1).forEach((word, i) => view.setUint16(2 * i, word))
    return at.take(view)
  }
  for (const unit of [1, 2]) for (const at of stored) poke(at, at.value, unit)
  poke(stored[0], 7, 2)
  bank.hole('holding', 900, 900)
  bank.protect('holding', 800, 800)

  let simulator = await serveTcp(bank)
  let earlier = 0
  const { port } = simulator
  const protocol = { host: '127.0.0.1', port }
  return {
    ...{ driver: modbusDriver, protocol, good: stored },
    bad: { visitor: { address: 900 }, type: 'INT' },
    refusedWrite: { visitor: { address: 800 }, type: 'INT', value: 1 },
    wrong: [
      { what: 'protocol', raw: { port }, field: 'host' },
      { what: 'protocol', raw: { ...protocol, slaveID: 256 }, field: 'slaveID' },
      { what: 'visitor', raw: { table: 'input' }, field: 'address', type: 'INT' },
      { what: 'visitor', raw: { address: 70_000 }, field: 'address', type: 'INT' },
      { what: 'visitor', raw: { address: 0, type: 'string' }, field: 'length' },
      { what: 'visitor', raw: { address: 65_535, type: 'int64' }, field: 'address' },
    ],
    second: {
      protocol: { ...protocol, unit: 2 },
      good: [{ ...stored[0], value: 7 }, ...stored.slice(1)],
    },
    poke: (index, value) => poke(stored[index]!, value),
    peek: (index) => peek(stored[index]!),
    async cut() {
      earlier += simulator.requests
      await simulator.close()
    },
    restore: async () => void (simulator = await serveTcp(bank, { port })),
    silence: (silent) => simulator.mute(silent),
    requests: () => earlier + simulator.requests,
    close: () => simulator.close(),
  }
}

describe('the Modbus driver', () => {
  for (const { name, topic, run } of conformance(makeRig)) {
    if (topic !== 'watching') test(name, () => run())
  }
  // Modbus knows no changes that a device tells; the checks of watches say so as well.
  test('cannot watch', async () => {
    const { port } = await startDevice()
    expect((await connect(protocolOf(port))).subscribe).toBeUndefined()
  })
})
