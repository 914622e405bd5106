import type { Finding, Remark } from './finding.ts'
import { findingOf } from './document.ts'
import type { DeviceSubject, World } from './subject.ts'

/** Names of protocols that lead devices and models away from the mapper that they are for. */
export const checkProtocols = (world: World): readonly Finding[] => [
  ...world.devices.flatMap((device) => say(device, mapper(device, world))),
  ...models(world),
]

const say = ({ resource }: DeviceSubject, remark: Remark | undefined) =>
  remark === undefined ? [] : [findingOf(resource, remark)]

function mapper({ device, driver }: DeviceSubject, { mappers }: World): Remark | undefined {
  const { protocolName } = device
  if (driver === undefined || driver.protocolName === protocolName) return undefined
  if (mappers.some(({ protocol }) => protocol === protocolName)) return undefined
  const path = ['spec', 'protocol', 'protocolName']
  const message = `is ${protocolName}, but a mapper with the driver ${driver.protocolName} registers for ${driver.protocolName}; write that, or common.protocol: ${protocolName} in the mapper's file`
  return { rule: 'protocol-mapper', path, message }
}

function models({ models, devices }: World): readonly Finding[] {
  return models.flatMap(({ resource, cr }): readonly Finding[] => {
    const { protocol } = cr.spec
    const own = devices.filter(({ model }) => model?.resource === resource)
    const other = own.find(({ device }) => device.protocolName !== protocol)
    if (other === undefined) return []
    const { id } = other.resource
    const { protocolName } = other.device
    const isUnset = protocol === undefined || protocol === ''
    const message = isUnset
      ? `has no protocol, so that EdgeCore sends changes of the model to no mapper; add protocol: ${protocolName}, as in the device ${id}`
      : `is ${protocol}, but the protocol of the device ${id} is ${protocolName}; EdgeCore sends changes of the model to a mapper for ${protocol} only`
    const path = isUnset ? ['spec'] : ['spec', 'protocol']
    const severity = isUnset ? ({ severity: 'note' } as const) : {}
    return [findingOf(resource, { rule: 'model-protocol', path, message, ...severity })]
  })
}
