import net, { type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createEar, eventually, open } from './broker.suite.ts'

/** A server of its own kind; returns its URL. */
async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Lets everybody in, and answers a SUBSCRIBE as told; `code` is that of CONNACK. */
const speaking = (code: number, suback: (id: Buffer) => Buffer | undefined) => (socket: Socket) =>
  socket.on('data', (packet) => {
    if (packet[0] === 0x10) return socket.write(Buffer.from([0x20, 2, 0, code]))
    if (packet[0] !== 0x82) return
    let at = 1
    while ((packet[at++] ?? 0) >= 0x80);
    const answer = suback(packet.subarray(at, at + 2))
    if (answer !== undefined) socket.write(answer)
  })

test.each([
  ['all', [0x80, 0x80, 0x80]],
  ['one', [1, 0x80, 1]],
])(
  'a broker that refuses %s of the subscriptions is no broker, and is tried seldom',
  async (_, grants) => {
    const url = await serve(speaking(0, (id) => Buffer.from([0x90, 5, ...id, ...grants])))
    const ear = createEar()
    const { broker, ups, log } = await open({ url }, ear.clock)
    await eventually(() => expect(log.of('warn')).toHaveLength(1))
    expect(broker.down()).toMatchObject({ code: 'access_denied' })
    expect(broker.down()?.message).toContain('refuses a subscription')
    expect(ups).toEqual([])
    expect(ear.waits).toContain(60_000)
  },
)

test('a broker that never answers the subscriptions is given up in time', async () => {
  const url = await serve(speaking(0, () => undefined))
  const { broker, log, ups } = await open({ url, connectTimeoutMs: 100 })
  await eventually(() => expect(log.of('warn')).toHaveLength(1))
  expect(broker.down()?.message).toContain('no session within 100 ms')
  expect(broker.held()).toBe(0)
  expect(ups).toEqual([])
})

test.each([
  [1, 'invalid_config'],
  [2, 'invalid_config'],
  [3, 'edge_unavailable'],
  [4, 'access_denied'],
  [5, 'access_denied'],
])('a session refused with %i is %s', async (connack, code) => {
  const { broker, log } = await open({ url: await serve(speaking(connack, () => undefined)) })
  await eventually(() => expect(log.of('warn')).toHaveLength(1))
  expect(broker.down()).toMatchObject({ code })
})

test('a server that speaks anything but MQTT does no harm', async () => {
  let count = 0
  const evil = [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from([0x20, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f]),
    Buffer.from([0x20, 2, 0, 0, 0x40, 2, 0, 9, 0x90, 3, 0, 7, 0]),
    Buffer.from([0x20, 2, 0, 0, 0x30, 3, 0, 9, 65]),
    Buffer.from([0x20, 2, 0, 99]),
    Buffer.from([0xf0, 0, 0, 0]),
    Buffer.alloc(100_000, 0x36),
  ]
  const url = await serve((socket) => {
    const bytes = evil[count++ % evil.length] ?? Buffer.alloc(0)
    socket.on('data', () => socket.end(bytes))
  })
  const ear = createEar((ms) => (ms === 10_000 ? 200 : Math.min(ms, 5)))
  const { broker, ups } = await open({ url }, ear.clock)
  await eventually(() => expect(count).toBeGreaterThan(3 * evil.length))
  expect(ups).toEqual([])
  expect(broker.held()).toBe(0)
  await broker.close()
})
