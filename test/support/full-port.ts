import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

/** A port that a connection attempt gets no answer from. */
export interface FullPort {
  readonly port: number
  /** From now on nobody listens there. */
  close(): Promise<void>
}

/**
 * A port of loopback whose queue of connections is full, so that a connect hangs as behind a firewall
 * that drops everything. Any free port if `wanted` is left out.
 */
export async function startFullPort(wanted = 0): Promise<FullPort> {
  const frozen = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: workerData, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000))
    })`,
    { eval: true, workerData: wanted },
  )
  const port = await new Promise<number>((resolve) => frozen.once('message', resolve))
  // Nothing is accepted any more: these fill the queue.
  const fillers = Array.from({ length: 4 }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  )
  await new Promise((resolve) => fillers[0]?.once('connect', resolve))
  return {
    port,
    async close() {
      for (const filler of fillers) filler.destroy()
      await frozen.terminate()
    },
  }
}
