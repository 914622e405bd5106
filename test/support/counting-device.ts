import { fileURLToPath } from 'node:url'
import { createAsk } from './ask.ts'
import { startChild, type Child } from './child.ts'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

const script = fileURLToPath(new URL('counting-device.mjs', import.meta.url))

export interface DeviceStats {
  /** Connections since it was started last. */
  readonly accepted: number
  /** Connections that are open now. */
  readonly connections: number
  /** Read requests since it was started last. */
  readonly requests: number
  /** The device's clock, in ms. */
  readonly atMs: number
}

/** A Modbus device that can be killed, that counts, and whose registers outlive it. */
export interface CountingDevice {
  /** `spec.protocol.configData` of a device that reaches it, whether it is up or not. */
  readonly protocol: Readonly<Record<string, string | number>>
  /** All writes that it ever took, in their order. */
  readonly writes: readonly { readonly address: number; readonly value: number }[]
  /** Resolves when it listens. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Sets a holding register, at once if it is up, else for its next life. */
  set(address: number, value: number): Promise<void>
  register(address: number): number | undefined
  stats(): Promise<DeviceStats>
}

export async function createCountingDevice(): Promise<CountingDevice> {
  const port = await freePort()
  const memory = new Map<number, number>()
  const writes: { address: number; value: number }[] = []
  let life: { readonly child: Child; readonly ask: ReturnType<typeof createAsk> } | undefined
  return {
    protocol: { host: '127.0.0.1', port, unit: 1, timeoutMs: 500 },
    writes,
    async start() {
      const json = JSON.stringify(Object.fromEntries(memory))
      const child = startChild(process.execPath, [script, String(port), json])
      child.onObject(({ address, value }) => {
        if (typeof address !== 'number' || typeof value !== 'number') return
        memory.set(address, value)
        writes.push({ address, value })
      })
      life = { child, ask: createAsk(child) }
      await until(
        'the device listens',
        () => child.lines,
        () => child.objects.some((line) => 'listening' in line),
      )
    },
    async kill() {
      const { child } = life ?? {}
      life = undefined
      await child?.kill()
    },
    async set(address, value) {
      memory.set(address, value)
      await life?.ask({ op: 'set', address, value })
    },
    register: (address) => memory.get(address),
    async stats() {
      if (life === undefined) throw new Error('the device is down')
      return (await life.ask({ op: 'stats' })) as unknown as DeviceStats
    },
  }
}
