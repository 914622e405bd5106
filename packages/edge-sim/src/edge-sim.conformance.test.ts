import { create } from '@bufbuild/protobuf'
import { createDmiEdge, silentLogger, splitId, type Id } from '@mapper-sdk/core'
import { deviceMapperService, GetDeviceRequestSchema } from '@mapper-sdk/core/dmi'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { edgeSuite, type EdgeRig, type RigManifest } from '../../core/src/edge/edge.suite.ts'
import { startEdgeSim } from './edge-sim.ts'
import { behaviourOf, type KubeEdgeVersion } from './version.ts'

const protocolName = 'suite-protocol'

async function rigOf(version: KubeEdgeVersion): Promise<EdgeRig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-sim-'))
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const socketPath = path.join(folder, 'mapper.sock')
  const sim = await startEdgeSim({ socketPath: edgecoreSocketPath, version })
  const behaviour = behaviourOf(version)
  return {
    edge: createDmiEdge({
      mapper: { name: 'suite', version: 'v1', apiVersion: 'v1beta1', protocol: protocolName },
      ...{ socketPath, edgecoreSocketPath, logger: silentLogger },
    }),
    protocolName,
    namespace: 'default',
    states: behaviour.states === 'unimplemented' ? 'unsupported' : behaviour.states,
    apply: (manifest) => sim.apply(behaviour.twinsMustExist ? withTwins(manifest) : manifest),
    remove: (kind, id) => sim.remove(kind, id),
    setDesired: (device, property, value) => sim.setDesired(device, property, value),
    twin: (device, property) => sim.twin(device, property),
    state: (device) => sim.cloud().find(({ id }) => id === device)?.state,
    restart: () => sim.restart(100),
    stopEdge: () => sim.stopEdgeCore(),
    startEdge: () => sim.startEdgeCore(),
    getDevice: (device) => getDevice(socketPath, device),
    async close() {
      await sim.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Who writes CRs for 1.15 lists the twins in the status, or nothing ever shows there. */
function withTwins(manifest: RigManifest): RigManifest {
  if (manifest.kind === 'DeviceModel') return manifest
  const properties = manifest.spec['properties'] as readonly { name: string }[]
  const twins = properties.map(({ name }) => ({ propertyName: name }))
  return { ...manifest, status: { twins } } as RigManifest
}

/** As a person asks with grpcurl. */
async function getDevice(socketPath: string, device: Id) {
  const { namespace: deviceNamespace, name: deviceName } = splitId(device)
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure())
  const { path, requestSerialize, responseDeserialize } = deviceMapperService.GetDevice
  try {
    return await new Promise<{ name: string; twins: string[] }>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        create(GetDeviceRequestSchema, { deviceName, deviceNamespace }),
        new Metadata(),
        { deadline: Date.now() + 5000 },
        (error, reply) => {
          if (!reply?.device) return reject(error ?? new Error('no device'))
          const { name, status } = reply.device
          const twins = (status?.twins ?? []).map(
            ({ propertyName, reported }) => `${propertyName}=${reported?.value}`,
          )
          resolve({ name, twins })
        },
      )
    })
  } finally {
    client.close()
  }
}

for (const version of ['1.15', '1.17', '1.20', '1.22', '1.23'] as const) {
  edgeSuite(`DMI with KubeEdge ${version}`, () => rigOf(version))
}
