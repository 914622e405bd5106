import { idOf } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { backoffMs, systemClock, type Clock } from '../../time.ts'
import type { Edge, EdgeEvents, EdgeLimits, EdgeLink } from '../edge.ts'
import { createManagerClient } from './client.ts'
import { decodeModel } from './decode.ts'
import { encodeRegister, encodeState, type MapperIdentity } from './encode.ts'
import { createIntake } from './intake.ts'
import { encodeReport } from './report-bytes.ts'
import { createMapperServer } from './server.ts'
import { claimSocket, type SocketClaim } from './socket.ts'

export interface DmiOptions {
  readonly mapper: MapperIdentity
  /**
   * Absolute path of the mapper's own socket. EdgeCore dials this very text, so it must be the same
   * on the host and in the mapper's container, and stay the same for good.
   */
  readonly socketPath: string
  /** EdgeCore's socket; `/etc/kubeedge/dmi.sock` if left out. */
  readonly edgecoreSocketPath?: string
  readonly logger: Logger
  readonly clock?: Clock
  /** 5000 if left out. */
  readonly callTimeoutMs?: number
  /** What EdgeCore takes; the defaults are those of all its releases so far. */
  readonly limits?: Partial<EdgeLimits>
}

/**
 * EdgeCore takes 1 call a second and 100 at once, of all mappers together. It sends on 30 twins a
 * second; at just that pace, what once was queued there would never drain.
 */
const edgecoreLimits: EdgeLimits = {
  callsPerSecond: 1,
  burst: 100,
  twinsPerSecond: 27,
  twinsPerCall: 1000,
}

/** The link over DMI: gRPC on Unix sockets, both ways; KubeEdge 1.15 and later. */
export function createDmiEdge(options: DmiOptions): Edge {
  return {
    limits: { ...edgecoreLimits, ...options.limits },
    open: (events, signal) => openLink(options, events, signal),
  }
}

async function openLink(
  options: DmiOptions,
  events: EdgeEvents,
  signal: AbortSignal,
): Promise<EdgeLink> {
  const { mapper, socketPath, logger, clock = systemClock, callTimeoutMs = 5000 } = options
  if (mapper.protocol === '') {
    throw new MapperError('invalid_config', 'the mapper has no protocol; EdgeCore refuses that')
  }
  const intake = createIntake(logger)
  const server = createMapperServer(events, intake, logger)
  let closed = false

  // EdgeCore can be reached, and can reach us: only both together make a link.
  let edgecore: { up: boolean; reason?: string } = { up: false }
  let listening = true
  const announce = () => {
    if (closed) return
    try {
      if (!listening) events.link(false, `${socketPath} is not ours at the moment`)
      else events.link(edgecore.up, edgecore.reason)
    } catch (error) {
      logger.error({ err: error }, 'the mapper failed to follow the link')
    }
  }

  let cancelReclaim = () => {}
  const reclaim = async (attempt: number) => {
    try {
      const next = await claim()
      if (closed) return next.release()
      held = next
      listening = true
      logger.info({ socket: socketPath }, 'listening again')
      announce()
    } catch (error) {
      const first = attempt === 0
      logger[first ? 'error' : 'debug']({ err: error }, `cannot listen on ${socketPath} again`)
      if (closed) return
      cancelReclaim = clock.after(backoffMs(attempt, Math.random), () => void reclaim(attempt + 1))
    }
  }
  const claim = (): Promise<SocketClaim> =>
    claimSocket(
      socketPath,
      {
        connection: (socket) => server.accept(socket),
        lost(reason) {
          logger.warn({ socket: socketPath }, `${reason}; taking it again`)
          held.release()
          listening = false
          announce()
          void reclaim(0)
        },
      },
      clock,
    )

  // Listen first: EdgeCore may call back the moment it knows us.
  let held = await claim()
  const client = createManagerClient({
    socketPath: options.edgecoreSocketPath ?? '/etc/kubeedge/dmi.sock',
    callTimeoutMs,
    onLink(up, reason) {
      edgecore = { up, ...(reason !== undefined && { reason }) }
      announce()
    },
  })

  const shutDown = async () => {
    closed = true
    signal.removeEventListener('abort', onAbort)
    cancelReclaim()
    held.release()
    client.close()
    await server.close()
  }
  let closing: Promise<void> | undefined
  const close = () => (closing ??= shutDown())
  const onAbort = () => void close()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()

  return {
    async register(signal) {
      const reply = await client.register(encodeRegister(mapper, socketPath), signal)
      if (reply === 'throttled') return reply
      // One model for each device comes back, the same one many times over.
      const models = new Map(reply.modelList.map(decodeModel).map((model) => [idOf(model), model]))
      const devices = reply.deviceList
        .filter(({ name }) => name !== '')
        .map((device) => intake.device(device))
      return { devices, models: [...models.values()] }
    },
    async reportTwins(report, signal) {
      const reply = await client.reportStatus(encodeReport(report), signal)
      return reply === 'throttled' ? reply : 'accepted'
    },
    async reportState(device, state, signal) {
      const reply = await client.reportStates(encodeState(device, state), signal)
      return reply === 'throttled' ? reply : 'accepted'
    },
    close,
  }
}
