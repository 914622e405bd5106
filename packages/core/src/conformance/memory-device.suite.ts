import type { Value } from '../driver.ts'
import { MapperError } from '../errors.ts'

/** A device of a protocol in memory, as its drivers see it: questions, answers, and a cable. */
export interface MemoryDevice {
  readonly cells: Map<string, Value>
  readonly watchers: Set<(name: string) => void>
  requests: number
  isCut: boolean
  isSilent: boolean
  /** Those who wait for an answer that does not come; called when the cable is cut. */
  readonly waiting: Set<(error: MapperError) => void>
  /** Answers in a later turn, or never. */
  ask<T>(answer: () => T, signal: AbortSignal): Promise<T>
  set(name: string, value: Value): void
}

/** Cells that a driver does not get at. */
const refused = { locked: 'access_denied' } as const

export const cutError = () => new MapperError('unreachable', 'the cable is cut')

export function createMemoryDevice(): MemoryDevice {
  const device: MemoryDevice = {
    cells: new Map<string, Value>([
      ['speed', 1500],
      ['total', 9_007_199_254_740_993n],
      ['level', 21.5],
      ['name', 'pump 1'],
      ['raw', Uint8Array.of(0, 1, 254, 255)],
      ['on', true],
    ]),
    watchers: new Set(),
    waiting: new Set(),
    requests: 0,
    isCut: false,
    isSilent: false,
    ask: (answer, signal) =>
      new Promise((resolve, reject) => {
        if (device.isCut) return reject(cutError())
        if (signal.aborted) return reject(MapperError.from(signal.reason, 'canceled'))
        device.requests++
        const fail = (error: MapperError) => {
          device.waiting.delete(fail)
          signal.removeEventListener('abort', onAbort)
          reject(error)
        }
        const onAbort = () => fail(MapperError.from(signal.reason, 'canceled'))
        signal.addEventListener('abort', onAbort, { once: true })
        device.waiting.add(fail)
        if (device.isSilent) return
        setImmediate(() => {
          if (!device.waiting.delete(fail)) return
          signal.removeEventListener('abort', onAbort)
          resolve(answer())
        })
      }),
    set(name, value) {
      device.cells.set(name, value)
      for (const watcher of device.watchers) watcher(name)
    },
  }
  return device
}

/** What the device says of a cell. */
export function cellOf(device: MemoryDevice, name: string): Value | MapperError {
  if (Object.hasOwn(refused, name)) return new MapperError('access_denied', `${name} is locked`)
  return device.cells.get(name) ?? new MapperError('rejected', `there is no ${name}`)
}
