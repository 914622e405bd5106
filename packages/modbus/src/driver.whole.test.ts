import fc from 'fast-check'
import { describe, expect, it, type TestContext } from 'vitest'
import { requireServer } from '../../../test/support/require-server.ts'
import { scratchFolder } from '../../../test/support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../../../test/support/serial-pair.ts'
import type { ModbusVisitor } from './config/visitor.ts'
import {
  cleanUp,
  connect,
  count,
  protocolOf,
  registers,
  shown,
  signal,
  startDevice,
  visitor,
} from './driver.suite.ts'
import { createBank, serveRtu, type SimulatedRequest } from './simulator/index.ts'

/** Values of several registers, of all lengths. */
const anyLong = fc
  .tuple(
    fc.nat(400),
    fc.constantFrom<Partial<ModbusVisitor>>(
      { type: 'uint32' },
      { type: 'uint64' },
      { type: 'bytes', length: 3 },
      { type: 'bytes', length: 20 },
    ),
  )
  .map(([address, more]) => visitor(address, more))

/** What a value is made of, byte by byte: one pattern if nothing changed while it was read. */
const patternOf = (value: unknown) => {
  const hex =
    value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : (value as number | bigint).toString(16)
  return hex.replace(/^0+$/, '0').replace(/^f+$/, 'f')
}

describe('a value of several registers', () => {
  it('is never torn, though the device changes it between any two requests', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLong, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 20, max: 125 }),
        fc.nat(124),
        fc.array(fc.nat(420), { maxLength: 6 }),
        async (visitors, maxRegistersPerRequest, maxGap, holes) => {
          const isHole = new Set(holes)
          let set = false
          const device = await startDevice(({ address, count: length }) => {
            // The answer to this request is made; the next one finds all registers changed.
            set = !set
            device.bank.setRegister('holding', 0, count(0, 600).fill(set ? 0xffff : 0))
            const hit = count(address, length).some((place) => isHole.has(place))
            return hit ? { kind: 'exception', code: 2 } : undefined
          })
          device.bank.setRegister('holding', 0, count(0, 600).fill(0))
          const protocol = protocolOf(device.port, { maxRegistersPerRequest, maxGap })
          const connection = await connect(protocol)
          for (let cycle = 0; cycle < 4; cycle++) {
            for (const outcome of await connection.read(protocol, visitors, signal)) {
              if (outcome.ok) seen.add(patternOf(outcome.value))
              else expect(outcome.error.code).toBe('rejected')
            }
          }
          expect([...seen].filter((pattern) => !/^[0f]$/.test(pattern))).toEqual([])
          await connection.close()
          await device.simulator.close()
        },
      ),
      { numRuns: 40 },
    )
    expect(seen.size).toBe(2)
  })

  it('is written and read as a whole while it is polled', async () => {
    const trace: string[] = []
    const device = await startDevice(({ functionCode, address, count: length }) => {
      trace.push(`${functionCode} ${address}+${length}`)
      return undefined
    })
    device.bank.setRegister('holding', 6, [0, 0, 0, 0])
    const protocol = protocolOf(device.port)
    const connection = await connect(protocol)
    const wide = visitor(6, { type: 'uint64' })
    const visitors = [...registers(...count(0, 6), ...count(10, 5), 300, 600), wide]
    let isOver = false
    const polling = (async () => {
      const seen = new Set<string>()
      while (!isOver) {
        const outcomes = await connection.read(protocol, visitors, signal)
        expect(outcomes.every(({ ok }) => ok)).toBe(true)
        seen.add(String(shown(outcomes).at(-1)))
      }
      return seen
    })()
    const wishes = [0xffff_ffff_ffff_ffffn, 0n]
    for (let round = 0; round < 40; round++) {
      const value = wishes[round % 2] ?? 0n
      const written = await connection.write(protocol, [{ visitor: wide, value }], signal)
      expect(written).toEqual([{ ok: true, value: undefined }])
      // What is read behind a write is what was written.
      expect(shown(await connection.read(protocol, [wide], signal))).toEqual([
        value === 0n ? 0 : value,
      ])
    }
    isOver = true
    const seen = await polling
    expect([...seen].filter((text) => !['0', '18446744073709551615'].includes(text))).toEqual([])
    const writes = trace.filter((line) => !line.startsWith('3 '))
    expect(writes).toEqual(Array.from({ length: 40 }, () => '16 6+4'))
  })
})

/** Twelve that no request can join. */
const far = count(0, 12).map((index) => 200 * index)

describe('a write goes before all reads that wait', () => {
  const record =
    (asked: string[]) =>
    ({ functionCode, address }: SimulatedRequest) =>
      void asked.push(functionCode === 3 ? `read ${address}` : `write ${address}`)

  async function expectNext(
    asked: readonly string[],
    connection: Awaited<ReturnType<typeof connect>>,
    protocol: ReturnType<typeof protocolOf>,
  ) {
    const reading = connection.read(protocol, registers(...far), signal)
    await expect.poll(() => asked.length).toBeGreaterThanOrEqual(2)
    const sent = asked.length
    const write = { visitor: visitor(50, { type: 'uint32' }), value: 70_000 }
    const written = await connection.write(protocol, [write], signal)
    expect(written).toEqual([{ ok: true, value: undefined }])
    // One read may have been on its way already.
    expect(asked.indexOf('write 50')).toBeGreaterThanOrEqual(0)
    expect(asked.indexOf('write 50')).toBeLessThanOrEqual(sent + 1)
    expect((await reading).every(({ ok }) => ok)).toBe(true)
    expect(asked).toHaveLength(far.length + 1)
  }

  it('over TCP', async () => {
    const asked: string[] = []
    const device = await startDevice(
      (request) => {
        record(asked)(request)
        return undefined
      },
      { delayMs: 20 },
    )
    const protocol = protocolOf(device.port, { maxInFlight: 1 })
    await expectNext(asked, await connect(protocol), protocol)
  })

  it('on a serial line', async (context: TestContext) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const { folder, remove } = await scratchFolder()
    cleanUp.push(remove)
    const pair = await startSerialPair(folder)
    cleanUp.push(() => pair.stop())
    const asked: string[] = []
    const simulator = await serveRtu(createBank(), {
      path: pair.ends[1],
      baudRate: 115_200,
      delayMs: 20,
      faults: (request) => {
        record(asked)(request)
        return undefined
      },
    })
    cleanUp.push(() => simulator.close())
    const line = { transport: 'rtu', path: pair.ends[0], baudRate: 115_200 } as const
    const protocol = protocolOf(502, line)
    await expectNext(asked, await connect(protocol), protocol)
  })
})
