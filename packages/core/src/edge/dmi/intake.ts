import { idOf, type Device, type Id } from '../../device.ts'
import type { Logger } from '../../log.ts'
import { decodeDevice } from './decode.ts'
import { isRoutable } from './encode.ts'
import type * as pb from './gen/dmi_pb.ts'

/** Decodes the devices of one link and tells the log what is wrong with them, each thing once. */
export function createIntake(logger: Logger): {
  device(message: pb.Device): Device
  forget(id: Id): void
} {
  const told = new Map<Id, string>()
  const namespaces = new Set<string>()

  return {
    device(message) {
      const { device, issues } = decodeDevice(message)
      const id = idOf(device)
      // Old EdgeCores send every device again after each report: the same trouble is told once.
      const trouble = issues.join('; ')
      if (trouble !== '' && told.get(id) !== trouble) {
        logger.warn({ device: id, issues }, `${id}: parts of its configuration cannot be used`)
      }
      if (trouble === '') told.delete(id)
      else told.set(id, trouble)
      if (!isRoutable(device.namespace) && !namespaces.has(device.namespace)) {
        namespaces.add(device.namespace)
        logger.error(
          { namespace: device.namespace, device: id },
          `EdgeCore silently drops everything reported for devices in the namespace '${device.namespace}', because that name is part of its topic '$hw/events/device/'; move them to another namespace`,
        )
      }
      return device
    },
    forget: (id) => void told.delete(id),
  }
}
