import { createServer, type AddressInfo, type Socket } from 'node:net'
import { pathToFileURL } from 'node:url'

/** An oven made of software, to try the driver without one. */
export interface SimulatedOven {
  readonly port: number
  /** The parameters as the oven has them; change them and the next `GET` sees it. */
  readonly parameters: Map<string, string>
  /** Questions so far. */
  readonly requests: number
  /** While true, questions stay without an answer. */
  silent: boolean
  /** Cuts all connections. */
  cut(): void
  close(): Promise<void>
}

/** Port 0 takes a free one. */
export async function startSimulatedOven(port = 0): Promise<SimulatedOven> {
  const parameters = new Map([
    ['temperature', '181.5'],
    ['setpoint', '180'],
    ['door', 'closed'],
  ])
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (request: string) => {
      requests++
      if (!oven.silent) socket.write(`${answerTo(request.trim(), parameters)}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const cut = () => sockets.forEach((socket) => socket.destroy())
  const oven: SimulatedOven = {
    port: (server.address() as AddressInfo).port,
    parameters,
    get requests() {
      return requests
    },
    silent: false,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
  return oven
}

function answerTo(request: string, parameters: Map<string, string>): string {
  const [verb, name = '', value = ''] = request.split(' ')
  const known = parameters.get(name)
  if (known === undefined) return '!no such parameter'
  if (verb === 'GET') return known
  if (verb !== 'SET') return '!no such command'
  if (name !== 'setpoint') return '!cannot be set'
  parameters.set(name, value)
  return 'ok'
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const oven = await startSimulatedOven(Number(process.argv[2] ?? 4001))
  process.stdout.write(`an oven listens on 127.0.0.1:${oven.port}; Ctrl-C ends it\n`)
}
