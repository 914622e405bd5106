import { openSerialWire } from '@mapper-sdk/core/line'
import type { Bank } from './bank.ts'
import { lineDevice } from './line-device.ts'
import type { LineFraming } from './line-frames.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface SerialSimulatorOptions extends SimulatorOptions {
  readonly path: string
  /** 9600 if left out; 8N1, with ASCII 7E1. */
  readonly baudRate?: number
  /** RTU if left out. */
  readonly framing?: LineFraming
}

/** Serves the bank as the units of a serial line; a unit that is not there is silent. */
export async function serveSerial(
  bank: Bank,
  { path, baudRate = 9600, framing = 'rtu', ...options }: SerialSimulatorOptions,
): Promise<ModbusSimulator> {
  const character =
    framing === 'rtu'
      ? ({ dataBits: 8, parity: 'none' } as const)
      : ({ dataBits: 7, parity: 'even' } as const)
  const wire = await openSerialWire(
    { kind: 'serial', path, baudRate, stopBits: 1, ...character },
    new AbortController().signal,
  )
  let writing = Promise.resolve()
  const put = (bytes: Buffer) => {
    writing = writing.then(() => wire.write(bytes)).catch(() => undefined)
  }
  const device = lineDevice(bank, { ...options, framing, put })
  wire.listen(device.receive, () => undefined)
  return {
    get requests() {
      return device.requests
    },
    faults: device.faults,
    mute: device.mute,
    close: async () => {
      device.stop()
      await wire.close()
    },
  }
}
