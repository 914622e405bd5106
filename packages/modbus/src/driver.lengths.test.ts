import { describe, expect, it } from 'vitest'
import type { ModbusVisitor } from './config/visitor.ts'
import {
  connect,
  count,
  protocolOf,
  refusing,
  registers,
  shown,
  signal,
  startDevice,
  visitor,
} from './driver.suite.ts'

/** A device that answers so many registers at most, and a read as core does it. */
async function rig(
  visitors: readonly ModbusVisitor[],
  most: number,
  { code = 3, holes = new Set<number>() }: { code?: number; holes?: ReadonlySet<number> } = {},
) {
  const lengths: number[] = []
  const device = await startDevice((request) => {
    lengths.push(request.count)
    if (request.count > most) return { kind: 'exception', code }
    return refusing(holes, 2)(request)
  })
  const protocol = protocolOf(device.port)
  const connection = await connect(protocol)
  return {
    cycle: async () => shown(await connection.read(protocol, visitors, signal)),
    lengths: () => lengths.splice(0),
  }
}

describe('a device with a smaller maximum', () => {
  it.each([10, 32, 64, 100].flatMap((most) => [2, 3, 4].map((code) => [most, code] as const)))(
    'of %i registers is read with that after one cycle (exception %i)',
    async (most, code) => {
      const wanted = count(0, 300)
      const { cycle, lengths } = await rig(registers(...wanted), most, { code })
      expect(await cycle()).toEqual(wanted)
      // Finding out costs some requests more than the values need.
      expect(lengths().length).toBeLessThanOrEqual(Math.ceil(300 / most) + 40)
      for (let time = 0; time < 30; time++) {
        expect(await cycle()).toEqual(wanted)
        const asked = lengths()
        expect(asked).toHaveLength(Math.ceil(300 / most))
        expect(Math.max(...asked)).toBe(most)
      }
    },
  )

  it('is asked for no part of a value', async () => {
    const visitors = count(0, 100).map((index) => visitor(3 * index, { type: 'float32' }))
    const { cycle, lengths } = await rig(visitors, 50)
    await cycle()
    await cycle()
    lengths()
    const outcomes = await cycle()
    expect(outcomes.every((one) => typeof one === 'number')).toBe(true)
    // 17 values with a register between two of them take 50.
    expect(lengths().sort((a, b) => b - a)).toEqual([50, 50, 50, 50, 50, 44])
  })

  it('may have another one for each table', async () => {
    const device = await startDevice(({ functionCode, count: length }) =>
      length > (functionCode === 3 ? 30 : 60) ? { kind: 'exception', code: 3 } : undefined,
    )
    const protocol = protocolOf(device.port)
    const connection = await connect(protocol)
    const inputs = count(0, 100).map((address) => visitor(address, { table: 'input' }))
    const visitors = [...registers(...count(0, 100)), ...inputs]
    const expected = [...count(0, 100), ...count(0, 100)]
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    device.asked()
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    expect(device.asked()).toEqual(['0+40', '40+60', '0+10', '10+30', '40+30', '70+30'])
  })

  it('and with holes is found out within three cycles', async () => {
    const holes = new Set([3, 40, 41, 77, 120, 199])
    const wanted = count(0, 200)
    const { cycle, lengths } = await rig(registers(...wanted), 25, { holes })
    for (let time = 0; time < 2; time++) await cycle()
    const expected = wanted.map((one) => (holes.has(one) ? 'rejected' : one))
    expect(await cycle()).toEqual(expected)
    for (let time = 0; time < 10; time++) {
      lengths()
      expect(await cycle()).toEqual(expected)
      expect(Math.max(...lengths())).toBe(25)
    }
  })

  it('still answers a value that is longer, if it does, and never spoils others with it', async () => {
    const text = visitor(200, { type: 'string', length: 40 })
    const { cycle, lengths } = await rig([...registers(...count(0, 60)), text], 20)
    await cycle()
    for (let time = 0; time < 3; time++) {
      expect((await cycle()).slice(0, 60)).toEqual(count(0, 60))
      expect((await cycle())[60]).toBe('rejected')
    }
    lengths()
    await cycle()
    expect(lengths()).toEqual([20, 20, 20])
  })

  it('is not learned from a refusal that passes', async () => {
    let refusals = 1
    const device = await startDevice(() =>
      refusals-- > 0 ? { kind: 'exception', code: 3 } : undefined,
    )
    const protocol = protocolOf(device.port)
    const connection = await connect(protocol)
    const visitors = registers(...count(0, 100))
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(count(0, 100))
    expect(device.asked()).toEqual(['0+100', '0+50', '50+50', '0+100'])
    await connection.read(protocol, visitors, signal)
    expect(device.asked()).toEqual(['0+100'])
  })
})
