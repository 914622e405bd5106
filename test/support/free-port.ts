import { createServer } from 'node:net'

/**
 * A TCP port of loopback that nobody listens on, below the range from which systems take the ports of
 * clients: while a server is down, a client that tries to reach it could otherwise be given the very
 * port as its own, connect to itself, and keep the server from coming back.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
  throw new Error('no free port found from 20000 to 31999')
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
