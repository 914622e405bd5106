import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach } from 'vitest'
import { withLocalAuthority } from './authority-shim.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'shim-'))
export const socketPath = path.join(folder, 's.sock')
export const rawPath = '/etc/kubeedge/modbus.sock'

export const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Listens with the shim in front of whatever takes the connections; returns what was refused. */
export async function listen(
  take: (socket: Socket, refused: unknown[]) => void,
): Promise<unknown[]> {
  const refused: unknown[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    take(socket, refused)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return refused
}

/** Node's own HTTP/2 server behind the shim; it answers with the headers that it got. */
export function echoServer(): http2.Http2Server {
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    stream.end(JSON.stringify(headers))
  })
  server.on('sessionError', () => undefined)
  return server
}

export const behindShim = (server: http2.Http2Server) => (socket: Socket, refused: unknown[]) =>
  void server.emit(
    'connection',
    withLocalAuthority(socket, (error) => refused.push(error)),
  )

export async function request(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
) {
  const stream = session.request({ ':path': '/x', ...headers })
  let body = ''
  for await (const chunk of stream.setEncoding('utf8')) body += String(chunk)
  return JSON.parse(body) as Record<string, string>
}

export function session(): http2.ClientHttp2Session {
  const client = http2.connect('http://localhost', { createConnection: () => connect(socketPath) })
  client.on('error', () => undefined)
  cleanUps.push(() => client.destroy())
  return client
}
