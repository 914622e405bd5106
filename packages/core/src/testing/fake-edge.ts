import { idOf, type Device, type DeviceModel, type DeviceState, type Id } from '../device.ts'
import type { Edge, EdgeEvents, EdgeLimits, EdgeLink, Receipt, TwinReport } from '../edge/edge.ts'
import { MapperError } from '../errors.ts'

/** KubeEdge in memory, behind the same port as the real one. */
export interface FakeEdge extends Edge {
  /** Creates or changes a device (with its model), as EdgeCore would deliver it. */
  apply(device: Device, model: DeviceModel): void
  remove(device: Id): void
  /** EdgeCore comes and goes. It is up at first. */
  setUp(up: boolean): void
  /** From now on every call is refused as too many. */
  setThrottled(throttled: boolean): void
  readonly reports: readonly TwinReport[]
  readonly states: readonly { readonly device: Id; readonly state: DeviceState }[]
  /** What EdgeCore was last told of a twin. */
  twin(device: Id, property: string): { reported: string; observedDesired: string } | undefined
  readonly calls: number
  readonly registrations: number
  readonly events: EdgeEvents | undefined
}

const unlimited: EdgeLimits = {
  callsPerSecond: Infinity,
  burst: Infinity,
  twinsPerSecond: Infinity,
  twinsPerCall: Infinity,
}

export function createFakeEdge(limits: Partial<EdgeLimits> = {}): FakeEdge {
  const devices = new Map<Id, { device: Device; model: DeviceModel }>()
  const twins = new Map<string, { reported: string; observedDesired: string }>()
  const reports: TwinReport[] = []
  const states: { device: Id; state: DeviceState }[] = []
  let events: EdgeEvents | undefined
  let up = true
  let throttled = false
  let calls = 0
  let registrations = 0

  const call = (signal: AbortSignal): Receipt => {
    calls++
    if (signal.aborted) throw new MapperError('canceled', 'stopped')
    if (!up) throw new MapperError('edge_unavailable', 'the edge is away')
    return throttled ? 'throttled' : 'accepted'
  }

  const link: EdgeLink = {
    async register(signal) {
      if (call(signal) === 'throttled') return 'throttled'
      registrations++
      const all = [...devices.values()]
      return { devices: all.map(({ device }) => device), models: all.map(({ model }) => model) }
    },
    async reportTwins(report, signal) {
      const receipt = call(signal)
      if (receipt === 'throttled') return receipt
      reports.push(report)
      if (!devices.has(report.device)) return receipt
      for (const { property, reported, observedDesired } of report.twins) {
        twins.set(`${report.device}/${property}`, { reported, observedDesired })
      }
      return receipt
    },
    async reportState(device, state, signal) {
      const receipt = call(signal)
      if (receipt === 'accepted') states.push({ device, state })
      return receipt
    },
    close: async () => void (events = undefined),
  }

  return {
    limits: { ...unlimited, ...limits },
    async open(next) {
      events = next
      queueMicrotask(() => events?.link(up))
      return link
    },
    apply(device, model) {
      const id = idOf(device)
      const known = devices.has(id)
      devices.set(id, { device, model })
      if (!up) return
      if (!known) events?.model(model)
      events?.device(device)
    },
    remove(id) {
      devices.delete(id)
      if (up) events?.deviceRemoved(id)
    },
    setUp(next) {
      up = next
      events?.link(up, up ? undefined : 'the edge was stopped')
    },
    setThrottled: (next) => void (throttled = next),
    reports,
    states,
    twin: (device, property) => twins.get(`${device}/${property}`),
    get calls() {
      return calls
    },
    get registrations() {
      return registrations
    },
    get events() {
      return events
    },
  }
}
