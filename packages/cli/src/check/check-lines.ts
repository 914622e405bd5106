import type { Finding } from './finding.ts'
import { findingOf } from './document.ts'
import { settingsOf, type Settings } from './line-settings.ts'
import type { DeviceSubject } from './subject.ts'

/** What devices do to each other where they meet: on a serial line, at an address. */
export const checkLines = (
  devices: readonly DeviceSubject[],
  lines: ReadonlyMap<DeviceSubject, Settings>,
): readonly Finding[] => [...onLines(lines), ...addresses(devices)]

/** Words of a line that all its devices share. */
const wordsOfLine = ['baudRate', 'dataBits', 'parity', 'stopBits', 'flowControl', 'rs485']

function onLines(lines: ReadonlyMap<DeviceSubject, Settings>): readonly Finding[] {
  const groups = groupBy(
    [...lines.keys()],
    (device) => `${nodeOf(device)} ${String(lines.get(device)?.['path'])}`,
  )
  return groups.flatMap(([first, ...others]) =>
    others.flatMap((other) => clash([first, other], [lines.get(first), lines.get(other)])),
  )
}

/** The first of the two came first; what is wrong is told of the other. */
function clash(
  [left, right]: readonly [DeviceSubject, DeviceSubject],
  [other = {}, mine = {}]: readonly [Settings | undefined, Settings | undefined],
): readonly Finding[] {
  const at = ['spec', 'protocol', 'configData']
  const port = String(mine['path'])
  if (left.driver?.protocolName !== right.driver?.protocolName) {
    const message = `is ${port}, which ${left.resource.id} uses for ${left.device.protocolName}; two mappers cannot have one port`
    return [findingOf(right.resource, { rule: 'line-shared', path: [...at, 'path'], message })]
  }
  return wordsOfLine.flatMap((word): readonly Finding[] => {
    if (mine[word] === undefined || other[word] === undefined) return []
    if (mine[word] === other[word]) return []
    const message = `is ${String(mine[word])}, but ${left.resource.id} sets the line ${port} to ${String(other[word])}; write the same for both`
    return [findingOf(right.resource, { rule: 'line-settings', path: [...at, word], message })]
  })
}

function addresses(devices: readonly DeviceSubject[]): readonly Finding[] {
  const groups = groupBy(devices, (device) => {
    const { unit, recipe, recipeText } = settingsOf(device)
    // Of other protocols nothing says what makes two devices the same.
    if (unit === undefined && recipe === undefined && recipeText === undefined) return undefined
    const key = device.resolution?.device?.connectionKey ?? ''
    return `${nodeOf(device)} ${device.driver?.protocolName} ${String(unit)} ${key}`
  })
  return groups.flatMap(([first, ...others]) =>
    others.map((other) => {
      const { unit } = settingsOf(other)
      const key = other.resolution?.device?.connectionKey ?? ''
      const where = unit === undefined ? key : `unit ${String(unit)} at ${key}`
      const message = `is the device of ${first.resource.id} again: ${where}; give one of them another address, or put all properties into one`
      const path = ['spec', 'protocol', 'configData']
      return findingOf(other.resource, { rule: 'device-shared', path, message })
    }),
  )
}

/** Ports and private networks are those of a node. */
const nodeOf = ({ cr }: DeviceSubject) => cr.spec.nodeName ?? ''

type Group = readonly [DeviceSubject, ...DeviceSubject[]]

/** Those with the same key, in their order; without a key a device is in no group. */
function groupBy(
  devices: readonly DeviceSubject[],
  keyOf: (device: DeviceSubject) => string | undefined,
): readonly Group[] {
  const groups = new Map<string, [DeviceSubject, ...DeviceSubject[]]>()
  for (const device of devices) {
    const key = keyOf(device)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [device])
    else group.push(device)
  }
  return [...groups.values()]
}
