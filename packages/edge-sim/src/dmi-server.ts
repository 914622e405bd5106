import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js'
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf'
import {
  deviceManagerService,
  MapperRegisterResponseSchema,
  ReportDeviceStatesResponseSchema,
  ReportDeviceStatusResponseSchema,
  type MapperRegisterRequest,
  type ReportDeviceStatesRequest,
  type ReportDeviceStatusRequest,
} from '@mapper-sdk/core/dmi'
import { MapperError } from '@mapper-sdk/core'
import { lstat, rename, rm } from 'node:fs/promises'
import net from 'node:net'

/** What became of a call. A crash is never answered. */
export type Answer<T> =
  | { readonly tag: 'ok'; readonly value: T }
  | { readonly tag: 'refused'; readonly message: string }
  | { readonly tag: 'crash' }

export interface ManagerHandlers {
  readonly register: (
    request: MapperRegisterRequest,
  ) => Answer<MessageInitShape<typeof MapperRegisterResponseSchema>>
  readonly reportStatus: (request: ReportDeviceStatusRequest) => Answer<object>
  /** Left out: UNIMPLEMENTED, as before 1.18. */
  readonly reportStates?: (request: ReportDeviceStatesRequest) => Answer<object>
}

export interface DmiServer {
  /** Cuts every connection in mid-word. The socket file stays, as it does when a process ends. */
  close(): Promise<void>
  /** Removes the socket file, if it is still this server's. */
  removeSocket(): Promise<void>
}

/**
 * Serves DeviceManagerService on a socket; without handlers every call is UNIMPLEMENTED. Throws
 * `invalid_config` if the path is not free for one.
 */
export async function serveDmi(
  socketPath: string,
  handlers: ManagerHandlers | undefined,
): Promise<DmiServer> {
  const grpc = new Server()
  if (handlers !== undefined) addService(grpc, handlers)
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure())
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    injector.injectConnection(socket)
  })
  await listen(server, socketPath)
  const own = await lstat(socketPath)
  let closed: Promise<void> | undefined
  const close = async () => {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    injector.destroy()
    grpc.forceShutdown()
    await ended
  }
  return {
    close: () => (closed ??= close()),
    async removeSocket() {
      const now = await lstat(socketPath).catch(() => undefined)
      if (now?.ino === own.ino && now.dev === own.dev) await rm(socketPath, { force: true })
    },
  }
}

function addService(grpc: Server, handlers: ManagerHandlers): void {
  const { MapperRegister, ReportDeviceStatus, ReportDeviceStates } = deviceManagerService
  const { reportStates } = handlers
  grpc.addService(
    { MapperRegister, ReportDeviceStatus, ...(reportStates && { ReportDeviceStates }) },
    {
      MapperRegister: answering(MapperRegisterResponseSchema, handlers.register),
      ReportDeviceStatus: answering(ReportDeviceStatusResponseSchema, handlers.reportStatus),
      ...(reportStates && {
        ReportDeviceStates: answering(ReportDeviceStatesResponseSchema, reportStates),
      }),
    },
  )
}

/** Like EdgeCore: a new file under a passing name, then renamed into place, so its inode is new. */
async function listen(server: net.Server, socketPath: string): Promise<void> {
  const passing = `${socketPath}~`
  if (Buffer.byteLength(passing) > 107) {
    throw new MapperError(
      'invalid_config',
      `${socketPath}: a socket path may have at most 106 bytes; use a shorter folder name`,
    )
  }
  await checkFree(socketPath)
  await rm(passing, { force: true })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(passing, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
    await rename(passing, socketPath)
  } catch (error) {
    server.close()
    throw MapperError.from(error, 'invalid_config')
  }
}

async function checkFree(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new MapperError('invalid_config', `${socketPath} exists and is no socket; move it away`)
  }
  const alive = await new Promise<boolean>((resolve) => {
    const probe = net.connect(socketPath)
    probe.on('connect', () => resolve(true)).on('error', () => resolve(false))
    probe.on('connect', () => probe.destroy())
  })
  if (alive) {
    throw new MapperError(
      'invalid_config',
      `${socketPath}: another EdgeCore already serves this socket; end it or take another path`,
    )
  }
}

/** EdgeCore's errors are plain Go errors: code UNKNOWN and their text. */
function answering<I, D extends DescMessage>(
  schema: D,
  handle: (request: I) => Answer<MessageInitShape<D>>,
) {
  return (call: ServerUnaryCall<I, unknown>, callback: sendUnaryData<unknown>) => {
    const answer = handle(call.request)
    if (answer.tag === 'ok') callback(null, create(schema, answer.value))
    else if (answer.tag === 'refused') {
      callback({ code: status.UNKNOWN, details: answer.message })
    }
  }
}
