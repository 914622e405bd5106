import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ChannelOptions,
  type MethodDefinition,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js'
import type { Logger } from '../../log.ts'
import type { EdgeEvents } from '../edge.ts'
import { deviceManagerService, type UnaryHandlers } from './methods.ts'

/** The least that EdgeCore is to a mapper: its service on its socket, and single calls back. */
export async function startEdgeCore(
  socketPath: string,
  handlers: Partial<UnaryHandlers<typeof deviceManagerService>> = {},
): Promise<{ stop(): Promise<void> }> {
  const server = new Server()
  server.addService(deviceManagerService, handlers)
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    )
  })
  return {
    stop: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => resolve())
        server.forceShutdown()
      }),
  }
}

/** Answers with what `make` gives, or fails with UNKNOWN and its text as a Go server does. */
export const answering =
  <I, O>(make: (request: I) => O) =>
  (call: ServerUnaryCall<I, O>, answer: sendUnaryData<O>) => {
    try {
      answer(null, make(call.request))
    } catch (error) {
      answer({ code: 2, details: (error as Error).message })
    }
  }

/** One client, as EdgeCore's of one call, or for several calls. */
export function connectTo(socketPath: string, options: ChannelOptions = {}) {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  })
  return {
    call<I, O>(method: MethodDefinition<I, O>, request: NoInfer<I>): Promise<O> {
      const { path, requestSerialize, responseDeserialize } = method
      const deadline = Date.now() + 10_000
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          { deadline },
          (error, reply) => (reply === undefined ? reject(error as Error) : resolve(reply)),
        )
      })
    },
    close: () => client.close(),
  }
}

/** Writes down what comes, in order. */
export function recordEvents(overrides: Partial<EdgeEvents> = {}) {
  const seen: unknown[] = []
  const links: (boolean | string)[] = []
  const events: EdgeEvents = {
    device: (device) => seen.push(['device', device.name]),
    deviceRemoved: (id) => seen.push(['deviceRemoved', id]),
    model: (model) => seen.push(['model', model.name]),
    modelRemoved: (id) => seen.push(['modelRemoved', id]),
    link: (up, reason) => links.push(up || (reason ?? false)),
    route: () => undefined,
    describe: () => undefined,
    ...overrides,
  }
  return { events, seen, links }
}

/** Writes down what is logged from warn upwards. */
export function recordLog() {
  const lines: string[] = []
  const write = (fields: object | string, message?: string) =>
    void lines.push(message ?? JSON.stringify(fields))
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: write,
    error: write,
    child: () => logger,
  }
  return { logger, lines }
}
