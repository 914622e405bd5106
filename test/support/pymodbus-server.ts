import { fileURLToPath } from 'node:url'
import { createAsk } from './ask.ts'
import { startChild } from './child.ts'
import type { ForeignServer } from './foreign-server.ts'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

const script = fileURLToPath(new URL('pymodbus_server.py', import.meta.url))

/** Where the server is reached: a free port, or the serial port `tty`, whose other end is `peer`. */
export type Wire =
  | { readonly kind: 'tcp' | 'udp' | 'rtu-over-tcp' | 'ascii-over-tcp' }
  /** Files in PEM. */
  | { readonly kind: 'tls'; readonly cert: string; readonly key: string }
  | { readonly kind: 'rtu' | 'ascii'; readonly tty: string; readonly peer: string }

/** Starts pymodbus' server in a process of its own. */
export async function startPymodbusServer(python: string, wire: Wire): Promise<ForeignServer> {
  const port = await freePort()
  const where =
    'tty' in wire ? [wire.tty] : [String(port), ...('cert' in wire ? [wire.cert, wire.key] : [])]
  const child = startChild(python, [script, wire.kind, ...where])
  const ask = createAsk(child)
  await until(
    'pymodbus serves',
    () => (child.end === undefined ? child.objects : child.lines),
    () => child.objects.some((line) => 'ready' in line),
  )
  return {
    protocol:
      'tty' in wire
        ? { transport: wire.kind, path: wire.peer, baudRate: 115_200, dataBits: 8, unit: 1 }
        : { transport: wire.kind, host: '127.0.0.1', port, unit: 1 },
    put: async (place, value) => void (await ask({ op: 'put', ...place, value })),
    take: async (place) => String((await ask({ op: 'take', ...place }))['value']),
    stop: async () => void (await child.stop()),
  }
}
