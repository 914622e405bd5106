import { randomBytes } from 'node:crypto'
import { lstatSync, rmSync, type Stats } from 'node:fs'
import { chmod, lstat, rename, stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { MapperError } from '../../errors.ts'
import type { Clock } from '../../time.ts'

export interface SocketClaim {
  /**
   * Stops listening and removes the socket, unless the path belongs to another process by now.
   * Connections live on. Any number of times.
   */
  release(): void
}

export interface SocketEvents {
  connection(socket: Socket): void
  /** The path was deleted or taken over; nobody can connect any more. Called once at most. */
  lost(reason: string): void
}

/** What a Unix socket address holds; Node would cut a longer path silently. */
const longestPath = 107
const checkEveryMs = 500
const probeTimeoutMs = 1000

/**
 * Listens on a path of the file system, readable and writable for our own user only.
 *
 * Throws `invalid_config` where that cannot be ours: anything but a socket is there, a living process
 * listens on it, or the path is unusable; `access_denied` where the directory does not let us.
 * A socket that nobody listens on any more is replaced.
 */
export async function claimSocket(
  socketPath: string,
  events: SocketEvents,
  clock: Clock,
): Promise<SocketClaim> {
  checkPath(socketPath)
  await checkPlace(socketPath)
  const server = createServer((socket) => events.connection(socket))
  server.maxConnections = 64
  const temporary = temporaryName(socketPath)
  let ours: Stats
  try {
    await listen(server, temporary)
    await chmod(temporary, 0o600)
    ours = await lstat(temporary)
    // Whoever looks at the path sees the old socket or the new one, never a half-made one.
    await rename(temporary, socketPath)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    server.close()
    throw placeError(socketPath, error)
  }
  // While we listen, the kernel keeps our inode, so no other file can get its number.
  const stillOurs = () => isFile(ours, socketPath)

  let watching = true
  const lose = (reason: string) => {
    if (watching) events.lost(reason)
    watching = false
  }
  const check = () => {
    if (!stillOurs()) lose(`${socketPath} was deleted or replaced`)
    else if (watching) cancelCheck = clock.after(checkEveryMs, check)
  }
  let cancelCheck = clock.after(checkEveryMs, check)
  server.on('error', (error) => lose(`${socketPath}: ${error.message}`))

  return {
    release() {
      watching = false
      cancelCheck()
      // First the name, then the listener: Node itself would only remove the temporary name.
      if (stillOurs()) rmSync(socketPath, { force: true })
      server.close()
    },
  }
}

function checkPath(socketPath: string) {
  if (socketPath.includes('\0')) throw invalid(socketPath, 'holds a NUL', 'choose another path')
  if (!path.isAbsolute(socketPath)) {
    throw invalid(socketPath, 'is not an absolute path', 'EdgeCore resolves it on the host')
  }
  const bytes = Buffer.byteLength(socketPath)
  if (bytes > longestPath) {
    throw invalid(socketPath, `has ${bytes} bytes`, `choose a path of at most ${longestPath}`)
  }
}

/** Makes sure that nothing is at the path but perhaps a socket that nobody listens on. */
async function checkPlace(socketPath: string) {
  const throwPlaceError = (error: unknown) => {
    throw placeError(socketPath, error)
  }
  // Asked here, because Node reports a missing directory as one that is not ours (EACCES).
  await stat(path.dirname(socketPath)).catch(throwPlaceError)
  const found = await lstat(socketPath).catch((error: unknown) =>
    codeOf(error) === 'ENOENT' ? undefined : throwPlaceError(error),
  )
  if (found === undefined) return
  if (!found.isSocket()) {
    throw invalid(socketPath, `is ${kindOf(found)}`, 'remove it or choose another path')
  }
  const answer = await probeSocket(socketPath)
  if (answer === 'ECONNREFUSED' || answer === 'ENOENT') return
  throw answer === 'alive'
    ? invalid(
        socketPath,
        'belongs to another process that listens on it',
        'stop that one, or give this mapper a socket path of its own',
      )
    : invalid(socketPath, `cannot be examined (${answer})`, 'remove it or choose another path')
}

/** Connects once: `alive` if somebody takes the connection or is just too busy to, else the error code. */
export function probeSocket(socketPath: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const done = (answer: string) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(probeTimeoutMs, () => done('alive'))
    socket.once('connect', () => done('alive'))
    socket.once('error', (error) => {
      const code = codeOf(error) ?? error.message
      done(code === 'EAGAIN' ? 'alive' : code)
    })
  })
}

/** Beside the path, because a rename works only there, and never longer than it. */
function temporaryName(socketPath: string): string {
  const directory = path.dirname(socketPath)
  const room = longestPath - Buffer.byteLength(path.join(directory, '/'))
  return path.join(directory, randomBytes(8).toString('hex').slice(0, room))
}

function listen(server: Server, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

function placeError(socketPath: string, error: unknown): MapperError {
  if (error instanceof MapperError) return error
  const directory = path.dirname(socketPath)
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return invalid(socketPath, `is in no directory`, `create or mount ${directory}`, error)
    case 'EACCES':
    case 'EPERM':
      return new MapperError(
        'access_denied',
        `socket ${socketPath}: ${directory} does not let uid ${process.getuid?.()} create files; run as its owner or choose another path`,
        { cause: error },
      )
    default:
      return invalid(socketPath, `cannot be used: ${String(error)}`, 'choose another path', error)
  }
}

function invalid(socketPath: string, what: string, fix: string, cause?: unknown): MapperError {
  return new MapperError('invalid_config', `socket ${socketPath} ${what}; ${fix}`, { cause })
}

/** Whether the path still leads to this very file; not if it cannot even be looked at. */
function isFile(file: Stats, at: string): boolean {
  try {
    const found = lstatSync(at)
    return file.ino === found.ino && file.dev === found.dev
  } catch {
    return false
  }
}

export function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link'
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFile()) return 'a plain file'
  return stats.isSocket() ? 'a socket' : 'a special file'
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}
