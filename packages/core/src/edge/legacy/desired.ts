import type { Device } from '../../device.ts'
import { numberOf, recordOf, textOf } from './json.ts'

/** A wish that EdgeCore told of, and when it was made by EdgeCore's clock; 0: it did not say. */
export interface Wish {
  readonly property: string
  readonly value: string
  readonly at: number
}

/** The wishes of `twin/update/delta` or `twin/get/result`; none of what is no such message. */
export function readWishes(payload: string): Wish[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(payload)
  } catch {
    return []
  }
  const message = recordOf(parsed)
  const twins = recordOf(message?.['twin']) ?? {}
  const delta = recordOf(message?.['delta'])
  const names = delta === undefined ? Object.keys(twins) : Object.keys(delta)
  return names.flatMap((property) => {
    const expected = recordOf(own(recordOf(own(twins, property)), 'expected'))
    const value = delta === undefined ? expected?.['value'] : own(delta, property)
    // A wish that was withdrawn or never made: the device keeps what it has.
    if (value === undefined || value === null || typeof value === 'object') return []
    const at = numberOf(recordOf(expected?.['metadata'])?.['timestamp'])
    return [{ property, value: textOf(value), at: at || numberOf(message?.['timestamp']) }]
  })
}

const own = (from: Readonly<Record<string, unknown>> | undefined, key: string) =>
  from !== undefined && Object.hasOwn(from, key) ? from[key] : undefined

/** The newest wish of every property of every device, on top of those in the file. */
export interface Wishes {
  /** True if it is news: not older than what is known, and not the same. */
  take(device: Device, wish: Wish, wall: number): boolean
  /** The device with the newest wishes. A wish that changed in the file is newer than any heard before. */
  apply(device: Device): Device
  forget(name: string): void
}

interface Known {
  /** What the file said when it was last read. */
  file: string
  heard?: { readonly value: string; readonly at: number }
}

export function createWishes(): Wishes {
  const devices = new Map<string, Map<string, Known>>()
  return {
    take(device, { property, value, at }, wall) {
      const known = devices.get(device.name)?.get(property)
      if (known === undefined) return false
      // A clock that was set back must not make all later wishes look old.
      const newest = Math.min(known.heard?.at ?? 0, wall)
      if (at !== 0 && at < newest) return false
      const isNews = value !== (known.heard?.value ?? known.file)
      known.heard = { value, at: Math.max(at, newest) }
      return isNews
    },
    apply(device) {
      const before = devices.get(device.name)
      const known = new Map<string, Known>()
      const properties = device.properties.map((property) => {
        const old = before?.get(property.name)
        const heard = old?.file === property.desired ? old.heard : undefined
        known.set(property.name, { file: property.desired, ...(heard && { heard }) })
        return heard === undefined ? property : { ...property, desired: heard.value }
      })
      devices.set(device.name, known)
      return { ...device, properties }
    },
    forget: (name) => void devices.delete(name),
  }
}
