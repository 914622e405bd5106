import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import { afterEach, describe, expect, it } from 'vitest'
import { asciiFraming } from './ascii-frame.ts'
import type { ModbusLink } from './link.ts'
import { lineLink, openLine } from './line-link.ts'
import { rtuFraming } from './rtu-frame.ts'
import { lineFrames } from '../simulator/line-frames.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const signal = new AbortController().signal
const patient = { timeoutMs: 10_000, signal }
const brief = { timeoutMs: 60, signal }

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => {
      if (thrown instanceof MapperError) return thrown
      throw thrown
    },
  )
const register = async (link: ModbusLink, address: number, options = patient) => {
  const answer = await link.read(1, 'holding', address, 1, options)
  return answer.ok ? Buffer.from(answer.data).readUInt16BE(0) : `exception ${answer.exception}`
}

/** The address of the first register that a request asks for. */
type Say = (bytes: Uint8Array) => void
type OnRequest = (address: number, count: number, say: Say, socket: Socket) => void

describe.each(['rtu', 'ascii'] as const)('%s over TCP', (framing) => {
  const { wrap, next } = lineFrames[framing]
  /** Registers that all hold `value`. */
  const answer = (value: number, count = 1) => {
    const data = Buffer.alloc(2 * count)
    for (let at = 0; at < count; at++) data.writeUInt16BE(value, 2 * at)
    return wrap(1, Buffer.concat([Buffer.of(3, data.length), data]))
  }

  async function linkTo(onRequest: OnRequest) {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined)
      cleanUp.push(() => socket.destroy())
      let pending = Buffer.alloc(0)
      socket.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk])
        let request
        while ((request = next(pending)) !== undefined) {
          pending = pending.subarray(request.end)
          const say = (bytes: Uint8Array) => void socket.write(bytes)
          onRequest(request.body.readUInt16BE(2), request.body.readUInt16BE(4), say, socket)
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as AddressInfo
    const lines = createLines()
    const wire = { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs: 5000 } as const
    const open = async () => {
      const link = await openLine({ framing, wire }, signal, lines)
      cleanUp.push(() => link.close())
      return link
    }
    return { link: await open(), open }
  }

  it.each([false, true])(
    'an answer that is here before the system says that it took the request (a connection: %s)',
    async (isConnection) => {
      let hear: (bytes: Buffer) => void = () => undefined
      const lines = createLines(async () => ({
        name: 'quick',
        characterMs: 1,
        async write() {
          hear(answer(77))
          await new Promise((resolve) => setTimeout(resolve, 20))
        },
        discardInput: async () => hear(answer(666)),
        listen: (onBytes) => void (hear = onBytes),
        close: async () => undefined,
      }))
      const wire = { kind: 'tcp', host: 'quick', port: 1, connectTimeoutMs: 1 } as const
      const link = lineLink(await lines.open(wire, signal), {
        framing: framing === 'rtu' ? rtuFraming : asciiFraming,
        isConnection,
      })
      for (let round = 0; round < 5; round++) expect(await register(link, 5)).toBe(77)
      await link.close()
    },
  )

  it('an answer in pieces, with pauses that no serial line has, is whole', async () => {
    const { link } = await linkTo((address, count, say) => {
      const bytes = answer(address, count)
      say(bytes.subarray(0, 4))
      setTimeout(() => say(bytes.subarray(4)), 150)
    })
    expect(await register(link, 7)).toBe(7)
  })

  it('noise of transceivers is no oddity, in front of an answer, behind it and between two', async () => {
    const { link } = await linkTo((address, count, say) =>
      say(Buffer.concat([Buffer.of(0xff), answer(address, count), Buffer.of(0, 0xff)])),
    )
    for (let address = 0; address < 20; address++)
      expect(await register(link, address)).toBe(address)
    expect(link.failed).toBeUndefined()
  })

  it.each<[string, (say: Say) => void]>([
    ['nonsense', (say) => say(Buffer.alloc(9, 0x55))],
    ['an answer that breaks off', (say) => say(answer(1).subarray(0, -1))],
    ['a spoilt checksum', (say) => say(Buffer.from(answer(1)).fill(0x31, 5, 7))],
    ['another unit', (say) => say(wrap(2, Buffer.of(3, 2, 0, 1)))],
    ['a longer answer', (say) => say(answer(1, 2))],
    ['an answer and more', (say) => say(Buffer.concat([answer(1), Buffer.alloc(6, 0x55)]))],
    ['no end of bytes', (say) => say(Buffer.alloc(9000, 0x55))],
  ])('after %s the connection is dropped, and a new one is good', async (_, spoil) => {
    let isSpoilt = true
    const { link, open } = await linkTo((address, count, say) => {
      if (isSpoilt) spoil(say)
      else say(answer(address, count))
    })
    const first = errorOf(register(link, 5, brief))
    const second = errorOf(register(link, 6, brief))
    expect((await first)?.message).toMatch(/^\[bad_data\] 127.0.0.1:\d+: .*[0-9a-f]{2} [0-9a-f]{2}/)
    expect((await second)?.code).toBe('bad_data')
    expect(link.failed?.code).toBe('bad_data')
    isSpoilt = false
    await link.close()
    expect(await register(await open(), 8)).toBe(8)
  })

  it('what comes unasked drops the connection', async () => {
    let asked = 0
    let socket: Socket | undefined
    const { link } = await linkTo((address, count, say, from) => {
      asked++
      socket = from
      say(answer(address, count))
    })
    expect(await register(link, 5)).toBe(5)
    socket?.write(Buffer.alloc(7, 0x55))
    // Until it is here, all is well.
    let error: MapperError | undefined
    for (let round = 0; error === undefined && round < 1000; round++) {
      error = await errorOf(register(link, 5))
    }
    expect(error?.message).toMatch(/bad_data.*(answer nothing|more than the answer)/)
    expect(link.failed).toBe(error)
    expect(asked).toBeLessThan(1000)
  })

  it('a late answer is known as one, and changes nothing', async () => {
    let late: (() => void) | undefined
    const { link } = await linkTo((address, count, say) => {
      if (address === 5) late = () => say(answer(555, count))
      else say(answer(address, count))
    })
    expect((await errorOf(register(link, 5, brief)))?.code).toBe('timeout')
    late?.()
    for (let address = 6; address < 30; address++)
      expect(await register(link, address)).toBe(address)
    expect(link.failed).toBeUndefined()
  })

  it('three silences in a row end the connection, an answer between them does not', async () => {
    let isSilent = true
    const { link } = await linkTo((address, count, say) => {
      if (!isSilent) say(answer(address, count))
    })
    for (const silent of [true, true, false, true, true]) {
      isSilent = silent
      const error = await errorOf(register(link, 5, silent ? brief : patient))
      expect(error?.code).toBe(silent ? 'timeout' : undefined)
      expect(link.failed).toBeUndefined()
    }
    expect((await errorOf(register(link, 5, brief)))?.code).toBe('timeout')
    expect(link.failed?.message).toMatch(/left 3 requests in a row unanswered/)
  })

  it.each(['rst', 'fin'] as const)('that ends by %s is unreachable at once', async (how) => {
    const { link } = await linkTo((_, __, ___, socket) => {
      if (how === 'rst') socket.resetAndDestroy()
      else socket.end()
    })
    const calls = [1, 2, 3].map((address) => errorOf(register(link, address)))
    for (const error of await Promise.all(calls)) expect(error?.code).toBe('unreachable')
    expect(link.failed?.code).toBe('unreachable')
    await Promise.all([link.close(), link.close()])
  })
})
