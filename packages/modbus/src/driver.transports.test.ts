import { silentLogger, type Logger } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import { connectContext } from '@mapper-sdk/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { cleanUp, connect, memoryOf, protocolOf, registers, shown, signal } from './driver.suite.ts'
import { modbusDriver } from './driver.ts'
import { certificates } from './link/certificates.suite.ts'
import { createBank, serveLine, serveTcp, serveUdp, type Bank } from './simulator/index.ts'

const made = certificates()
afterAll(() => made?.remove())

const addresses = [0, 1, 2, 100, 400]
function filled(): Bank {
  const bank = createBank()
  for (const address of addresses) bank.setRegister('holding', address, address + 7)
  return bank
}
const expected = addresses.map((address) => address + 7)

describe('the driver', () => {
  it('reads and writes over UDP', async () => {
    const bank = filled()
    const simulator = await serveUdp(bank)
    cleanUp.push(() => simulator.close())
    const protocol = protocolOf(simulator.port, { transport: 'udp', maxInFlight: 4 })
    const connection = await connect(protocol)
    const visitors = registers(...addresses)
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    const [visitor] = visitors
    if (visitor === undefined) throw new Error('no visitor')
    const written = await connection.write(protocol, [{ visitor, value: 9 }], signal)
    expect(written).toEqual([{ ok: true, value: undefined }])
    expect(bank.getRegister('holding', 0)).toBe(9)
    // How many the device bears at once is found out here as on TCP.
    for (let round = 0; round < 10; round++) await connection.read(protocol, visitors, signal)
    expect(connection.parallel).toBe(4)
  })

  it.each(['rtu', 'ascii'] as const)('reads and writes %s over TCP', async (framing) => {
    const bank = filled()
    const simulator = await serveLine(bank, { framing })
    cleanUp.push(() => simulator.close())
    const protocol = protocolOf(simulator.port, {
      transport: `${framing}-over-tcp`,
      maxInFlight: 4,
    })
    const connection = await connect(protocol)
    expect(connection.parallel).toBe(1)
    const visitors = registers(...addresses)
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(expected)
    expect(simulator.connections).toBe(1)
    const [visitor] = visitors
    if (visitor === undefined) throw new Error('no visitor')
    const written = await connection.write(protocol, [{ visitor, value: 9 }], signal)
    expect(written).toEqual([{ ok: true, value: undefined }])
    expect(bank.getRegister('holding', 0)).toBe(9)
    simulator.drop()
    await expect(connection.read(protocol, visitors, signal)).rejects.toThrow(/^\[unreachable\]/)
  })

  it.each(['rtu', 'ascii'] as const)(
    'takes no late answer for another, not even on the next connection: %s over TCP',
    async (framing) => {
      const simulator = await serveLine(filled(), {
        framing,
        // The first answer comes when the second request, which nobody answers, waits for its own.
        faults: ({ index }) => (index === 0 ? { kind: 'late', ms: 400 } : { kind: 'silent' }),
      })
      cleanUp.push(() => simulator.close())
      const protocol = protocolOf(simulator.port, { transport: `${framing}-over-tcp` })
      // What the units of a line owe is known with the line, whoever opens it.
      const lines = createLines()
      const open = async () => {
        const connection = await modbusDriver.connect(protocol, connectContext({ signal, lines }))
        cleanUp.push(() => connection.close())
        return connection
      }
      const brief = { ...protocol, timeoutMs: 50 }
      const first = await open()
      expect(shown(await first.read(brief, registers(0), signal))).toEqual(['timeout'])
      await first.close()
      const second = await open()
      const patient = { ...protocol, timeoutMs: 1500 }
      expect(shown(await second.read(patient, registers(100), signal))).toEqual(['timeout'])
      expect(simulator.requests).toBe(2)
    },
  )

  it.skipIf(made === undefined)(
    'reads over TLS, and warns of an open key once, not with every connection',
    async () => {
      if (made === undefined) return
      made.issue('plc', { names: 'IP:127.0.0.1' })
      const simulator = await serveTcp(filled(), {
        tls: { cert: made.text(made.cert('plc')), key: made.text(made.key('plc')) },
      })
      cleanUp.push(() => simulator.close())
      const protocol = protocolOf(simulator.port, {
        tls: true,
        serverFingerprint: made.fingerprint('plc'),
        certFile: made.cert('plc'),
        keyFile: made.write('open.key', made.text(made.key('plc')), 0o644),
      })
      const warnings: unknown[] = []
      const logger: Logger = { ...silentLogger, warn: (text: unknown) => void warnings.push(text) }
      const memory = memoryOf()
      for (let round = 0; round < 3; round++) {
        const connection = await modbusDriver.connect(
          protocol,
          connectContext({ signal, logger, memory }),
        )
        cleanUp.push(() => connection.close())
        const outcomes = await connection.read(protocol, registers(...addresses), signal)
        expect(shown(outcomes)).toEqual(expected)
      }
      expect(warnings).toEqual([expect.stringContaining('is open to every user of this machine')])
    },
  )
})
