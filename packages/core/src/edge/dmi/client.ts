import {
  Client,
  connectivityState,
  credentials,
  status,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { MapperError } from '../../errors.ts'
import { canceled } from '../../time.ts'
import { diagnose } from './diagnose.ts'
import type * as pb from './gen/dmi_pb.ts'
import { deviceManagerService } from './methods.ts'

export interface ManagerClient {
  register(
    request: pb.MapperRegisterRequest,
    signal: AbortSignal,
  ): Promise<pb.MapperRegisterResponse | 'throttled'>
  reportStatus(
    /** A ReportDeviceStatusRequest in bytes. */
    request: Buffer,
    signal: AbortSignal,
  ): Promise<pb.ReportDeviceStatusResponse | 'throttled'>
  reportStates(
    request: pb.ReportDeviceStatesRequest,
    signal: AbortSignal,
  ): Promise<pb.ReportDeviceStatesResponse | 'throttled'>
  /** Fails the calls in flight. Any number of times. */
  close(): void
}

export interface ManagerClientOptions {
  readonly socketPath: string
  readonly callTimeoutMs: number
  /** The connection came up, is not there yet, or was lost; called when that or the reason changes. */
  readonly onLink: (up: boolean, reason?: string) => void
}

/**
 * No keepalive: EdgeCore ends a connection that pings more often than every five minutes, and a
 * closed socket shows at once anyway. Back-off stays short, so that a restarted EdgeCore is found
 * within a second; the idle time-out is the longest a timer can take, so that the link stays watched.
 */
const options = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
  // The reply to a registration holds all devices of the node.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
}

/** A lasting connection to EdgeCore's DeviceManagerService, made again whenever it is lost. */
export function createManagerClient({
  socketPath,
  callTimeoutMs,
  onLink,
}: ManagerClientOptions): ManagerClient {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), options)
  const channel = client.getChannel()
  let closed = false
  let told: string | undefined

  const tell = (up: boolean, reason?: string) => {
    const news = up ? 'up' : `down: ${reason}`
    if (news === told) return
    told = news
    onLink(up, reason)
  }

  const watch = () => {
    if (closed) return
    // Asking with `true` also starts to connect if the channel has gone idle.
    const state = channel.getConnectivityState(true)
    if (state === connectivityState.READY) tell(true)
    else if (state === connectivityState.TRANSIENT_FAILURE || told === 'up') {
      tell(false, diagnose(socketPath))
    }
    channel.watchConnectivityState(channel.getConnectivityState(false), Infinity, watch)
  }
  watch()

  const call = <I, O>(
    name: keyof typeof deviceManagerService,
    method: Pick<MethodDefinition<I, O>, 'path' | 'requestSerialize' | 'responseDeserialize'>,
    request: I,
    signal: AbortSignal,
  ): Promise<O | 'throttled'> => {
    if (closed) throw new MapperError('canceled', 'the link to EdgeCore is closed')
    if (signal.aborted) throw canceled(signal)
    return new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + callTimeoutMs)
      const { path, requestSerialize, responseDeserialize } = method
      const inFlight = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline },
        (error, response) => {
          signal.removeEventListener('abort', abort)
          if (error === null && response !== undefined) return resolve(response)
          if (signal.aborted) return reject(canceled(signal))
          if (error !== null && throttled(error)) return resolve('throttled')
          reject(failureOf(name, error, socketPath))
        },
      )
      const abort = () => inFlight.cancel()
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  const { MapperRegister, ReportDeviceStates } = deviceManagerService
  const ReportDeviceStatus = {
    ...deviceManagerService.ReportDeviceStatus,
    requestSerialize: (bytes: Buffer) => bytes,
  }
  return {
    register: async (request, signal) => call('MapperRegister', MapperRegister, request, signal),
    reportStatus: async (request, signal) =>
      call('ReportDeviceStatus', ReportDeviceStatus, request, signal),
    reportStates: async (request, signal) =>
      call('ReportDeviceStates', ReportDeviceStates, request, signal),
    close() {
      if (closed) return
      closed = true
      client.close()
    },
  }
}

/** EdgeCore refuses for its rate limit with UNKNOWN; only the text tells. */
const throttled = ({ details }: ServiceError) => details.includes('too many request')

function failureOf(
  method: keyof typeof deviceManagerService,
  cause: ServiceError | null,
  socketPath: string,
): MapperError {
  const details = cause?.details ?? 'no response'
  switch (cause?.code) {
    case status.CANCELLED:
      return new MapperError('canceled', `${method}: ${details}`, { cause })
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
      return new MapperError('edge_unavailable', `${method}: ${diagnose(socketPath, details)}`, {
        cause,
      })
    case status.UNIMPLEMENTED: {
      const since = method === 'ReportDeviceStates' ? '1.18' : '1.15'
      return new MapperError(
        'unsupported',
        `this EdgeCore does not know ${method}; it takes KubeEdge ${since} or later`,
        { cause },
      )
    }
    default:
      return new MapperError('rejected', `EdgeCore refused ${method}: ${details}`, { cause })
  }
}
