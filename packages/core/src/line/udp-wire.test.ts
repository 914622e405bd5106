import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MapperError } from '../errors.ts'
import { createLines } from './lines.ts'
import { openUdpWire } from './udp-wire.ts'
import type { UdpSettings } from './wire.ts'

const { signal } = new AbortController()

async function far(): Promise<{ socket: Socket; settings: UdpSettings }> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const { port } = socket.address()
  return { socket, settings: { kind: 'udp', host: '127.0.0.1', port, connectTimeoutMs: 5_000 } }
}

async function open(settings: UdpSettings) {
  const wire = await openUdpWire(settings, signal)
  onTestFinished(() => wire.close())
  const heard: string[] = []
  const lost: MapperError[] = []
  wire.listen(
    (bytes) => heard.push(bytes.toString()),
    (reason) => lost.push(reason),
  )
  return { wire, heard, lost }
}

describe('a line over UDP', () => {
  it('hands each datagram on as one piece', async () => {
    const { socket, settings } = await far()
    const { wire, heard } = await open(settings)
    const asked = once(socket, 'message') as Promise<[Buffer, { port: number }]>
    await wire.write(Buffer.from('ask'))
    const [bytes, { port }] = await asked
    expect(bytes.toString()).toBe('ask')
    socket.send('one', port, '127.0.0.1')
    socket.send('two', port, '127.0.0.1')
    await expect.poll(() => heard).toEqual(['one', 'two'])
  })

  it('hears a device that sends to a fixed port, from whatever port of its own', async () => {
    const { settings } = await far()
    const free = createSocket('udp4')
    free.bind(0, '127.0.0.1')
    await once(free, 'listening')
    const localPort = free.address().port
    free.close()
    await once(free, 'close')
    const { heard } = await open({ ...settings, localPort })
    const other = await far()
    await expect
      .poll(() => {
        other.socket.send('weather', localPort, '127.0.0.1')
        return heard[0]
      })
      .toBe('weather')
  })

  it('says that nobody is there, and ends', async () => {
    const { settings } = await far()
    const nobody = createSocket('udp4')
    nobody.bind(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port: unused } = nobody.address()
    nobody.close()
    await once(nobody, 'close')
    const { wire, lost } = await open({ ...settings, port: unused })
    await expect
      .poll(async () => {
        await wire.write(Buffer.from('ask')).catch(() => undefined)
        return lost[0]?.code
      })
      .toBe('unreachable')
    await wire.close()
    await wire.close()
  })

  it('is another place than the same port over TCP', async () => {
    const { settings } = await far()
    const lines = createLines()
    const line = await lines.open(settings, signal)
    onTestFinished(() => line.close())
    expect(line.name).toBe(`127.0.0.1:${settings.port} by UDP`)
    await expect(lines.open({ ...settings, kind: 'tcp' }, signal)).rejects.toMatchObject({
      code: 'unreachable',
    })
  })
})
