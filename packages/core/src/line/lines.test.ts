import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MapperError } from '../errors.ts'
import { createLines } from './lines.ts'
import type { TcpSettings, Wire } from './wire.ts'

const { signal } = new AbortController()
const settings: TcpSettings = { kind: 'tcp', host: 'h', port: 1, connectTimeoutMs: 1_000 }

/** Wires that open and close only when they are told to. */
function rig() {
  const openings: { resolve: () => void; reject: (error: MapperError) => void }[] = []
  const closings: (() => void)[] = []
  const losers: (() => void)[] = []
  const lines = createLines(
    () =>
      new Promise((resolve, reject) => {
        const wire: Wire = {
          name: 'h:1',
          characterMs: 0,
          write: async () => undefined,
          discardInput: async () => undefined,
          listen: (_, onLost) => losers.push(() => onLost(new MapperError('unreachable', 'gone'))),
          close: () => new Promise((done) => closings.push(done)),
        }
        openings.push({ resolve: () => resolve(wire), reject })
      }),
  )
  return { lines, openings, closings, losers }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the lines of a process', () => {
  it('open each wire once, for all who want it at the same time', async () => {
    const { lines, openings } = rig()
    const shares = [lines.open(settings, signal), lines.open({ ...settings, host: 'H' }, signal)]
    await settle()
    expect(openings).toHaveLength(1)
    openings[0]?.resolve()
    await Promise.all(shares)
    await lines.open(settings, signal)
    expect(openings).toHaveLength(1)
  })

  it('try again for the next one when the first could not, or gave up', async () => {
    const { lines, openings } = rig()
    const first = lines.open(settings, signal)
    const second = lines.open(settings, signal)
    await settle()
    openings[0]?.reject(new MapperError('unreachable', 'refused'))
    await expect(first).rejects.toMatchObject({ code: 'unreachable' })
    await settle()
    expect(openings).toHaveLength(2)
    openings[1]?.resolve()
    await expect(second).resolves.toMatchObject({ name: 'h:1' })
  })

  it('stop waiting when told to', async () => {
    const { lines } = rig()
    const stop = new AbortController()
    void lines.open(settings, signal)
    const second = lines.open(settings, stop.signal)
    await settle()
    stop.abort()
    await expect(second).rejects.toMatchObject({ code: 'canceled' })
  })

  it('wait until a wire is closed before they open it again', async () => {
    const { lines, openings, closings } = rig()
    const opening = lines.open(settings, signal)
    await settle()
    openings[0]?.resolve()
    const closed = (await opening).close()
    const again = lines.open(settings, signal)
    await settle()
    expect(openings).toHaveLength(1)
    closings[0]?.()
    await closed
    await settle()
    expect(openings).toHaveLength(2)
    openings[1]?.resolve()
    await again
  })

  it('open a dropped wire anew once it is closed', async () => {
    const { lines, openings, closings } = rig()
    const opening = lines.open(settings, signal)
    await settle()
    openings[0]?.resolve()
    const old = await opening
    old.drop(new MapperError('bad_data', 'nonsense'))
    const again = lines.open(settings, signal)
    await settle()
    expect(openings).toHaveLength(1)
    closings[0]?.()
    await settle()
    openings[1]?.resolve()
    expect((await again).lost).toBeUndefined()
    expect(old.lost?.code).toBe('bad_data')
    await old.close()
    expect(closings).toHaveLength(1)
  })

  it('remember for each wire, whoever opens it and however often', async () => {
    const { lines, openings, losers } = rig()
    const open = async (wanted: TcpSettings) => {
      const opening = lines.open(wanted, signal)
      await settle()
      openings.at(-1)?.resolve()
      return opening
    }
    const [one, two] = [await open(settings), await open({ ...settings, host: 'H' })]
    one.memory.set('owed', 7)
    expect(two.memory.get('owed')).toBe(7)
    losers[0]?.()
    expect((await open(settings)).memory.get('owed')).toBe(7)
    expect((await open({ ...settings, port: 2 })).memory.get('owed')).toBeUndefined()
  })

  it('open a lost wire anew, also while somebody holds on to the old one', async () => {
    const { lines, openings, losers } = rig()
    const opening = lines.open(settings, signal)
    await settle()
    openings[0]?.resolve()
    const old = await opening
    losers[0]?.()
    expect(old.lost?.code).toBe('unreachable')
    const again = lines.open(settings, signal)
    await settle()
    openings[1]?.resolve()
    expect((await again).lost).toBeUndefined()
  })
})

describe('a line over TCP', () => {
  async function server(): Promise<{
    settings: TcpSettings
    socket: Promise<Socket>
    end: () => void
  }> {
    const listening = createServer()
    const socket = once(listening, 'connection').then(([one]) => one as Socket)
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as AddressInfo
    return {
      settings: { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs: 5_000 },
      socket,
      end: () => void listening.close(),
    }
  }

  it('passes bytes both ways and says when it is cut', async () => {
    const { settings, socket, end } = await server()
    const line = await createLines().open(settings, signal)
    const far = await socket
    const heard = new Promise<string>((resolve) =>
      line.listen(
        (bytes) => resolve(bytes.toString()),
        () => undefined,
      ),
    )
    await line.turn(
      async () => {
        await line.write(Buffer.from('ask'))
        const [asked] = (await once(far, 'data')) as [Buffer]
        expect(asked.toString()).toBe('ask')
        far.write('answer')
        expect(await heard).toBe('answer')
      },
      { signal },
    )
    const lost = new Promise<MapperError>((resolve) => line.listen(() => undefined, resolve))
    far.destroy()
    expect((await lost).code).toBe('unreachable')
    await line.close()
    end()
  })

  it('says why there is no connection', async () => {
    const { settings, end } = await server()
    end()
    const refused = createLines().open(settings, signal)
    await expect(refused).rejects.toMatchObject({ code: 'unreachable' })
    const stop = new AbortController()
    stop.abort()
    await expect(createLines().open(settings, stop.signal)).rejects.toMatchObject({
      code: 'canceled',
    })
  })
})
