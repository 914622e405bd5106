import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Something between a mapper and a device: a gateway, a firewall, a bad radio link. */
export interface TcpRelay {
  readonly port: number
  /** Connections that were taken, and that were turned away because there were too many. */
  readonly accepted: number
  readonly refused: number
  /** The connections that are there now stay open for ever, and nothing passes through them any more. */
  abandon(): void
  /** Cuts all connections. */
  drop(): void
  close(): Promise<void>
}

/** Relays to a port of loopback. `most`: a connection beyond these is closed as soon as it is made. */
export async function startTcpRelay(target: number, most = Infinity): Promise<TcpRelay> {
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>()
  let accepted = 0
  let refused = 0
  const server = createServer((near) => {
    near.on('error', () => undefined)
    if (pairs.size >= most) {
      refused++
      near.destroy()
      return
    }
    accepted++
    const far = connect(target, '127.0.0.1')
    const pair = { near, far }
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    near.on('close', () => {
      pairs.delete(pair)
      far.destroy()
    })
    far.on('error', () => undefined)
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => {
    for (const { near } of pairs) near.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted
    },
    get refused() {
      return refused
    },
    abandon() {
      for (const { near, far } of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        near.resume()
        far.resume()
      }
    },
    drop,
    async close() {
      drop()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
