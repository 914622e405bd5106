import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  connect,
  count,
  memoryOf,
  protocolOf,
  refusing,
  registers,
  shown,
  signal,
  startDevice,
  visitor,
} from './driver.suite.ts'

/** A device with holes, and a read of the places after another as core does it. */
async function rig(wanted: readonly number[], holes: ReadonlySet<number>, exception = 2) {
  const device = await startDevice(refusing(holes, exception))
  const protocol = protocolOf(device.port)
  const memory = memoryOf()
  let connection = await connect(protocol, memory)
  const visitors = registers(...wanted)
  return {
    ...device,
    cycle: async () => shown(await connection.read(protocol, visitors, signal)),
    cycles: async (times: number) => {
      for (let time = 0; time < times; time++) await connection.read(protocol, visitors, signal)
    },
    errors: async () =>
      (await connection.read(protocol, visitors, signal)).map((one) =>
        one.ok ? undefined : one.error,
      ),
    reconnect: async () => {
      await connection.close()
      connection = await connect(protocol, memory)
    },
    expected: () => wanted.map((one) => (holes.has(one) ? 'rejected' : one)),
  }
}

describe('a hole', () => {
  it('fails alone; its neighbours are read at once, and next time without detours', async () => {
    const holes = new Set([17])
    const { cycle, asked, expected, errors, reconnect } = await rig(count(0, 60), holes)
    const [, , error] = [await cycle(), asked(), (await errors())[17]]
    expect(error?.detail).toBe(
      'unit 1: reading holding 17 (function 3): exception 2, illegal data address',
    )
    expect(asked()).toEqual(['0+17', '18+42'])
    expect(await cycle()).toEqual(expected())
    await reconnect()
    asked()
    expect(await cycle()).toEqual(expected())
    expect(asked()).toEqual(['0+17', '18+42'])
  })

  it.each([2, 3, 4])(
    'among 100: the others are good within 3 cycles, with one more request at most then (exception %i)',
    async (exception) => {
      for (const hole of [0, 1, 17, 50, 98, 99]) {
        const { cycle, asked, expected } = await rig(count(0, 100), new Set([hole]), exception)
        await cycle()
        await cycle()
        for (let time = 2; time < 30; time++) {
          asked()
          expect(await cycle()).toEqual(expected())
          const around = hole === 0 || hole === 99 ? 1 : 2
          expect(asked().length).toBeLessThanOrEqual(around + 1)
        }
      }
    },
  )

  it.each<[string, number, readonly number[]]>([
    ['ten', 2, [3, 11, 12, 30, 42, 57, 58, 77, 90, 99]],
    [
      'thirty, many of them at the beginning,',
      3,
      [
        ...[0, 1, 2, 3, 4, 6, 18, 20, 25, 32, 33, 34, 43, 46, 50, 51, 54, 58, 64, 66, 72, 73, 75],
        ...[79, 81, 82, 87, 92, 95, 97],
      ],
    ],
    [
      'thirty that look like a device at fault',
      12,
      [
        ...[1, 3, 4, 5, 7, 9, 13, 21, 28, 32, 36, 37, 38, 44, 47, 55, 67, 72, 73, 75, 76, 77, 79],
        ...[80, 83, 86, 88, 92, 97, 99],
      ],
    ],
  ])('one of %s is found after %i cycles at most', async (_, cycles, places) => {
    const device = await rig(count(0, 100), new Set(places), 4)
    await device.cycles(cycles - 1)
    expect(await device.cycle()).toEqual(device.expected())
    await device.cycles(2)
    const requests: number[] = []
    for (let time = 0; time < 12; time++) {
      device.asked()
      expect(await device.cycle()).toEqual(device.expected())
      requests.push(device.asked().length)
    }
    expect(Math.max(...requests) - Math.min(...requests)).toBeLessThanOrEqual(1)
  })

  it.each([2, 4])('is tried again ever more seldom, alone (exception %i)', async (exception) => {
    const { cycles, asked } = await rig(count(0, 20), new Set([7]), exception)
    await cycles(2)
    asked()
    const tries: number[] = []
    for (let time = 1; time <= 200; time++) {
      await cycles(1)
      if (asked().includes('7+1')) tries.push(time)
    }
    const gaps = tries.map((time, index) => time - (tries[index - 1] ?? time))
    expect(gaps.slice(1)).toEqual([20, 40, 80])
    expect(tries[0]).toBeLessThanOrEqual(10)
  })

  it('that is mended comes back, and its neighbours share a request again', async () => {
    const holes = new Set([5, 8])
    const { cycle, cycles, asked } = await rig(count(0, 10), holes)
    await cycles(3)
    holes.clear()
    await cycles(12)
    expect(await cycle()).toEqual(count(0, 10))
    asked()
    await cycles(1)
    expect(asked()).toEqual(['0+10'])
  })

  it('of many that are mended at once comes back soon', async () => {
    const holes = new Set(count(100, 40))
    const { cycle, cycles } = await rig([...count(0, 50), ...count(100, 40)], holes)
    await cycles(6)
    holes.clear()
    // One is tried in the tenth cycle; the more are mended, the more are tried.
    await cycles(17)
    expect(await cycle()).toEqual([...count(0, 50), ...count(100, 40)])
  })

  it('in a gap is not read along again', async () => {
    const { cycle, cycles, asked } = await rig([0, 1, 2, 5, 6], new Set([3, 4]))
    expect(await cycle()).toEqual([0, 1, 2, 5, 6])
    asked()
    await cycles(1)
    expect(asked()).toEqual(['0+3', '5+2'])
  })

  it('that something good overlaps does not keep it from its neighbours', async () => {
    // The device answers the two registers of a value together only.
    const device = await startDevice(({ address, count: length }) =>
      address === 5 && length === 1 ? { kind: 'exception', code: 2 } : undefined,
    )
    const protocol = protocolOf(device.port)
    const connection = await connect(protocol)
    const visitors = [visitor(4, { type: 'uint32' }), visitor(5), visitor(6), visitor(7)]
    for (let time = 0; time < 3; time++) {
      const outcomes = shown(await connection.read(protocol, visitors, signal))
      expect(outcomes).toEqual([4 * 65_536 + 5, 5, 6, 7])
    }
    expect(new Set(device.asked())).toEqual(new Set(['4+4']))
  })

  it('never costs a good neighbour for long, wherever the holes are', async () => {
    const holes = new Set<number>()
    const codes = [2, 3, 4]
    const device = await startDevice((request) => refusing(holes, codes[0] ?? 2)(request))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 80 }),
        fc.array(fc.nat(300), { maxLength: 12 }),
        fc.constantFrom(2, 3, 4),
        async (wanted, bad, code) => {
          holes.clear()
          for (const one of bad) holes.add(one)
          codes[0] = code
          const protocol = protocolOf(device.port)
          const connection = await connect(protocol)
          const visitors = registers(...wanted)
          const expected = wanted.map((one) => (holes.has(one) ? 'rejected' : one))
          for (let time = 0; time < 3; time++) {
            const outcomes = shown(await connection.read(protocol, visitors, signal))
            // A wrong value may never appear, not even on the way.
            outcomes.forEach((one, index) => expect([wanted[index], 'rejected']).toContain(one))
          }
          const good = shown(await connection.read(protocol, visitors, signal))
          expect(good).toEqual(expected)
          const runs: number[] = []
          for (let time = 0; time < 8; time++) {
            device.asked()
            expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
            runs.push(device.asked().length)
          }
          expect(Math.max(...runs) - Math.min(...runs)).toBeLessThanOrEqual(1)
          await connection.close()
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)
})

describe('a protected register', () => {
  const asIt = async (readProtected: string, ...wanted: number[]) => {
    const { port, asked } = await startDevice()
    const protocol = protocolOf(port, { readProtected })
    const connection = await connect(protocol)
    return {
      outcomes: shown(await connection.read(protocol, registers(...wanted), signal)),
      asked: asked(),
    }
  }

  it('is never read along', async () => {
    expect(await asIt('holding:3-4, input:7', 0, 1, 2, 5, 6, 7, 8)).toEqual({
      outcomes: [0, 1, 2, 5, 6, 7, 8],
      asked: ['0+3', '5+4'],
    })
  })

  it('is read alone where a property lies there', async () => {
    expect(await asIt('holding:3-4', 2, 3, 5)).toEqual({
      outcomes: [2, 3, 5],
      asked: ['2+1', '3+1', '5+1'],
    })
  })

  it('is never read along either while it is found out why something is refused', async () => {
    const holes = new Set<number>()
    const device = await startDevice(refusing(holes, 2))
    const range = fc.record({ from: fc.nat(60), count: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { minLength: 1, maxLength: 4 }),
        fc.array(range, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(64), { maxLength: 8 }),
        async (avoided, wanted, bad) => {
          holes.clear()
          for (const one of bad) holes.add(one)
          const readProtected = avoided
            .map(({ from, count: length }) => `holding:${from}-${from + length - 1}`)
            .join()
          const protocol = protocolOf(device.port, { readProtected })
          const connection = await connect(protocol)
          const visitors = wanted.map(({ from, count: length }) =>
            visitor(from, { type: 'bytes', length }),
          )
          device.asked()
          for (let time = 0; time < 3; time++) await connection.read(protocol, visitors, signal)
          const values = new Set(wanted.map(({ from, count: length }) => `${from}+${length}`))
          for (const request of device.asked()) {
            const [address = 0, length = 0] = request.split('+').map(Number)
            const touched = avoided.some(
              ({ from, count: long }) => from < address + length && from + long > address,
            )
            expect(!touched || values.has(request)).toBe(true)
          }
          await connection.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does not lie between two values that were part of a longer one that is refused', async () => {
    const device = await startDevice(refusing(new Set([25]), 2))
    const protocol = protocolOf(device.port, { readProtected: 'holding:20-29' })
    const connection = await connect(protocol)
    const visitors = [visitor(18, { type: 'bytes', length: 16 }), visitor(19), visitor(31)]
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(['rejected', 19, 31])
    expect(device.asked()).toEqual(['18+16', '18+16', '19+1', '31+1'])
  })

  it('that is none is named', async () => {
    expect(await asIt('holding:9-8', 2, 3)).toEqual({
      outcomes: ['invalid_config', 'invalid_config'],
      asked: [],
    })
  })
})

describe('a device that fails in everything (exception 4)', () => {
  const failing = async () => {
    let fails = true
    const device = await startDevice(() => (fails ? { kind: 'exception', code: 4 } : undefined))
    const protocol = protocolOf(device.port)
    const connection = await connect(protocol)
    const visitors = registers(...count(0, 100))
    const cycle = async () => shown(await connection.read(protocol, visitors, signal))
    return { ...device, cycle, fail: (now: boolean) => (fails = now) }
  }

  it('is not taken to pieces for ever', async () => {
    const { cycle, asked } = await failing()
    await cycle()
    expect(asked().length).toBeLessThanOrEqual(33)
    const requests: number[] = []
    for (let time = 0; time < 300; time++) {
      expect(new Set(await cycle())).toEqual(new Set(['rejected']))
      requests.push(asked().length)
    }
    // Looked into again in the cycles 10, 30, 70, 150 …; else one request a cycle.
    expect(requests.filter((each) => each > 1).length).toBeLessThanOrEqual(5)
    expect(requests.filter((each) => each === 1).length).toBeGreaterThanOrEqual(295)
  })

  it('is read as before as soon as it is well again', async () => {
    const { cycle, asked, fail } = await failing()
    for (let time = 0; time < 20; time++) await cycle()
    fail(false)
    asked()
    expect(await cycle()).toEqual(count(0, 100))
    expect(asked()).toEqual(['0+100'])
  })

  it('in the middle of a read leaves no trace', async () => {
    let left = Infinity
    const device = await startDevice(() =>
      left-- > 0 ? undefined : { kind: 'exception', code: 4 },
    )
    const protocol = protocolOf(device.port, { maxInFlight: 1 })
    const connection = await connect(protocol)
    const visitors = registers(...[0, 200, 400, 600].flatMap((start) => count(start, 20)))
    left = 2
    await connection.read(protocol, visitors, signal)
    left = Infinity
    const expected = visitors.map(({ address }) => address)
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    device.asked()
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    expect(device.asked()).toEqual(['0+20', '200+20', '400+20', '600+20'])
  })
})

describe('a busy device', () => {
  it.each([5, 6])('teaches nothing (exception %i)', async (code) => {
    let busy = true
    const device = await startDevice(() => (busy ? { kind: 'exception', code } : undefined))
    const protocol = protocolOf(device.port)
    const memory = memoryOf()
    const connection = await connect(protocol, memory)
    const visitors = registers(...count(0, 100), 500)
    for (let time = 0; time < 3; time++) {
      const outcomes = shown(await connection.read(protocol, visitors, signal))
      expect(new Set(outcomes)).toEqual(new Set(['rejected']))
      expect(device.asked()).toEqual(['0+100', '500+1'])
    }
    expect([memory.get('unit 1'), memory.get('in flight')]).toEqual([undefined, undefined])
    busy = false
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual([
      ...count(0, 100),
      500,
    ])
  })
})
