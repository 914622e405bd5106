import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { Wire } from '@mapper-sdk/core/line'

/** Stands between the software and the device: bytes of one TCP connection go to a wire and back. */
export interface Relay {
  readonly port: number
  /** The wire that leads to the device from now on; undefined: it is lost, and so is the connection. */
  attach(wire: Wire | undefined): void
  /** From the device. */
  receive(bytes: Uint8Array): void
  close(): Promise<void>
}

export interface RelayEvents {
  /** Bytes for the device, before they go to it. */
  onBytes(bytes: Uint8Array): void
  /** What happened to the connection, in a sentence. */
  onNote(text: string): void
}

/** Bytes that software may leave unread before it is given up. */
const mostUnread = 1 << 20

/** Listens on the loopback interface alone; port 0 takes a free one. Rejects with `unreachable`. */
export async function createRelay(port: number, { onBytes, onNote }: RelayEvents): Promise<Relay> {
  let software: Socket | undefined
  let device: Wire | undefined

  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    if (device === undefined || software !== undefined) {
      const why = device === undefined ? 'the device is not there' : 'there is one already'
      onNote(`a connection was refused: ${why}`)
      return void socket.destroy()
    }
    software = socket
    onNote('the software has connected')
    socket.on('data', (bytes) => {
      if (device === undefined) return
      onBytes(bytes)
      // No more is taken from it than the device takes.
      socket.pause()
      device.write(bytes).then(
        () => void socket.resume(),
        () => void socket.destroy(),
      )
    })
    socket.once('close', () => {
      if (software !== socket) return
      software = undefined
      onNote('the software has closed its connection')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const detail = `cannot listen on port ${port}: ${cause.message}`
      reject(new MapperError('unreachable', detail, { cause }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })

  return {
    port: (server.address() as AddressInfo).port,
    attach(wire) {
      device = wire
      if (wire === undefined) software?.destroy()
    },
    receive(bytes) {
      if (software === undefined) return
      software.write(bytes)
      if (software.writableLength > mostUnread) software.destroy()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        software?.destroy()
      }),
  }
}
