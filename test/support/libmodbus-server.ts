import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAsk } from './ask.ts'
import { startChild } from './child.ts'
import type { ForeignServer, Place } from './foreign-server.ts'
import { decodePlace, encodePlace, sizeOf } from './place-codec.ts'
import { until } from './until.ts'

const source = fileURLToPath(new URL('libmodbus_server.c', import.meta.url))

/** Compiles the server into the folder; undefined without a C compiler or without libmodbus. */
export function compileLibmodbusServer(folder: string): string | undefined {
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'libmodbus'], { encoding: 'utf8' })
  if (flags.status !== 0) return undefined
  const program = path.join(folder, 'libmodbus-server')
  const { status } = spawnSync('cc', ['-o', program, source, ...flags.stdout.trim().split(/\s+/)])
  return status === 0 ? program : undefined
}

/** Starts libmodbus' server: over TCP, or on the serial port `tty`, whose other end is `peer`. */
export async function startLibmodbusServer(
  program: string,
  line?: { readonly tty: string; readonly peer: string },
): Promise<ForeignServer> {
  const child = startChild(program, line === undefined ? ['tcp'] : ['rtu', line.tty])
  const ask = createAsk(child)
  const [ready] = await until(
    'libmodbus serves',
    () => child.objects,
    (objects) => objects.length > 0,
  )
  const isBit = ({ table }: Place) => table === 'coil' || table === 'discrete'
  return {
    protocol:
      line === undefined
        ? { host: '127.0.0.1', port: Number(ready?.['ready']), unit: 1 }
        : { path: line.peer, baudRate: 115_200, unit: 1 },
    async put(place, value) {
      const bytes = isBit(place) ? undefined : encodePlace(place, value)
      const words =
        bytes === undefined
          ? [value === 'true' ? 1 : 0]
          : Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16BE(2 * at))
      await ask({ do: `put ${place.table} ${place.address} ${words.join(' ')}` })
    },
    async take(place) {
      const count = isBit(place) ? 1 : sizeOf(place) / 2
      const answer = await ask({ do: `take ${place.table} ${place.address} ${count}` })
      const words = answer['words'] as readonly number[]
      if (isBit(place)) return String(words[0] === 1)
      return decodePlace(place, Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff])))
    },
    stop: async () => void (await child.stop()),
  }
}
