import { stat } from 'node:fs/promises'
import type { SerialPort } from 'serialport'
import { MapperError, type ErrorCode } from '../errors.ts'
import { canceled } from '../time.ts'
import { serialPath } from './serial-path.ts'
import { wireName, type SerialSettings, type Wire } from './wire.ts'

const closeMs = 1000
/** How often is looked whether the device is still there, in ms. */
const lookMs = 1000

/**
 * Opens a serial port. Every wire has a SerialPort object of its own: a write to a closed one would
 * be kept and sent after its next opening.
 */
export async function openSerialWire(settings: SerialSettings, signal: AbortSignal): Promise<Wire> {
  const { baudRate, dataBits, stopBits, parity, rs485 = false, flowControl, dtr, rts } = settings
  if (!Number.isInteger(baudRate) || baudRate < 50 || baudRate > 10_000_000) {
    throw new MapperError('invalid_config', `baud rate ${String(baudRate)} is not in 50 … 10000000`)
  }
  const path = await serialPath(settings.path)
  if (signal.aborted) throw canceled(signal)
  const { SerialPort: Port } = await import('serialport')
  const flow = {
    rtscts: flowControl === 'hardware',
    xon: flowControl === 'software',
    xoff: flowControl === 'software',
  }
  const port = new Port({ path, baudRate, dataBits, stopBits, parity, ...flow, autoOpen: false })
  let onBytes: (bytes: Buffer) => void = () => undefined
  let onLost: (reason: MapperError) => void = () => undefined
  let lost: MapperError | undefined
  let look: NodeJS.Timeout | undefined

  port.on('data', (bytes: Buffer) => onBytes(bytes))
  port.on('error', (error: Error) => lose('failed', error))
  port.on('close', (error: Error | null) => lose('is gone', error ?? undefined))
  await opened(port, settings.path, signal)

  // The system does not always say that an idle port is gone (node-serialport 2043). Its file says so.
  if (lost === undefined) {
    look = setInterval(() => {
      stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') lose('is gone')
      })
    }, lookMs)
  }

  function lose(what: string, cause?: Error): void {
    if (lost !== undefined) return
    clearInterval(look)
    const why = cause === undefined ? '' : `: ${cause.message}`
    lost = new MapperError('unreachable', `serial port ${settings.path} ${what}${why}`, { cause })
    onLost(lost)
    void closed(port)
  }

  const characterBits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits
  const characterMs = (characterBits * 1000) / baudRate

  /** A port operation that cannot outlive its deadline. Modem bits may be missing; that is no failure. */
  const done = (start: (callback: (error?: Error | null) => void) => void, withinMs: number) =>
    new Promise<Error | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(new Error(`not done in ${withinMs} ms`)), withinMs)
      start((error) => {
        clearTimeout(timer)
        resolve(error ?? undefined)
      })
    })
  const sendMs = (bytes: number) => Math.ceil(1000 + 2 * bytes * characterMs)

  async function write(bytes: Uint8Array): Promise<void> {
    if (rs485 && port.isOpen) await done((call) => port.set({ rts: true }, call), closeMs)
    if (lost === undefined && port.isOpen) {
      const error = await done((call) => port.write(Buffer.from(bytes), call), sendMs(bytes.length))
      if (error !== undefined) lose('does not take bytes', error)
    } else lose('is not open')
    if (lost !== undefined) throw lost
    if (!rs485) return
    await done((call) => port.drain(call), sendMs(bytes.length))
    if (port.isOpen) await done((call) => port.set({ rts: false }, call), closeMs)
  }

  const levels = { ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) }
  if (Object.keys(levels).length > 0) await done((call) => port.set(levels, call), closeMs)

  return {
    name: wireName(settings),
    characterMs,
    write,
    discardInput: async () => {
      if (port.isOpen) await done((call) => port.flush(call), closeMs)
    },
    listen(bytes, ended) {
      onBytes = bytes
      onLost = ended
      if (lost !== undefined) ended(lost)
    },
    close: async () => {
      clearInterval(look)
      lost ??= new MapperError('canceled', `serial port ${settings.path} was closed`)
      await closed(port)
    },
  }
}

function opened(port: SerialPort, path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(canceled(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    port.open((error) => {
      signal.removeEventListener('abort', onAbort)
      if (error !== null) return reject(openError(path, error))
      if (signal.aborted) void closed(port)
      resolve()
    })
  })
}

/** The binding gives no error codes, only the text of the system. */
function openError(path: string, error: Error): MapperError {
  const fail = (code: ErrorCode, hint = '') =>
    new MapperError(code, `serial port ${path}: ${error.message}${hint}`, { cause: error })
  if (/permission denied/i.test(error.message)) {
    const right = 'the user of the mapper needs the right to read and write it'
    return fail('access_denied', ` (${right}, mostly by the group dialout)`)
  }
  const isTaken = /lock|busy/i.test(error.message)
  return fail('unreachable', isTaken ? ' (another process has it open)' : '')
}

/** Closes once, and never waits for a port that does not let go. */
function closed(port: SerialPort): Promise<void> {
  if (port.closing) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, closeMs)
      port.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  if (!port.isOpen) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, closeMs)
    port.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
