import { create, type MessageInitShape } from '@bufbuild/protobuf'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, vi } from 'vitest'
import type { EdgeEvents } from '../edge.ts'
import { createDmiEdge } from './dmi-edge.ts'
import { connectTo, recordEvents, recordLog, startEdgeCore } from './edgecore.suite.ts'
import * as pb from './gen/dmi_pb.ts'

export const folder = fs.mkdtempSync(path.join(tmpdir(), 'dmi-'))
fs.chmodSync(folder, 0o755)
let counter = 0
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

export const signal = new AbortController().signal
export const eventually = (check: () => unknown) =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 })

export async function setUp(overrides: Partial<EdgeEvents> = {}, callTimeoutMs?: number) {
  const number = counter++
  const socketPath = path.join(folder, `m${number}.sock`)
  const edgecoreSocketPath = path.join(folder, `dmi${number}.sock`)
  const { events, seen, links } = recordEvents(overrides)
  const { logger, lines } = recordLog()
  const edge = createDmiEdge({
    mapper: { name: 'm', version: 'v1', apiVersion: 'v1.0.0', protocol: 'modbus' },
    socketPath,
    edgecoreSocketPath,
    logger,
    ...(callTimeoutMs !== undefined && { callTimeoutMs }),
  })
  const open = async (abort?: AbortSignal) => {
    const link = await edge.open(events, abort ?? signal)
    cleanUps.push(() => link.close())
    return link
  }
  const edgecore = async (handlers?: Parameters<typeof startEdgeCore>[1]) => {
    const server = await startEdgeCore(edgecoreSocketPath, handlers)
    cleanUps.push(() => server.stop())
    return server
  }
  const caller = (options?: Parameters<typeof connectTo>[1]) => {
    const client = connectTo(socketPath, options)
    cleanUps.push(() => client.close())
    return client
  }
  return { socketPath, edgecoreSocketPath, edge, open, edgecore, caller, seen, links, lines }
}

export const device = (name: string, more: MessageInitShape<typeof pb.DeviceSchema> = {}) =>
  create(pb.DeviceSchema, { name, namespace: 'default', ...more })
export const message = {
  register: (name: string) => create(pb.RegisterDeviceRequestSchema, { device: device(name) }),
  update: (name: string) => create(pb.UpdateDeviceRequestSchema, { device: device(name) }),
  remove: (deviceName: string, deviceNamespace = 'default') =>
    create(pb.RemoveDeviceRequestSchema, { deviceName, deviceNamespace }),
  model: (name: string) =>
    create(pb.CreateDeviceModelRequestSchema, { model: { name, namespace: 'default' } }),
  updateModel: (name: string) =>
    create(pb.UpdateDeviceModelRequestSchema, { model: { name, namespace: 'default' } }),
  removeModel: (modelName: string) =>
    create(pb.RemoveDeviceModelRequestSchema, { modelName, modelNamespace: 'default' }),
}
