import {
  createConnections,
  runMapper,
  silentLogger,
  type Device,
  type DeviceModel,
  type Driver,
} from '@mapper-sdk/core'
import { openSerialWire } from '@mapper-sdk/core/line'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'
import { serialDriver } from '@mapper-sdk/serial'
import { crc16modbus as crc16 } from 'crc'
import { expect, it } from 'vitest'
import { asciiFrame, asciiPayload, asciiRecipe } from '../support/ascii-device.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'

const frame = { baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none' } as const
const readRequest = 8

/** Unit 1 of Modbus RTU with one register, and a device of another protocol, on one line. */
async function startField(path: string) {
  const wire = await openSerialWire(
    { kind: 'serial', path, ...frame },
    new AbortController().signal,
  )
  const asked = { modbus: 0, ascii: 0 }
  /** What no device understands: bytes that lie in each other. */
  const strange: string[] = []
  const levels = { modbus: 0, ascii: 0 }
  let received = Buffer.alloc(0)
  let writing = Promise.resolve()
  const say = (bytes: Uint8Array) => {
    writing = writing.then(() => wire.write(bytes)).catch(() => undefined)
  }

  /** The bytes of the request at the beginning; 0: it is not complete. */
  function take(): number {
    if (received[0] === 0x23) {
      const end = received.indexOf('\r') + 1
      if (end === 0) return 0
      const payload = asciiPayload(received.subarray(0, end))
      if (payload !== 'L') strange.push(received.toString('hex'))
      asked.ascii++
      say(asciiFrame(`L${levels.ascii}`))
      return end
    }
    if (received.length < readRequest) return 0
    const request = received.subarray(0, readRequest)
    const isWhole = crc16(request.subarray(0, 6)) === request.readUInt16LE(6)
    if (!isWhole || request[0] !== 1 || request[1] !== 3) {
      strange.push(received.toString('hex'))
      return received.length
    }
    asked.modbus++
    const answer = Buffer.from([1, 3, 2, levels.modbus >> 8, levels.modbus & 0xff, 0, 0])
    answer.writeUInt16LE(crc16(answer.subarray(0, 5)), 5)
    say(answer)
    return readRequest
  }

  wire.listen(
    (bytes) => {
      received = Buffer.concat([received, bytes])
      for (let length; received.length > 0 && (length = take()) > 0;) {
        received = received.subarray(length)
      }
    },
    () => undefined,
  )
  return { asked, strange, levels, close: () => wire.close() }
}

it('Modbus RTU and a recipe share a line: no byte lies in a frame of the other, and turns are fair', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  context.onTestFinished(remove)
  const pair = await startSerialPair(folder)
  context.onTestFinished(() => pair.stop())
  const [path, far] = pair.ends
  const field = await startField(far)
  context.onTestFinished(() => field.close())
  field.levels.modbus = 1000
  field.levels.ascii = 2000

  const own = {
    modbus: {
      protocol: { path, baudRate: 115_200, unit: 1, timeoutMs: 1_000 },
      visitor: { table: 'holding', address: 0, type: 'uint16' },
    },
    serial: {
      protocol: { path, baudRate: 115_200, recipeText: asciiRecipe },
      visitor: { value: 'level' },
    },
  }
  const model: DeviceModel = {
    namespace: 'default',
    name: 'meter',
    properties: [{ name: 'level', type: 'INT', accessMode: 'ReadOnly' }],
  }
  const logger = silentLogger
  const connections = createConnections({ logger })
  const stop = new AbortController()
  const mappers = [modbusDriver as Driver, serialDriver as Driver].map((driver) => {
    const { protocol, visitor } = own[driver.protocolName as keyof typeof own]
    const device: Device = {
      ...{ namespace: 'default', name: 'meter', model: 'meter', protocol, methods: [] },
      protocolName: driver.protocolName,
      // As fast as the line can: both want all of it.
      properties: [
        {
          ...{ name: 'level', desired: '', visitor, reportToCloud: true },
          ...{ collectCycle: 10, reportCycle: 0 },
        },
      ],
      stateReport: { toCloud: true, cycleMs: 0 },
    }
    const edge = createFakeEdge()
    edge.apply(device, model)
    const done = runMapper({
      ...{ driver, edge, logger, signal: stop.signal, connections },
      settings: { budget: {}, stateHoldMs: 0 },
    })
    return { edge, done }
  })
  context.onTestFinished(async () => {
    stop.abort()
    await Promise.all(mappers.map(({ done }) => done))
  })
  const { asked } = field
  await until(
    'many questions of both',
    () => asked,
    ({ modbus, ascii }) => modbus + ascii > 300,
    20_000,
  )
  expect(field.strange).toEqual([])
  const share = asked.ascii / (asked.ascii + asked.modbus)
  expect(share).toBeGreaterThan(0.25)
  expect(share).toBeLessThan(0.75)
  expect(mappers.map(({ edge }) => edge.twin('default/meter', 'level')?.reported)).toEqual([
    '1000',
    '2000',
  ])
  for (const { edge } of mappers) {
    expect(new Set(edge.states.map(({ state }) => state))).toEqual(new Set(['ok']))
  }
})
