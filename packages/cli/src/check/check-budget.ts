import type { Finding } from './finding.ts'
import { findingOf } from './document.ts'
import type { DeviceSubject, World } from './subject.ts'

/** What EdgeCore takes a second from all mappers of a node together. */
const callsPerSecond = 1
const twinsPerSecond = 30
/** From here on a value is later than people put up with. */
const longWaitSeconds = 60

/** What the devices of each node may have to say, against what EdgeCore takes. */
export function checkBudget({ devices, mappers }: World): readonly Finding[] {
  if (mappers.some(({ overMqtt }) => overMqtt)) return []
  const nodes = new Map<string, DeviceSubject[]>()
  for (const device of devices) {
    const node = device.cr.spec.nodeName ?? ''
    nodes.set(node, [...(nodes.get(node) ?? []), device])
  }
  return [...nodes].flatMap(([node, group]) => ofNode(node, group))
}

function ofNode(node: string, devices: readonly DeviceSubject[]): readonly Finding[] {
  const talking = devices.filter(({ resolution }) =>
    resolution?.device?.properties.some(({ reportToCloud }) => reportToCloud),
  )
  const [first] = talking
  if (first === undefined) return []
  const loads = talking.map(loadOf)
  const calls = sum(loads.map((load) => load.calls))
  const twins = sum(loads.map((load) => load.twins))
  if (calls <= callsPerSecond && twins <= twinsPerSecond) return []
  const wait = Math.max(
    talking.length / callsPerSecond,
    talking.length * (twins / calls / twinsPerSecond),
  )
  const who = `${talking.length} ${talking.length === 1 ? 'device' : 'devices'}${node === '' ? '' : ` of node ${node}`}`
  const message =
    `${who} may make ${figure(calls)} reports a second with ${figure(twins)} twins, if all values change all the time, ` +
    `and EdgeCore takes ${callsPerSecond} with ${twinsPerSecond} from all mappers of a node; ` +
    `each device is then reported every ${figure(wait)} s, always with its newest values. ` +
    'Longer reportCycles, deadbands or the MQTT uplink make it faster'
  const severity = wait >= longWaitSeconds ? ({ severity: 'warning' } as const) : {}
  const path = ['spec', 'properties']
  return [findingOf(first.resource, { rule: 'report-budget', path, message, ...severity })]
}

/** All changed twins of a device go in one call, at most as often as the fastest of them is due. */
function loadOf({ resolution }: DeviceSubject): { readonly calls: number; readonly twins: number } {
  const reported = (resolution?.device?.properties ?? []).filter((one) => one.reportToCloud)
  const rates = reported.map(({ collectMs, reportMs }) => 1000 / Math.max(collectMs, reportMs, 1))
  return { calls: Math.max(0, ...rates), twins: sum(rates) }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
const figure = (number: number) => String(Number(number.toPrecision(3)))
