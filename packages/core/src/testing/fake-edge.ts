import { idOf, type Device, type DeviceModel, type DeviceState, type Id } from '../device.ts'
import type { Edge, EdgeEvents, EdgeLimits, EdgeLink, TwinReport } from '../edge/edge.ts'
import { MapperError } from '../errors.ts'

/** KubeEdge in memory, behind the same port as the real one. */
export interface FakeEdge extends Edge {
  /** Creates or changes a device, as EdgeCore would deliver it: its model first, if that is new or changed. */
  apply(device: Device, model: DeviceModel): void
  remove(device: Id): void
  /** EdgeCore comes and goes. It is up at first. */
  setUp(up: boolean): void
  /** From now on every call is refused as too many. */
  setThrottled(throttled: boolean): void
  /** From now on twins of this property are refused for the reason; undefined ends it. */
  refuse(property: string, reason: string | undefined): void
  /** Called before a report is answered; may delay it or throw. */
  before: (report: TwinReport) => Promise<void>
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
  const refusals = new Map<string, string>()
  const states: { device: Id; state: DeviceState }[] = []
  let events: EdgeEvents | undefined
  let up = true
  let throttled = false
  let calls = 0
  let registrations = 0

  const modelsNow = () => [
    ...new Map([...devices.values()].map(({ model }) => [idOf(model), model])).values(),
  ]

  const call = (signal: AbortSignal): 'accepted' | 'throttled' => {
    calls++
    if (events === undefined || signal.aborted) throw new MapperError('canceled', 'stopped')
    if (!up) throw new MapperError('edge_unavailable', 'the edge is away')
    return throttled ? 'throttled' : 'accepted'
  }

  const link: EdgeLink = {
    async register(signal) {
      if (call(signal) === 'throttled') return 'throttled'
      registrations++
      return { devices: [...devices.values()].map(({ device }) => device), models: modelsNow() }
    },
    async reportTwins(report, signal) {
      const receipt = call(signal)
      if (receipt === 'throttled') return receipt
      await fake.before(report)
      reports.push(report)
      const properties = devices.get(report.device)?.device.properties
      const refused = report.twins.flatMap(({ property }) => {
        const reason = refusals.get(property)
        return reason === undefined ? [] : [{ property, reason }]
      })
      for (const { property, reported, observedDesired } of report.twins) {
        if (refusals.has(property)) continue
        if (!properties?.some(({ name }) => name === property)) continue
        twins.set(`${report.device}/${property}`, { reported, observedDesired })
      }
      return refused.length > 0 ? { refused } : receipt
    },
    async reportState(device, state, signal) {
      const receipt = call(signal)
      if (receipt === 'accepted') states.push({ device, state })
      return receipt
    },
    close: async () => void (events = undefined),
  }

  const fake: FakeEdge = {
    before: async () => undefined,
    limits: { ...unlimited, ...limits },
    async open(next) {
      events = next
      queueMicrotask(() => events?.link(up))
      return link
    },
    apply(device, model) {
      const id = idOf(device)
      const news = !modelsNow().some((one) => JSON.stringify(one) === JSON.stringify(model))
      devices.set(id, { device, model })
      if (!up) return
      if (news) events?.model(model)
      events?.device(device)
    },
    remove(id) {
      const model = devices.get(id)?.model
      devices.delete(id)
      if (!up) return
      const last = model !== undefined && !modelsNow().some((one) => idOf(one) === idOf(model))
      if (last) events?.modelRemoved(idOf(model))
      events?.deviceRemoved(id)
    },
    setUp(next) {
      up = next
      events?.link(up, up ? undefined : 'the edge was stopped')
    },
    refuse(property, reason) {
      if (reason === undefined) refusals.delete(property)
      else refusals.set(property, reason)
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
  return fake
}
