import { createChecker, type RawConfig } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { modbusDriver, normalize, protocolSchema, type ModbusProtocol } from '@mapper-sdk/modbus'
import { createBank, serveLine, serveSerial, serveUdp } from '@mapper-sdk/modbus/simulator'
import modbusSerial from 'modbus-serial'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { startPymodbusServer, type Wire } from '../support/pymodbus-server.ts'
import { findPython } from '../support/python.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'

const { signal } = new AbortController()
const checker = createChecker(protocolSchema)

async function connect(raw: RawConfig, { onTestFinished }: TestContext) {
  const { value, issues } = checker.check(normalize(raw, 'protocol'), [])
  expect(issues).toEqual([])
  const protocol = value as ModbusProtocol
  const connection = await modbusDriver.connect(protocol, connectContext({ signal }))
  onTestFinished(() => connection.close())
  return { protocol, connection }
}

const visitor = (address: number) =>
  ({ table: 'holding', address, type: 'uint16', byteOrder: 'big', wordOrder: 'big' }) as const

/** Reads and writes what a server of others holds, on a transport. */
async function exchange(wire: Wire, more: RawConfig, context: TestContext): Promise<void> {
  const needs = wire.kind === 'rtu' || wire.kind === 'ascii' ? ['serial'] : []
  const python =
    findPython('pymodbus.server', ...needs) ??
    requireServer(
      context,
      'no python3 with pymodbus and its server (apt-get install python3-pymodbus python3-serial-asyncio)',
    )
  const server = await startPymodbusServer(python, wire)
  context.onTestFinished(() => server.stop())
  const place = (address: number) => ({ table: 'holding', address, type: 'uint16' }) as const
  const addresses = [0, 1, 2, 7, 300]
  for (const address of addresses) await server.put(place(address), String(10_000 + address))
  const { protocol, connection } = await connect({ ...server.protocol, ...more }, context)
  const visitors = addresses.map(visitor)
  for (let round = 0; round < 5; round++) {
    const outcomes = await connection.read(protocol, visitors, signal)
    expect(outcomes).toEqual(addresses.map((address) => ({ ok: true, value: 10_000 + address })))
  }
  const writes = [
    { visitor: visitor(7), value: 77 },
    { visitor: visitor(100), value: 65_535 },
  ]
  const written = await connection.write(protocol, writes, signal)
  expect(written).toEqual(writes.map(() => ({ ok: true, value: undefined })))
  expect(await server.take(place(7))).toBe('77')
  expect(await server.take(place(100))).toBe('65535')
}

describe('pymodbus is read and written', () => {
  it.for([
    { kind: 'tcp' },
    { kind: 'udp' },
    { kind: 'rtu-over-tcp' },
    { kind: 'ascii-over-tcp' },
  ] as const)('over $kind', async (wire, context) => exchange(wire, {}, context))

  it.for(['rtu', 'ascii'] as const)('over %s on a serial line', async (kind, context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const pair = await startSerialPair(folder)
    context.onTestFinished(() => pair.stop())
    const [tty, peer] = pair.ends
    await exchange({ kind, tty, peer }, {}, context)
  })

  it('over TLS', async (context) => {
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const [cert, key] = [path.join(folder, 'plc.pem'), path.join(folder, 'plc.key')]
    try {
      execFileSync(
        'openssl',
        `req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=plc -keyout ${key} -out ${cert}`.split(
          ' ',
        ),
        { stdio: 'pipe' },
      )
    } catch {
      requireServer(context, 'no openssl (apt-get install openssl)')
    }
    const serverFingerprint = new X509Certificate(readFileSync(cert)).fingerprint256
    await exchange({ kind: 'tls', cert, key }, { serverFingerprint }, context)
  })
})

describe('the client of modbus-serial is served', () => {
  const bank = createBank()
  bank.setRegister('holding', 5, [555, 666])
  type Client = InstanceType<typeof modbusSerial.default>

  async function serves(open: (client: Client) => Promise<void>, { onTestFinished }: TestContext) {
    const client = new modbusSerial.default()
    client.on('error', () => undefined)
    await open(client)
    onTestFinished(() => new Promise<void>((resolve) => client.close(() => resolve())))
    // Over UDP it is open a little later.
    await expect.poll(() => client.isOpen).toBe(true)
    client.setTimeout(5000)
    client.setID(1)
    expect((await client.readHoldingRegisters(5, 2)).data).toEqual([555, 666])
    await client.writeRegister(9, 99)
    expect(bank.getRegister('holding', 9)).toBe(99)
    bank.setRegister('holding', 9, 0)
  }

  it('by RTU over TCP', async (context) => {
    const { port, close } = await serveLine(bank, { framing: 'rtu' })
    context.onTestFinished(close)
    // That is what its telnet is; its TCP ports speak MBAP, whatever they are called.
    await serves((client) => client.connectTelnet('127.0.0.1', { port }), context)
  })
  it('by UDP', async (context) => {
    const { port, close } = await serveUdp(bank)
    context.onTestFinished(close)
    await serves((client) => client.connectUDP('127.0.0.1', { port }), context)
  })
  it('by ASCII on a serial line', async (context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const pair = await startSerialPair(folder)
    context.onTestFinished(() => pair.stop())
    const [here, there] = pair.ends
    const { close } = await serveSerial(bank, { path: there, baudRate: 115_200, framing: 'ascii' })
    context.onTestFinished(close)
    await serves((client) => client.connectAsciiSerial(here, { baudRate: 115_200 }), context)
  })
})
