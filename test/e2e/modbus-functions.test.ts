import { createChecker, type Memory, type RawConfig } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import {
  connectTcp,
  identify,
  modbusDriver,
  normalize,
  openSerial,
  protocolSchema,
  visitorSchema,
  type ModbusLink,
  type ModbusProtocol,
  type ModbusVisitor,
} from '@mapper-sdk/modbus'
import { describe, expect, it, type TestContext } from 'vitest'
import type { ForeignServer } from '../support/foreign-server.ts'
import { startJsmodbusServer } from '../support/jsmodbus-server.ts'
import { startPymodbusServer } from '../support/pymodbus-server.ts'
import { findPython } from '../support/python.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'

const lacking = {
  pymodbus:
    'no python3 with pymodbus and its server (apt-get install python3-pymodbus python3-serial-asyncio)',
  socat: 'no socat (apt-get install socat)',
}
const { signal } = new AbortController()
const options = { timeoutMs: 5000, signal }

async function pymodbusOverTcp(context: TestContext): Promise<ForeignServer> {
  const python = findPython('pymodbus.server') ?? requireServer(context, lacking.pymodbus)
  const server = await startPymodbusServer(python, { kind: 'tcp' })
  context.onTestFinished(() => server.stop())
  return server
}

async function pymodbusOverRtu(context: TestContext): Promise<ForeignServer> {
  const python = findPython('pymodbus.server', 'serial') ?? requireServer(context, lacking.pymodbus)
  if (!hasSocat()) requireServer(context, lacking.socat)
  const { folder, remove } = await scratchFolder()
  context.onTestFinished(remove)
  const pair = await startSerialPair(folder)
  context.onTestFinished(() => pair.stop())
  const [tty, peer] = pair.ends
  const server = await startPymodbusServer(python, { kind: 'rtu', tty, peer })
  context.onTestFinished(() => server.stop())
  return server
}

const checkers = { protocol: createChecker(protocolSchema), visitor: createChecker(visitorSchema) }
/** The words of a CR, checked and with defaults as core gives them to the driver. */
function protocolOf(raw: RawConfig): ModbusProtocol {
  const { value, issues } = checkers.protocol.check(normalize(raw, 'protocol'), [])
  expect(issues).toEqual([])
  return value as ModbusProtocol
}
function visitorOf(raw: RawConfig): ModbusVisitor {
  const { value, issues } = checkers.visitor.check(normalize(raw, 'visitor'), [])
  expect(issues).toEqual([])
  return value as ModbusVisitor
}

async function linkTo(server: ForeignServer, { onTestFinished }: TestContext): Promise<ModbusLink> {
  const { host = '', port, path, ...rest } = protocolOf({ ...server.protocol })
  const link =
    path === undefined
      ? await connectTcp({ host, port, connectTimeoutMs: 5000 }, signal)
      : await openSerial({ path, ...rest }, signal)
  onTestFinished(() => link.close())
  return link
}

function memoryOf(): Memory {
  const kept = new Map<string, unknown>()
  return { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) }
}

async function connect(
  protocol: ModbusProtocol,
  { onTestFinished }: TestContext,
  memory = memoryOf(),
) {
  const connection = await modbusDriver.connect(protocol, connectContext({ signal, memory }))
  onTestFinished(() => connection.close())
  return connection
}

const word = (address: number) => ({ table: 'holding', address, type: 'uint16' }) as const

describe.each([
  ['TCP', pymodbusOverTcp],
  ['RTU', pymodbusOverRtu],
] as const)('pymodbus over %s', (_, start) => {
  it('takes functions 22 and 23', async (context) => {
    const server = await start(context)
    const link = await linkTo(server, context)
    await server.put(word(10), '61455')
    const masked = await link.maskRegister(1, 10, { and: 0xff0f, or: 0x00a5 }, options)
    expect(masked).toEqual({ ok: true, data: new Uint8Array(0) })
    // 0xf00f, of which only the second digit from the right is to change.
    expect(await server.take(word(10))).toBe(String(0xf0af))

    await server.put(word(31), '31')
    const exchange = { readAddress: 30, readCount: 2, writeAddress: 30, data: Uint8Array.of(1, 2) }
    const exchanged = await link.exchangeRegisters(1, exchange, options)
    expect(exchanged.ok && [...exchanged.data]).toEqual([1, 2, 0, 31])
    expect(await server.take(word(30))).toBe(String(0x102))
  }, 60_000)

  it('says what it is', async (context) => {
    const server = await start(context)
    const link = await linkTo(server, context)
    const { serverId, serverIdHex, running, ...objects } = await identify(link, 1, options)
    expect(objects).toEqual({
      vendor: 'Pymodbus vendor',
      product: 'PM-3',
      revision: '3.x',
      url: 'http://192.0.2.1',
      productName: 'Server',
      model: 'Model',
      application: 'Application',
      // Too much for one answer.
      objects: { '0x80': 'x'.repeat(200), '0x81': 'y'.repeat(200) },
    })
    const id = 'Pymodbus vendor-PM-3-3.x'
    expect(serverId).toContain(id)
    expect(Buffer.from(serverIdHex ?? '', 'hex').toString('latin1')).toContain(id)
    expect(running).toBe(true)
  }, 60_000)

  for (const writeFunction of ['auto', 'single', 'multiple', 'read-write']) {
    it(`holds what was written (function: ${writeFunction})`, async (context) => {
      await writesArrive(await start(context), context, { writeFunction, writeBits: 'mask' })
    }, 60_000)
  }
})

describe('jsmodbus, which is deaf to function 22', () => {
  it('says nothing of itself, and holds what was written to its bits all the same', async (context) => {
    const server = await startJsmodbusServer()
    context.onTestFinished(() => server.stop())
    const link = await linkTo(server, context)
    expect(await identify(link, 1, { ...options, timeoutMs: 300 })).toEqual({})
    expect(link.failed).toBeUndefined()
    await writesArrive(server, context, { writeBits: 'rewrite' })
  }, 60_000)
  it('is found to be so, though it then answers nothing at all on that connection', async (context) => {
    const server = await startJsmodbusServer()
    context.onTestFinished(() => server.stop())
    const protocol = protocolOf({ ...server.protocol, timeoutMs: 1000 })
    const bit = visitorOf({ address: 50, type: 'bool', bit: 3 })
    const memory = memoryOf()
    const outcomes: string[] = []
    for (let round = 0; round < 3; round++) {
      const connection = await connect(protocol, context, memory)
      const [outcome] = await connection.write(protocol, [{ visitor: bit, value: true }], signal)
      outcomes.push(outcome?.ok === false ? outcome.error.code : 'ok')
    }
    expect(outcomes).toEqual(['timeout', 'timeout', 'ok'])
    expect(await server.take(word(50))).toBe('8')
  }, 60_000)
})

/** Neighbours, values of several registers, coils and bits, written in one call as core does. */
async function writesArrive(
  server: ForeignServer,
  context: TestContext,
  more: Readonly<Record<string, string>>,
) {
  const protocol = protocolOf({ ...server.protocol, timeoutMs: 5000, ...more })
  const connection = await connect(protocol, context)
  await server.put(word(50), '65535')
  const writes = [
    [{ address: 40 }, 1],
    [{ address: 41, type: 'int32' }, -2],
    [{ address: 43, type: 'float32', wordOrder: 'little' }, 0.5],
    [{ address: 40 }, 7],
    [{ address: 50, type: 'bool', bit: 3 }, false],
    [{ address: 50, type: 'bool', bit: 0 }, false],
    [{ table: 'coil', address: 5, type: 'bool' }, true],
    [{ table: 'coil', address: 6, type: 'bool' }, true],
    [{ table: 'coil', address: 5, type: 'bool' }, false],
    [{ table: 'coil', address: 9, type: 'bool' }, true],
  ] as const
  const outcomes = await connection.write(
    protocol,
    writes.map(([visitor, value]) => ({ visitor: visitorOf(visitor), value })),
    signal,
  )
  expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.message))).toEqual(
    writes.map(() => 'ok'),
  )
  const places = [
    [word(40), '7'],
    [{ table: 'holding', address: 41, type: 'int32' }, '-2'],
    [{ table: 'holding', address: 43, type: 'float32', wordOrder: 'little' }, '0.5'],
    [word(50), String(0xfff6)],
    [{ table: 'coil', address: 5, type: 'bool' }, 'false'],
    [{ table: 'coil', address: 6, type: 'bool' }, 'true'],
    [{ table: 'coil', address: 9, type: 'bool' }, 'true'],
  ] as const
  for (const [place, expected] of places) expect(await server.take(place)).toBe(expected)
}
