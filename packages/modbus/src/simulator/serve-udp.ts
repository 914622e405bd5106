import { createSocket, type RemoteInfo } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { createTimers } from '@mapper-sdk/core/simulating'
import type { Bank } from './bank.ts'
import type { Sending } from './faults.ts'
import { mbapDevice, mbapLength } from './mbap-device.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface UdpSimulator extends ModbusSimulator {
  readonly port: number
}

export interface UdpSimulatorOptions extends SimulatorOptions {
  /** Any free port if left out. */
  readonly port?: number
  /** An IP address; 127.0.0.1 if left out. */
  readonly host?: string
}

const holdMs = 20

/**
 * Serves the bank as a Modbus UDP device. A datagram that is no request is ignored. Rejects when the
 * port cannot be had.
 */
export async function serveUdp(
  bank: Bank,
  options: UdpSimulatorOptions = {},
): Promise<UdpSimulator> {
  const { host = '127.0.0.1', port: wanted = 0 } = options
  const device = mbapDevice(bank, options)
  const timers = createTimers()
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const held: (() => void)[] = []
  let closed = false

  socket.on('message', (frame, peer) => {
    if (frame.length < 8 || mbapLength(frame, 0) !== frame.length) return
    const sending = device.answer(frame)
    if (sending === undefined) return
    if (sending.afterMs > 0) timers.later(sending.afterMs, () => dispatch(sending, peer))
    else dispatch(sending, peer)
  })

  /** `split`: datagrams of a byte each. `withNext`: behind the next answer, so out of order. */
  function dispatch({ bytes, split, twice, withNext, end }: Sending, peer: RemoteInfo): void {
    if (withNext) {
      held.push(() => put(bytes, peer))
      return timers.later(holdMs, release)
    }
    if (split) for (const byte of bytes) put(Buffer.of(byte), peer)
    else if (end !== 'fin') put(bytes, peer)
    if (twice) put(bytes, peer)
    release()
  }

  function release(): void {
    for (const send of held.splice(0)) send()
  }

  function put(bytes: Buffer, { address, port }: RemoteInfo): void {
    if (!closed) socket.send(bytes, port, address, () => undefined)
  }

  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => reject(MapperError.from(error, 'unreachable')))
    socket.bind(wanted, host, resolve)
  })
  socket.on('error', () => undefined)

  return {
    port: socket.address().port,
    get requests() {
      return device.requests
    },
    faults: device.faults,
    mute: device.mute,
    close: () =>
      new Promise((resolve) => {
        timers.stop()
        if (closed) return resolve()
        closed = true
        socket.close(resolve)
      }),
  }
}
