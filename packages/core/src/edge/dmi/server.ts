import { create } from '@bufbuild/protobuf'
import { Server, ServerCredentials, status, type sendUnaryData } from '@grpc/grpc-js'
import type { Socket } from 'node:net'
import type { Id } from '../../device.ts'
import { MapperError, type ErrorCode } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { EdgeEvents } from '../edge.ts'
import { withLocalAuthority } from './authority-shim.ts'
import { decodeModel, namespaceOf } from './decode.ts'
import { encodeDescription } from './encode.ts'
import * as pb from './gen/dmi_pb.ts'
import type { createIntake } from './intake.ts'
import { deviceMapperService, type UnaryHandlers } from './methods.ts'

export interface MapperServer {
  /** Serves one connection. */
  accept(socket: Socket): void
  /** Ends all connections; calls in flight get a moment to finish. */
  close(): Promise<void>
}

/** EdgeCore opens a connection for each call and closes it; what stays open longer is forgotten. */
const options = {
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  'grpc.max_concurrent_streams': 16,
  'grpc.max_connection_idle_ms': 60_000,
  'grpc.enable_channelz': 0,
}
const closeWithinMs = 500

/** The mapper's half of DMI on top of connections that somebody else accepts. */
export function createMapperServer(
  events: EdgeEvents,
  intake: ReturnType<typeof createIntake>,
  logger: Logger,
): MapperServer {
  const server = new Server(options)
  server.addService(deviceMapperService, createHandlers(events, intake, logger))
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const sockets = new Set<Socket>()

  return {
    accept(socket) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      injector.injectConnection(
        withLocalAuthority(socket, (error) => {
          logger.warn({ err: error }, 'a connection to the mapper socket was not sound HTTP/2')
        }),
      )
    },
    async close() {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, closeWithinMs)
        server.tryShutdown(() => {
          clearTimeout(timer)
          resolve()
        })
      })
      server.forceShutdown()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/**
 * Every handler answers at once: EdgeCore calls all mappers of the node from one worker, waits up to
 * ten seconds and never repeats a call. So whatever the events do with a message, the answer is OK;
 * an error would even leave a removed device in EdgeCore for good.
 */
function createHandlers(
  events: EdgeEvents,
  intake: ReturnType<typeof createIntake>,
  logger: Logger,
): UnaryHandlers<typeof deviceMapperService> {
  const quietly = (what: string, work: () => void) => {
    try {
      work()
    } catch (error) {
      logger.error({ err: error }, `${what} failed inside the mapper`)
    }
  }

  const upsertDevice = (what: string, message: pb.Device | undefined) => {
    const known = named(what, message, message?.name, message?.namespace)
    quietly(what, () => events.device(intake.device(known.message)))
    return { deviceName: known.name, deviceNamespace: known.namespace }
  }

  const upsertModel = (what: string, message: pb.DeviceModel | undefined) => {
    const known = named(what, message, message?.name, message?.namespace)
    quietly(what, () => events.model(decodeModel(known.message)))
    return { deviceModelName: known.name, deviceModelNamespace: known.namespace }
  }

  return {
    RegisterDevice: ({ request }, answer) =>
      reply(answer, () =>
        create(pb.RegisterDeviceResponseSchema, upsertDevice('RegisterDevice', request.device)),
      ),
    UpdateDevice: ({ request }, answer) =>
      reply(answer, () => {
        upsertDevice('UpdateDevice', request.device)
        return create(pb.UpdateDeviceResponseSchema)
      }),
    RemoveDevice: ({ request }, answer) =>
      reply(answer, () => {
        const { id } = named('RemoveDevice', request, request.deviceName, request.deviceNamespace)
        intake.forget(id)
        quietly('RemoveDevice', () => events.deviceRemoved(id))
        return create(pb.RemoveDeviceResponseSchema)
      }),
    CreateDeviceModel: ({ request }, answer) =>
      reply(answer, () =>
        create(pb.CreateDeviceModelResponseSchema, upsertModel('CreateDeviceModel', request.model)),
      ),
    UpdateDeviceModel: ({ request }, answer) =>
      reply(answer, () => {
        upsertModel('UpdateDeviceModel', request.model)
        return create(pb.UpdateDeviceModelResponseSchema)
      }),
    RemoveDeviceModel: ({ request }, answer) =>
      reply(answer, () => {
        const { modelName, modelNamespace } = request
        const { id } = named('RemoveDeviceModel', request, modelName, modelNamespace)
        quietly('RemoveDeviceModel', () => events.modelRemoved(id))
        return create(pb.RemoveDeviceModelResponseSchema)
      }),
    GetDevice: ({ request }, answer) =>
      reply(answer, () => {
        const { id } = named('GetDevice', request, request.deviceName, request.deviceNamespace)
        const description = events.describe(id)
        if (description === undefined) throw new MapperError('rejected', `no device ${id}`)
        return create(pb.GetDeviceResponseSchema, { device: encodeDescription(description) })
      }),
  }
}

/** The message with its name and namespace. Neither may hold a slash, or ids would be ambiguous. */
function named<M>(
  what: string,
  message: M | undefined,
  name: string | undefined,
  namespace: string | undefined,
): { message: M; name: string; namespace: string; id: Id } {
  if (message === undefined || name === undefined || name === '') {
    throw new MapperError('bad_data', `${what} without a name`)
  }
  const actual = namespaceOf(namespace ?? '')
  if (name.includes('/') || actual.includes('/')) {
    throw new MapperError('bad_data', `${what}: '/' in a name`)
  }
  return { message, name, namespace: actual, id: `${actual}/${name}` }
}

const statusOf: Partial<Record<ErrorCode, status>> = {
  bad_data: status.INVALID_ARGUMENT,
  rejected: status.NOT_FOUND,
}

function reply<O>(answer: sendUnaryData<O>, make: () => O) {
  let response: O
  try {
    response = make()
  } catch (thrown) {
    const { code, detail } = MapperError.from(thrown)
    return answer({ code: statusOf[code] ?? status.INTERNAL, details: detail })
  }
  answer(null, response)
}
