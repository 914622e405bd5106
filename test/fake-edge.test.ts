import { splitId, type Device } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { deviceOf, modelOf } from '@mapper-sdk/edge-sim'
import { edgeSuite, type RigManifest } from '../packages/core/src/edge/edge.suite.ts'

// The fake that core's tests and driver authors use must behave as the real link does.
edgeSuite('the fake edge', async () => {
  const edge = createFakeEdge()
  const protocolName = 'suite-protocol'
  const devices = new Map<string, Device>()
  let model: RigManifest | undefined

  const put = (device: Device) => {
    if (model === undefined) throw new Error('the suite applies the model first')
    devices.set(`${device.namespace}/${device.name}`, device)
    // A fake has one mapper; devices of other protocols are not its business.
    if (device.protocolName === protocolName) edge.apply(device, modelOf(model))
  }

  return {
    edge,
    protocolName,
    namespace: 'default',
    states: 'at-once',
    apply(manifest) {
      if (manifest.kind === 'DeviceModel') model = manifest
      else put(deviceOf(manifest, model))
    },
    remove: (_kind, id) => edge.remove(id),
    setDesired(id, property, value) {
      const device = devices.get(id)
      if (device === undefined) throw new Error(`no device ${id}`)
      const properties = device.properties.map((one) =>
        one.name === property ? { ...one, desired: value } : one,
      )
      put({ ...device, properties })
    },
    twin: (id, property) => edge.twin(id, property),
    state: (id) => edge.states.findLast(({ device }) => device === id)?.state,
    async restart() {
      edge.setUp(false)
      edge.setUp(true)
    },
    stopEdge: async () => edge.setUp(false),
    startEdge: async () => edge.setUp(true),
    async getDevice(id) {
      const known = edge.events?.describe(id)
      const twins = (known?.twins ?? []).map((twin) => `${twin.property}=${twin.reported}`)
      return { name: splitId(known?.device ? id : '/').name, twins }
    },
    close: async () => undefined,
  }
})
