import type { MapperError } from '../errors.ts'

/** An open serial port, or a socket that stands for one: bytes out, bytes in, and why it ended. */
export interface Wire {
  /** As people write it: `/dev/ttyUSB0 at 9600 8N1`, `192.0.2.7:4001`. */
  readonly name: string
  /** Time of one character on the wire, in ms; 0 where it is not known. */
  readonly characterMs: number
  /**
   * Resolves when the system has taken all bytes. Rejects with the reason when the wire is lost; a wire
   * that does not take them in time is given up.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Throws away what the system has received and nobody has seen. */
  discardInput(): Promise<void>
  /** At most one of each; set them in the turn in which the wire opened. */
  listen(onBytes: (bytes: Buffer) => void, onLost: (reason: MapperError) => void): void
  close(): Promise<void>
}

/** A serial port and how it is set. */
export interface SerialSettings {
  readonly kind: 'serial'
  /** Has to lead to a terminal under /dev; links such as /dev/serial/by-id/… are followed. */
  readonly path: string
  readonly baudRate: number
  readonly dataBits: 5 | 6 | 7 | 8
  readonly stopBits: 1 | 2
  readonly parity: 'none' | 'even' | 'odd'
  /** Switches the transmitter by RTS, for converters that do not do so by themselves. */
  readonly rs485?: boolean
  readonly flowControl?: 'none' | 'hardware' | 'software'
  /** Levels of the two lines while the port is open; as the system sets them if left out. */
  readonly dtr?: boolean
  readonly rts?: boolean
}

/** A device server or gateway that passes bytes on between a TCP socket and a line. */
export interface TcpSettings {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
}

/** A device or device server that takes and sends datagrams; each is handed on as one piece. */
export interface UdpSettings {
  readonly kind: 'udp'
  readonly host: string
  readonly port: number
  /** For devices that send to a fixed port, from whatever port of theirs; left out: any free one. */
  readonly localPort?: number
  readonly connectTimeoutMs: number
}

export type WireSettings = SerialSettings | TcpSettings | UdpSettings

/** The name of a wire with these settings; two that differ cannot share one. */
export function wireName(settings: WireSettings): string {
  if (settings.kind === 'tcp') return `${settings.host}:${settings.port}`
  if (settings.kind === 'udp') {
    const { host, port, localPort } = settings
    return `${host}:${port} by UDP${localPort === undefined ? '' : ` to port ${localPort}`}`
  }
  const { path, baudRate, dataBits, parity, stopBits, rs485, flowControl = 'none' } = settings
  const levels = [levelOf('DTR', settings.dtr), levelOf('RTS', settings.rts)].join('')
  const frame = `${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
  const flow = flowControl === 'none' ? '' : ` ${flowControl} flow control`
  return `${path} at ${baudRate} ${frame}${rs485 === true ? ' RS-485' : ''}${flow}${levels}`
}

const levelOf = (line: string, level: boolean | undefined) =>
  level === undefined ? '' : ` ${line} ${level ? 'on' : 'off'}`
