import type { Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { hexOf, judge, type Anomaly } from './answer.ts'
import { checkAddress, type HostAddress } from './host-address.ts'
import type { PipelinedLink } from './link.ts'
import { linkOver } from './link-over.ts'
import { splitFrames } from './mbap.ts'
import { tcpFrame, type Request } from './pdu.ts'
import { checkDepth, pipeline } from './pipeline.ts'
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

/** Silences in a row, with nothing at all received between them, after which the connection is dead. */
const mostSilences = 3
/** Ids that are still owed an answer are not used again; a connection that owes this many is given up. */
const mostOwed = 4096

/**
 * Opens a Modbus TCP connection. Rejects with `unreachable`, `timeout`, `canceled`, `invalid_config`, and
 * with TLS also `access_denied`.
 */
export async function connectTcp(options: TcpOptions, signal: AbortSignal): Promise<PipelinedLink> {
  const { host, port, connectTimeoutMs, maxInFlight = 1, tls } = options
  checkAddress(options, connectTimeoutMs)
  checkDepth(maxInFlight)
  const socket =
    tls === undefined
      ? await tcpConnect(options, connectTimeoutMs, signal)
      : await tlsConnect(options, tls, connectTimeoutMs, signal)
  return tcpLink(socket, `${host}:${port}`, maxInFlight)
}

/**
 * The transactions of one connection. Answers are matched by id and held against their request; the
 * first anomaly ends the connection, because a stream that was wrong once can be wrong anywhere.
 */
export function tcpLink(socket: Socket, where: string, depth: number): PipelinedLink {
  /** Ids whose call is over but whose answer may still come, to be thrown away. */
  const owed = new Set<number>()
  /** What came of an answer that is not whole, and where in it the bytes were in pieces. */
  let rest: Buffer | undefined
  let cuts: number[] = []
  let lastId = 0
  let silences = 0
  let corked = false
  const calls = pipeline({
    where,
    depth,
    takeId,
    send,
    overdue: ({ request, options }) =>
      new MapperError(
        'timeout',
        `unit ${request.unit} of ${where} did not answer in ${options.timeoutMs} ms`,
      ),
    onSettled,
  })
  const { inFlight } = calls
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

  function takeId(): number {
    // Id 0 is left out: nothing looks more like an id of 0 than the data of an idle device.
    do lastId = (lastId % 0xffff) + 1
    while (inFlight.has(lastId) || owed.has(lastId))
    return lastId
  }

  function send(request: Request, id: number): void {
    // Requests that follow one another in a turn share one system call.
    if (calls.depth > 1 && !corked) {
      corked = true
      socket.cork()
      queueMicrotask(() => {
        corked = false
        socket.uncork()
      })
    }
    socket.write(tcpFrame(request, id))
  }

  function receive(chunk: Buffer): void {
    if (calls.failed !== undefined) return
    silences = 0
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    if (rest !== undefined) cuts.push(rest.length)
    const split = splitFrames(bytes, { inFlight, owed }, cuts)
    if ('anomaly' in split) return distrust(split, bytes)
    // All of a chunk is checked before any of it is believed.
    for (const { id, start, end } of split.frames) {
      const call = inFlight.get(id)
      if (call === undefined ? !owed.delete(id) : call.answer !== undefined) {
        return distrust({ anomaly: `transaction ${id} twice` }, bytes)
      }
      if (call === undefined) continue
      const verdict = judge(call.request, bytes, start, end)
      if ('anomaly' in verdict) return distrust(verdict, bytes)
      call.answer = verdict
    }
    rest = split.rest === bytes.length ? undefined : bytes.subarray(split.rest)
    if (cuts.length > 0) {
      cuts = rest === undefined ? [] : cuts.map((cut) => cut - split.rest).filter((cut) => cut > 0)
    }
    for (const { id } of split.frames) {
      const answer = inFlight.get(id)?.answer
      if (answer !== undefined) calls.settle(id, answer)
    }
    calls.pump()
  }

  /** The answer to a call that was given up may still come, so its id stays taken. */
  function onSettled(id: number, unanswered: MapperError | undefined): void {
    if (unanswered === undefined) return
    owed.add(id)
    if (unanswered.code !== 'timeout') return
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

  function fail(reason: MapperError): void {
    if (calls.failed !== undefined) return
    calls.fail(reason)
    rest = undefined
    owed.clear()
    socket.destroy()
  }

  const link = linkOver({
    highestUnit: 255,
    transact: calls.transact,
    failed: () => calls.failed,
    close: () => {
      fail(new MapperError('canceled', `the connection to ${where} was closed`))
      return gone
    },
  })
  return Object.assign(link, { setDepth: calls.setDepth })
}
