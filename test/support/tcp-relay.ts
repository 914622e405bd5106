import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Something between a mapper and a device: a gateway, a firewall, a bad radio link. */
export interface TcpRelay {
  readonly port: number
  /** Connections that were taken, and that were turned away because there were too many. */
  readonly accepted: number
  readonly refused: number
  /** Connections that are there now. */
  readonly open: number
  /** The connections that are there now stay open for ever, and nothing passes through them any more. */
  abandon(): void
  /** Nothing passes, in either direction, and new connections reach nobody, until `thaw`; all stay open. */
  freeze(): void
  /** What was sent meanwhile arrives. */
  thaw(): void
  /** What passes from now on takes this much longer, in each direction and in order; 0 ends it. */
  delay(ms: number): void
  /** Cuts all connections. */
  drop(): void
  close(): Promise<void>
}

/**
 * Relays to a port of loopback. `most`: a connection beyond these is closed as soon as it is made. `port`:
 * where it listens; a free one if left out.
 */
export async function startTcpRelay(target: number, most = Infinity, port = 0): Promise<TcpRelay> {
  const pairs = new Set<Pair>()
  let accepted = 0
  let refused = 0
  let frozen = false
  let delayMs = 0
  /** What was due while nothing passed. */
  let kept: (() => void)[] = []
  const server = createServer((near) => {
    near.on('error', () => undefined)
    if (pairs.size >= most) {
      refused++
      near.destroy()
      return
    }
    accepted++
    const far = connect(target, '127.0.0.1')
    const pair: Pair = { near, far, isAbandoned: false }
    pairs.add(pair)
    pass(near, far, pair)
    pass(far, near, pair)
    if (frozen) {
      near.pause()
      far.pause()
    }
    near.on('close', () => {
      pairs.delete(pair)
      far.destroy()
    })
    far.on('error', () => undefined)
    far.on('close', () => near.destroy())
  })

  /** Passes on what comes in, as soon as the other side takes it and the delay is over. */
  function pass(from: Socket, to: Socket, pair: Pair): void {
    const late = new Set<NodeJS.Timeout>()
    let lastAt = 0
    from.on('data', (bytes) => {
      if (pair.isAbandoned) return
      // Later bytes do not overtake those that were delayed more.
      const at = Math.max(lastAt, performance.now() + delayMs)
      lastAt = at
      const wait = at - performance.now()
      if (wait <= 0 && late.size === 0) return send(bytes)
      const timer = setTimeout(() => {
        late.delete(timer)
        if (pair.isAbandoned) return
        if (frozen) kept.push(() => send(bytes))
        else send(bytes)
      }, wait)
      late.add(timer)
    })
    const send = (bytes: Buffer) => {
      if (to.destroyed || to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (!frozen) from.resume()
      })
    }
    from.on('close', () => {
      for (const timer of late) clearTimeout(timer)
    })
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const drop = () => {
    for (const { near } of pairs) near.destroy()
  }
  const all = (run: (socket: Socket) => void) => {
    for (const { near, far } of pairs) [near, far].forEach(run)
  }
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted
    },
    get refused() {
      return refused
    },
    get open() {
      return pairs.size
    },
    abandon() {
      for (const pair of pairs) pair.isAbandoned = true
    },
    freeze() {
      frozen = true
      all((socket) => void socket.pause())
    },
    thaw() {
      frozen = false
      const due = kept
      kept = []
      for (const send of due) send()
      all((socket) => void socket.resume())
    },
    delay: (ms) => void (delayMs = ms),
    drop,
    async close() {
      drop()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
  isAbandoned: boolean
}
