import type { Socket } from 'node:net'
import { MapperError, canceled } from '@mapper-sdk/core'
import { abortWatch } from './abort-watch.ts'
import { hexOf, judge, type Anomaly } from './answer.ts'
import { checkAddress, type HostAddress } from './host-address.ts'
import type { Answer, ModbusLink, RequestOptions } from './link.ts'
import { linkOver } from './link-over.ts'
import { splitFrames } from './mbap.ts'
import { tcpFrame, type Request } from './pdu.ts'
import { socketFailure } from './socket-failure.ts'
import { tcpConnect } from './tcp-connect.ts'
import { tlsConnect, type TlsOptions } from './tls-connect.ts'

export interface TcpOptions extends HostAddress {
  readonly connectTimeoutMs: number
  /** Requests on the way at once, 1 … 16, 1 if left out. More only for devices that queue them. */
  readonly maxInFlight?: number
  /** Modbus/TCP Security instead of plain Modbus TCP. */
  readonly tls?: TlsOptions
}

interface Call {
  readonly request: Request
  readonly options: RequestOptions
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: MapperError) => void
  deadline: number
  /** Set between the check of a chunk and its end. */
  answer?: Answer
}

const mostInFlight = 16
const mostWaiting = 10_000
/** Silences in a row, with nothing at all received between them, after which the connection is dead. */
const mostSilences = 3
/** Ids that are still owed an answer are not used again; a connection that owes this many is given up. */
const mostOwed = 4096

/**
 * Opens a Modbus TCP connection. Rejects with `unreachable`, `timeout`, `canceled`, `invalid_config`, and
 * with TLS also `access_denied`.
 */
export async function connectTcp(options: TcpOptions, signal: AbortSignal): Promise<ModbusLink> {
  const { host, port, connectTimeoutMs, maxInFlight = 1, tls } = options
  checkAddress(options, connectTimeoutMs)
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1) {
    const detail = `maxInFlight ${String(maxInFlight)} is not in 1 … ${mostInFlight}`
    throw new MapperError('invalid_config', detail)
  }
  const socket =
    tls === undefined
      ? await tcpConnect(options, connectTimeoutMs, signal)
      : await tlsConnect(options, tls, connectTimeoutMs, signal)
  return tcpLink(socket, `${host}:${port}`, Math.min(maxInFlight, mostInFlight))
}

/**
 * The transactions of one connection. Answers are matched by id and held against their request; the
 * first anomaly ends the connection, because a stream that was wrong once can be wrong anywhere.
 */
export function tcpLink(socket: Socket, where: string, depth: number): ModbusLink {
  const inFlight = new Map<number, Call>()
  const waiting: Call[] = []
  /** Ids whose call is over but whose answer may still come, to be thrown away. */
  const owed = new Set<number>()
  const signals = abortWatch(onAbort)
  /** What came of an answer that is not whole, and where in it the bytes were in pieces. */
  let rest: Buffer | undefined
  let cuts: number[] = []
  let failed: MapperError | undefined
  let lastId = 0
  let silences = 0
  let corked = false
  let timer: NodeJS.Timeout | undefined
  let armedFor = Infinity
  const gone = new Promise<void>((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

  socket.on('data', receive)
  socket.on('error', (error) => fail(socketFailure(error, where)))
  socket.on('end', () => fail(new MapperError('unreachable', `${where} closed the connection`)))
  const onClose = () => fail(new MapperError('unreachable', `the connection to ${where} is gone`))
  socket.on('close', onClose)
  if (socket.destroyed) onClose()

  function transact(request: Request, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (waiting.length >= mostWaiting) {
        return reject(new MapperError('internal', `${mostWaiting} requests wait for ${where}`))
      }
      const call: Call = { request, options, resolve, reject, deadline: 0 }
      signals.hold(options.signal)
      if (inFlight.size < depth) transmit(call)
      else waiting.push(call)
    })
  }

  function transmit(call: Call): void {
    // Id 0 is left out: nothing looks more like an id of 0 than the data of an idle device.
    do lastId = (lastId % 0xffff) + 1
    while (inFlight.has(lastId) || owed.has(lastId))
    inFlight.set(lastId, call)
    call.deadline = performance.now() + call.options.timeoutMs
    if (call.deadline < armedFor) arm(call.deadline)
    // Requests that follow one another in a turn share one system call.
    if (depth > 1 && !corked) {
      corked = true
      socket.cork()
      queueMicrotask(() => {
        corked = false
        socket.uncork()
      })
    }
    socket.write(tcpFrame(call.request, lastId))
  }

  function pump(): void {
    while (failed === undefined && inFlight.size < depth) {
      const call = waiting.shift()
      if (call === undefined) return
      transmit(call)
    }
  }

  function receive(chunk: Buffer): void {
    if (failed !== undefined) return
    silences = 0
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    if (rest !== undefined) cuts.push(rest.length)
    const split = splitFrames(bytes, { inFlight, owed }, cuts)
    if ('anomaly' in split) return distrust(split, bytes)
    // All of a chunk is checked before any of it is believed.
    for (const { id, start, end } of split.frames) {
      const call = inFlight.get(id)
      if (call === undefined) {
        if (!owed.delete(id)) return distrust({ anomaly: `transaction ${id} twice` }, bytes)
        continue
      }
      if (call.answer !== undefined) return distrust({ anomaly: `transaction ${id} twice` }, bytes)
      const verdict = judge(call.request, bytes, start, end)
      if ('anomaly' in verdict) return distrust(verdict, bytes)
      call.answer = verdict
    }
    rest = split.rest === bytes.length ? undefined : bytes.subarray(split.rest)
    if (cuts.length > 0) {
      cuts = rest === undefined ? [] : cuts.map((cut) => cut - split.rest).filter((cut) => cut > 0)
    }
    for (const { id } of split.frames) {
      const call = inFlight.get(id)
      if (call?.answer === undefined) continue
      inFlight.delete(id)
      signals.release(call.options.signal)
      call.resolve(call.answer)
    }
    pump()
  }

  /** One timer for all: it goes off at the earliest deadline it was armed for and looks again. */
  function arm(deadline: number): void {
    clearTimeout(timer)
    armedFor = deadline
    const ms = Math.min(Math.max(1, deadline - performance.now()), 2 ** 31 - 1)
    // An answer that already waits in the socket goes first, however late this process is.
    timer = setTimeout(() => setImmediate(expire), Math.ceil(ms))
  }

  function expire(): void {
    if (failed !== undefined) return
    armedFor = Infinity
    const now = performance.now()
    let next = Infinity
    for (const [id, call] of inFlight) {
      if (call.deadline > now) {
        next = Math.min(next, call.deadline)
        continue
      }
      const { request, options } = call
      const detail = `unit ${request.unit} of ${where} did not answer in ${options.timeoutMs} ms`
      abandon(id, call, new MapperError('timeout', detail))
    }
    if (failed === undefined && next < armedFor) arm(next)
    pump()
  }

  function onAbort(signal: AbortSignal): void {
    const reason = canceled(signal)
    for (let at = waiting.length - 1; at >= 0; at--) {
      const call = waiting[at]
      if (call?.options.signal !== signal) continue
      waiting.splice(at, 1)
      end(call, reason)
    }
    for (const [id, call] of inFlight) {
      if (call.options.signal === signal) abandon(id, call, reason)
    }
    pump()
  }

  /** Gives up a call that was sent. Its answer may still come, so its id stays taken. */
  function abandon(id: number, call: Call, error: MapperError): void {
    inFlight.delete(id)
    owed.add(id)
    end(call, error)
    if (error.code !== 'timeout') return
    silences++
    if (rest !== undefined) {
      // Waiting on would let the next answer fill up the one that stopped.
      distrust({ anomaly: 'an answer that stopped in the middle' }, rest)
    } else if (silences >= mostSilences) {
      fail(new MapperError('timeout', `${where} left ${silences} requests in a row unanswered`))
    } else if (owed.size >= mostOwed) {
      fail(new MapperError('timeout', `${where} left ${mostOwed} requests unanswered`))
    }
  }

  function distrust({ anomaly }: Anomaly, bytes: Buffer): void {
    fail(new MapperError('bad_data', `${where} sent ${anomaly}: ${hexOf(bytes)}`))
  }

  function end(call: Call, error: MapperError): void {
    signals.release(call.options.signal)
    call.reject(error)
  }

  function fail(reason: MapperError): void {
    if (failed !== undefined) return
    failed = reason
    clearTimeout(timer)
    signals.stop()
    rest = undefined
    for (const call of [...inFlight.values(), ...waiting]) call.reject(reason)
    inFlight.clear()
    owed.clear()
    waiting.length = 0
    socket.destroy()
  }

  return linkOver({
    highestUnit: 255,
    transact,
    failed: () => failed,
    close: () => {
      fail(new MapperError('canceled', `the connection to ${where} was closed`))
      return gone
    },
  })
}
