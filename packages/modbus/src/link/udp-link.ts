import { createSocket, type Socket } from 'node:dgram'
import { MapperError } from '@mapper-sdk/core'
import { resolveHost } from '@mapper-sdk/core/line'
import { hexOf, judge } from './answer.ts'
import { checkAddress, type HostAddress } from './host-address.ts'
import { datagramIds } from './datagram-ids.ts'
import type { PipelinedLink } from './link.ts'
import { linkOver } from './link-over.ts'
import { datagramFrame } from './mbap.ts'
import { tcpFrame } from './pdu.ts'
import { checkDepth, pipeline, type Call } from './pipeline.ts'

export interface UdpOptions extends HostAddress {
  /** How long finding the address of the host may take. */
  readonly connectTimeoutMs: number
  /** Requests on the way at once, 1 … 16, 1 if left out. More only for devices that queue them. */
  readonly maxInFlight?: number
  /** Told of every datagram that answered nothing: a late one, a double, or no Modbus at all. */
  readonly onDrop?: (dropped: Dropped) => void
}

export interface Dropped {
  /** How many there have been on this link, with this one. */
  readonly count: number
  readonly what: string
}

/** Silences in a row, with nothing at all received between them, after which the address is looked up anew. */
const mostSilences = 3

/**
 * Opens a Modbus UDP link: finds the address of the host and binds a port of its own. That the device
 * is there shows only when it answers. Rejects with `unreachable`, `timeout`, `canceled` or `invalid_config`.
 */
export async function connectUdp(options: UdpOptions, signal: AbortSignal): Promise<PipelinedLink> {
  const { host, port, connectTimeoutMs, maxInFlight = 1, onDrop } = options
  checkAddress(options, connectTimeoutMs)
  checkDepth(maxInFlight)
  const { address, family } = await resolveHost(host, connectTimeoutMs, signal)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const where = `${host}:${port} by UDP`
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
    // From here on the kernel takes datagrams of this peer only, and tells of refusals.
    socket.connect(port, address)
  }).catch((thrown: unknown) => {
    socket.close()
    const { code, detail } = MapperError.from(thrown, 'unreachable')
    throw new MapperError(code, `no way to ${where}: ${detail}`, { cause: thrown })
  })
  socket.removeAllListeners()
  return udpLink(socket, where, maxInFlight, onDrop)
}

/**
 * The transactions over one connected socket. A datagram is whole or not there, so one that is wrong
 * says nothing about the others: it fails the call whose id it bears, or is dropped if it bears none.
 */
export function udpLink(
  socket: Socket,
  where: string,
  depth: number,
  onDrop: UdpOptions['onDrop'] = () => undefined,
): PipelinedLink {
  let dropped = 0
  let lastDrop: { readonly at: number; readonly what: string; readonly alien: boolean } | undefined
  let silences = 0
  let timer: NodeJS.Timeout | undefined

  const calls = pipeline({
    where,
    depth,
    takeId,
    send: (request, id) => socket.send(tcpFrame(request, id), onSent),
    overdue,
    onSettled(id, unanswered) {
      ids.release(id, performance.now())
      if (unanswered?.code !== 'timeout' || ++silences < mostSilences) return
      fail(new MapperError('timeout', `${where} left ${silences} requests in a row unanswered`))
    },
  })
  const ids = datagramIds(calls.inFlight)
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))

  socket.on('message', receive)
  socket.on('error', lose)

  /** A closed port is told by ICMP, which shows at whatever is done with the socket next. */
  function lose(error: NodeJS.ErrnoException): void {
    const why = error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message
    fail(new MapperError('unreachable', `${where}: ${why}`, { cause: error }))
  }

  function onSent(error: Error | null): void {
    if (error !== null) lose(error)
  }

  function takeId(): number | undefined {
    const now = performance.now()
    const id = ids.take(now)
    if (id === undefined) {
      clearTimeout(timer)
      timer = setTimeout(calls.pump, Math.ceil(ids.freeAt() - now) + 1)
    }
    return id
  }

  function receive(bytes: Buffer): void {
    silences = 0
    const frame = datagramFrame(bytes)
    if ('anomaly' in frame) return drop(frame.anomaly, bytes, true)
    const call = calls.inFlight.get(frame.id)
    if (call === undefined) {
      return drop(`transaction ${frame.id}, which waits for no answer`, bytes, false)
    }
    const verdict = judge(call.request, bytes, frame.start, frame.end)
    if ('anomaly' in verdict) {
      const detail = `${where} sent ${verdict.anomaly}: ${hexOf(bytes)}`
      calls.settle(frame.id, new MapperError('bad_data', detail))
    } else calls.settle(frame.id, verdict)
    calls.pump()
  }

  /** `alien`: it cannot even have been an answer to an older request. */
  function drop(anomaly: string, bytes: Buffer, alien: boolean): void {
    const what = `${anomaly}: ${hexOf(bytes)}`
    lastDrop = { at: performance.now(), what, alien }
    onDrop({ count: ++dropped, what })
  }

  function overdue({ request, options, sentAt }: Call): MapperError {
    const silent = `unit ${request.unit} of ${where} did not answer in ${options.timeoutMs} ms`
    if (lastDrop === undefined || lastDrop.at < sentAt) return new MapperError('timeout', silent)
    const code = lastDrop.alien ? 'bad_data' : 'timeout'
    return new MapperError(code, `${silent}; what came was ${lastDrop.what}`)
  }

  function fail(reason: MapperError): void {
    if (calls.failed !== undefined) return
    clearTimeout(timer)
    calls.fail(reason)
    socket.close()
  }

  const link = linkOver({
    highestUnit: 255,
    transact: calls.transact,
    failed: () => calls.failed,
    close: () => {
      fail(new MapperError('canceled', `the link to ${where} was closed`))
      return gone
    },
  })
  return Object.assign(link, { setDepth: calls.setDepth })
}
