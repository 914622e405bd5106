import { openSerialWire, type SerialSettings } from '@mapper-sdk/core/line'
import type { SimulatedDevice } from './simulated-device.ts'
import { simulatedLine } from './simulated-line.ts'
import type { SerialSimulator, SimulatorOptions } from './simulator.ts'

export interface SerialSimulatorOptions
  extends SimulatorOptions, Partial<Omit<SerialSettings, 'kind' | 'path'>> {
  /** The port; 9600 8N1 if nothing else is said. */
  readonly path: string
}

/** Serves devices on a serial port. Rejects when it cannot be opened. */
export async function serveSerial(
  devices: readonly SimulatedDevice[],
  { path, faults, delayMs, forgetMs, ...settings }: SerialSimulatorOptions,
): Promise<SerialSimulator> {
  const wire = await openSerialWire(
    {
      ...{ baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
      ...settings,
      kind: 'serial',
      path,
    },
    new AbortController().signal,
  )
  let writing = Promise.resolve()
  const line = simulatedLine(devices, {
    ...(faults && { faults }),
    ...(delayMs !== undefined && { delayMs }),
    ...(forgetMs !== undefined && { forgetMs }),
    characterMs: wire.characterMs,
    put(bytes) {
      writing = writing.then(() => wire.write(bytes)).catch(() => undefined)
    },
  })
  wire.listen(line.receive, line.stop)
  return {
    ...line,
    get requests() {
      return line.requests
    },
    close: async () => {
      line.stop()
      await wire.close()
    },
  }
}
