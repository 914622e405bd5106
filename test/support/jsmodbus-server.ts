import { server as servers } from 'jsmodbus'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { ForeignServer, Place } from './foreign-server.ts'

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
      } else reorder(encode(place, value), place).copy(buffer, 2 * address)
    },
    async take(place) {
      const { table, address } = place
      const buffer = buffers[table]
      if (table === 'coil' || table === 'discrete') {
        return String(((buffer.readUInt8(address >> 3) >> (address & 7)) & 1) === 1)
      }
      const bytes = Buffer.from(buffer.subarray(2 * address, 2 * address + sizeOf(place)))
      return decode(place, reorder(bytes, place))
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => tcp.close(() => resolve()))
    },
  }
}

const sizes = { 16: 2, 32: 4, 64: 8 } as const
const sizeOf = ({ type, length = 0 }: Place) =>
  type === 'string' ? 2 * length : sizes[type.slice(-2) as '16' | '32' | '64']

/** Between big-endian bytes and the place's orders, in both directions. */
function reorder(bytes: Buffer, { byteOrder, wordOrder }: Place): Buffer {
  if (wordOrder === 'little') bytes.reverse().swap16()
  return byteOrder === 'little' ? bytes.swap16() : bytes
}

function encode(place: Place, value: string): Buffer {
  const bytes = Buffer.alloc(sizeOf(place))
  switch (place.type) {
    case 'int16':
      bytes.writeInt16BE(Number(value))
      break
    case 'uint16':
      bytes.writeUInt16BE(Number(value))
      break
    case 'int32':
      bytes.writeInt32BE(Number(value))
      break
    case 'uint32':
      bytes.writeUInt32BE(Number(value))
      break
    case 'int64':
      bytes.writeBigInt64BE(BigInt(value))
      break
    case 'uint64':
      bytes.writeBigUInt64BE(BigInt(value))
      break
    case 'float32':
      bytes.writeFloatBE(Number(value))
      break
    case 'float64':
      bytes.writeDoubleBE(Number(value))
      break
    default:
      bytes.write(value)
  }
  return bytes
}

function decode(place: Place, bytes: Buffer): string {
  switch (place.type) {
    case 'int16':
      return String(bytes.readInt16BE())
    case 'uint16':
      return String(bytes.readUInt16BE())
    case 'int32':
      return String(bytes.readInt32BE())
    case 'uint32':
      return String(bytes.readUInt32BE())
    case 'int64':
      return String(bytes.readBigInt64BE())
    case 'uint64':
      return String(bytes.readBigUInt64BE())
    case 'float32':
      return String(bytes.readFloatBE())
    case 'float64':
      return String(bytes.readDoubleBE())
    default:
      return bytes.toString().replace(/\0+$/, '')
  }
}
