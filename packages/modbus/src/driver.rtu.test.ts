import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { expect, it } from 'vitest'
import { requireServer } from '../../../test/support/require-server.ts'
import { hasSocat, startSerialPair } from '../../../test/support/serial-pair.ts'
import type { ModbusProtocol } from './config/protocol.ts'
import type { ModbusVisitor } from './config/visitor.ts'
import { modbusDriver } from './driver.ts'
import { createBank, serveRtu } from './simulator/index.ts'

const signal = new AbortController().signal
const holding = (address: number): ModbusVisitor => ({
  table: 'holding',
  byteOrder: 'big',
  wordOrder: 'big',
  address,
})

it('devices share a serial line, whichever of them is dead', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const folder = mkdtempSync(path.join(tmpdir(), 'modbus-'))
  const pair = await startSerialPair(folder)
  const bank = createBank({ units: [1, 3] })
  const [line, far] = pair.ends
  const simulator = await serveRtu(bank, { path: far, baudRate: 115_200 })
  const protocol: ModbusProtocol = {
    transport: 'rtu',
    path: line,
    port: 502,
    baudRate: 115_200,
    dataBits: 8,
    stopBits: 1,
    parity: 'none',
    rs485: false,
    unit: 1,
    timeoutMs: 2000,
    connectTimeoutMs: 3000,
    maxRegistersPerRequest: 125,
    maxBitsPerRequest: 2000,
    maxGap: 16,
    maxInFlight: 4,
    requestDelayMs: 0,
    pauseAfterConnectMs: 0,
    reconnectEachCycle: false,
    writeFunction: 'auto',
    writeBits: 'auto',
    identify: false,
  }
  const unit = (id: number, more: Partial<ModbusProtocol> = {}) => ({
    ...protocol,
    ...more,
    unit: id,
  })
  const warnings: string[] = []
  const logger = {
    ...silentLogger,
    warn: (...said: unknown[]) => void warnings.push(String(said.at(-1))),
  }
  const connection = await modbusDriver.connect(protocol, connectContext({ signal, logger }))
  try {
    expect(connection.parallel).toBe(1)
    const both = [unit(1), unit(3)]
    for (const id of [1, 3]) {
      bank.setRegister('holding', 0, [id, id + 1, id + 2], id)
      bank.setRegister('holding', 500, id + 500, id)
    }
    const visitors = [0, 1, 2, 500].map(holding)
    for (let round = 0; round < 3; round++) {
      for (const id of [1, 3]) {
        const outcomes = await connection.read(unit(id), visitors, signal)
        expect(outcomes.map((one) => one.ok && one.value)).toEqual([id, id + 1, id + 2, id + 500])
      }
      const dead = await connection.read(unit(2, { timeoutMs: 60 }), visitors, signal)
      expect(dead.map((one) => !one.ok && one.error.code)).toEqual(visitors.map(() => 'timeout'))
    }
    const written = await connection.write(unit(3), [{ visitor: holding(1), value: 77 }], signal)
    expect(written).toEqual([{ ok: true, value: undefined }])
    expect([bank.getRegister('holding', 1, 3), bank.getRegister('holding', 1, 1)]).toEqual([77, 2])

    // 320 requests a second are more than the line carries, which is told once and names the line.
    const apart = [0, 200, 400, 600, 800, 1000, 1200, 1400].map(holding)
    for (let round = 0; round < 7; round++) {
      for (const theirs of both) await connection.read(theirs, apart, signal, 50)
    }
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(
      new RegExp(`^${line} at 115200 8N1: .* takes \\d{3} % .*\\(320\\.0 requests a second\\)`),
    )

    // The line has one set of settings: a device that asks for others is told so, and disturbs nobody.
    const [stranger] = await connection.read(unit(3, { baudRate: 9600 }), visitors, signal)
    expect(stranger).toMatchObject({ ok: false, error: { code: 'invalid_config' } })
    expect(stranger).toHaveProperty('error.detail', expect.stringContaining(`${line} at 9600 8N1`))
    expect(stranger).toHaveProperty('error.detail', expect.stringContaining('at 115200 8N1'))
  } finally {
    await connection.close()
    await simulator.close()
    await pair.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
