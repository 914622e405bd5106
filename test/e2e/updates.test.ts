import { create } from '@bufbuild/protobuf'
import {
  CreateDeviceModelRequestSchema,
  DeviceModelSchema,
  DeviceSchema,
  RegisterDeviceRequestSchema,
  RemoveDeviceRequestSchema,
  toAny,
  UpdateDeviceRequestSchema,
  type Device,
} from '@mapper-sdk/core/dmi'
import path from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { startBlackHole } from '../support/black-hole.ts'
import { callMapper } from '../support/call-mapper.ts'
import { createCountingDevice } from '../support/counting-device.ts'
import { mapperSocket, startMapper } from '../support/mapper-process.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

/** The mapper as a process. There is no EdgeCore but the test itself. */
async function startAlone({ onTestFinished }: TestContext) {
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const mapper = await startMapper({ folder, edgecore: path.join(folder, 'dmi.sock') })
  onTestFinished(() => void mapper.stop())
  const socket = mapperSocket({ folder })
  const model = create(DeviceModelSchema, {
    name: 'plant',
    namespace: 'default',
    spec: { properties: [{ name: 'setpoint', type: 'INT', accessMode: 'ReadWrite' }] },
  })
  await until(
    'the mapper takes a model',
    () =>
      callMapper(socket, 'CreateDeviceModel', create(CreateDeviceModelRequestSchema, { model })),
    () => true,
  )
  return { mapper, socket }
}

const cycleMs = 250

function plant(config: Readonly<Record<string, string | number>>, desired: number): Device {
  const data = Object.entries(config).map(([key, value]) => [key, toAny(value)] as const)
  return create(DeviceSchema, {
    name: 'plant',
    namespace: 'default',
    spec: {
      deviceModelReference: 'plant',
      protocol: { protocolName: 'modbus', configData: { data: Object.fromEntries(data) } },
      properties: [
        {
          name: 'setpoint',
          desired: { value: String(desired) },
          visitors: { protocolName: 'modbus', configData: { data: { address: toAny(1) } } },
          collectCycle: BigInt(cycleMs),
          reportToCloud: true,
        },
      ],
    },
  })
}

it('takes 1000 equal updates as none: 0 reconnects, 0 missed polls, 0 writes', async (context) => {
  const device = await createCountingDevice()
  context.onTestFinished(() => device.kill())
  await device.start()
  const { mapper, socket } = await startAlone(context)
  const message = () => plant(device.protocol, 7)
  const request = create(RegisterDeviceRequestSchema, { device: message() })
  await callMapper(socket, 'RegisterDevice', request)
  await until(
    'the desired value in the device',
    () => device.register(1),
    (value) => value === 7,
  )
  const before = await device.stats()
  for (let count = 0; count < 1000; count++) {
    await callMapper(
      socket,
      'UpdateDevice',
      create(UpdateDeviceRequestSchema, { device: message() }),
    )
  }
  const after = await until(
    'more polls',
    () => device.stats(),
    ({ requests }) => requests >= before.requests + 8,
  )
  const polls = after.requests - before.requests
  const cycles = (after.atMs - before.atMs) / cycleMs
  expect(polls).toBeGreaterThan(cycles - 2)
  expect(polls).toBeLessThan(cycles + 2)
  expect([after.accepted, after.connections]).toEqual([1, 1])
  expect(device.writes).toEqual([{ address: 1, value: 7 }])
  expect(await mapper.stop()).toBe(0)
}, 60_000)

it('answers every call while the device says nothing', async (context) => {
  const hole = await startBlackHole()
  context.onTestFinished(() => hole.stop())
  const { mapper, socket } = await startAlone(context)
  const protocol = { host: '127.0.0.1', port: hole.port }
  const slowest = { ms: 0 }
  const call = async (...args: Parameters<typeof callMapper>) => {
    slowest.ms = Math.max(slowest.ms, await callMapper(...args))
  }
  for (let round = 0; round < 50; round++) {
    const device = plant(protocol, round)
    await call(socket, 'RegisterDevice', create(RegisterDeviceRequestSchema, { device }))
    // A desired value alone, then another connection, each while a call to the device is hanging.
    for (const changed of [plant(protocol, 1000 + round), plant({ ...protocol, unit: 2 }, round)]) {
      await call(socket, 'UpdateDevice', create(UpdateDeviceRequestSchema, { device: changed }))
    }
    const gone = { deviceName: 'plant', deviceNamespace: 'default' }
    await call(socket, 'RemoveDevice', create(RemoveDeviceRequestSchema, gone))
  }
  // EdgeCore gives up after 10 s; the mapper answers in milliseconds, on a machine of any speed in less than this.
  expect(slowest.ms).toBeLessThan(2000)
  expect(await mapper.stop()).toBe(0)
}, 60_000)
