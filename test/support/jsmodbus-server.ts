import { server as servers } from 'jsmodbus'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { ForeignServer } from './foreign-server.ts'
import { decodePlace, encodePlace, sizeOf } from './place-codec.ts'

const registers = 1000

/** Starts jsmodbus' TCP server. Its store is four buffers, which are set and read directly. */
export async function startJsmodbusServer(): Promise<ForeignServer> {
  const tcp = createServer()
  const sockets = new Set<Socket>()
  tcp.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  const bank = new servers.TCP(tcp, {
    coils: Buffer.alloc(registers),
    discrete: Buffer.alloc(registers),
    holding: Buffer.alloc(2 * registers),
    input: Buffer.alloc(2 * registers),
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const { port } = tcp.address() as AddressInfo
  const buffers = {
    coil: bank.coils,
    discrete: bank.discrete,
    holding: bank.holding,
    input: bank.input,
  }
  return {
    protocol: { host: '127.0.0.1', port, unit: 1 },
    async put(place, value) {
      const { table, address } = place
      const buffer = buffers[table]
      if (table === 'coil' || table === 'discrete') {
        const [byte, mask] = [address >> 3, 1 << (address & 7)]
        const old = buffer.readUInt8(byte)
        buffer.writeUInt8(value === 'true' ? old | mask : old & ~mask, byte)
      } else encodePlace(place, value).copy(buffer, 2 * address)
    },
    async take(place) {
      const { table, address } = place
      const buffer = buffers[table]
      if (table === 'coil' || table === 'discrete') {
        return String(((buffer.readUInt8(address >> 3) >> (address & 7)) & 1) === 1)
      }
      const bytes = Buffer.from(buffer.subarray(2 * address, 2 * address + sizeOf(place)))
      return decodePlace(place, bytes)
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => tcp.close(() => resolve()))
    },
  }
}
