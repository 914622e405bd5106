import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts'

const echo = createServer((socket) => void socket.pipe(socket).on('error', () => undefined))
let relay: TcpRelay
let client: Socket
let heard: string
beforeEach(async () => {
  if (!echo.listening) {
    echo.listen(0, '127.0.0.1')
    await once(echo, 'listening')
    echo.unref()
  }
  relay = await startTcpRelay((echo.address() as AddressInfo).port)
  client = await dial()
})
afterEach(async () => {
  client.destroy()
  await relay.close()
})

async function dial() {
  const socket = connect(relay.port, '127.0.0.1')
  socket.on('error', () => undefined)
  heard = ''
  socket.on('data', (bytes) => (heard += String(bytes)))
  await once(socket, 'connect')
  return socket
}
const says = async (text: string) => {
  client.write(text)
  await expect.poll(() => heard, { interval: 5 }).toMatch(new RegExp(`${text}$`))
}

describe('a relay', () => {
  it('passes on, both ways, and counts', async () => {
    await says('hello')
    expect([relay.accepted, relay.refused, relay.open]).toEqual([1, 0, 1])
    const large = 'x'.repeat(4 * 1024 * 1024)
    heard = ''
    client.write(large)
    await expect.poll(() => heard.length).toBe(large.length)
  })
  it('delays each direction, in order, also when the delay becomes shorter', async () => {
    await says('a')
    const start = performance.now()
    relay.delay(60)
    client.write('b')
    await expect.poll(() => heard, { interval: 5 }).toBe('ab')
    expect(performance.now() - start).toBeGreaterThanOrEqual(115)
    client.write('c')
    relay.delay(0)
    await says('d')
    expect(heard).toBe('abcd')
  })
  it('freezes: nothing passes and all stays open, until it thaws', async () => {
    await says('a')
    relay.freeze()
    client.write('b')
    const other = connect(relay.port, '127.0.0.1')
    await once(other, 'connect')
    // Another relay to the same server passes meanwhile, so this one had its time.
    const free = await startTcpRelay((echo.address() as AddressInfo).port)
    const witness = connect(free.port, '127.0.0.1')
    witness.write('w')
    await once(witness, 'data')
    expect(heard).toBe('a')
    expect([client.destroyed, relay.open]).toEqual([false, 2])
    relay.thaw()
    await expect.poll(() => heard).toBe('ab')
    witness.destroy()
    other.destroy()
    await free.close()
  })
  it('abandons the connections that are there, and no others', async () => {
    await says('a')
    relay.abandon()
    client.write('b')
    const before = client
    client = await dial()
    await says('new')
    expect(heard).toBe('new')
    expect(before.destroyed).toBe(false)
    before.destroy()
  })
  it('cuts', async () => {
    await says('a')
    const closed = once(client, 'close')
    relay.drop()
    await closed
    await expect.poll(() => relay.open).toBe(0)
  })
})
