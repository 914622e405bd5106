import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connectControl, serveControl, startEdgeSim } from '@mapper-sdk/edge-sim'
import { createBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { afterEach, expect, test } from 'vitest'
import { readHoldingRegisters } from './read-registers.ts'
import { makeRoundTrip } from './round-trip.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function simulated() {
  const bank = createBank({ units: [1] })
  bank.setRegister('holding', 10, [585, 65_535])
  const simulator = await serveTcp(bank, { host: '127.0.0.1', port: 0 })
  cleanups.push(() => simulator.close())
  return { host: '127.0.0.1', port: simulator.port, unit: 1, address: 10 }
}

async function answering(answer: Buffer | 'silence' | 'close') {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      if (answer === 'close') socket.destroy()
      else if (answer !== 'silence') socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => void server.close())
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port, unit: 1 }
}

test('reads holding registers', async () => {
  const place = await simulated()
  expect(await readHoldingRegisters({ ...place, count: 2 })).toEqual([585, 65_535])
})

test('says so if there is no right answer', async () => {
  const frame = (bytes: string) => Buffer.from(bytes.replaceAll(' ', ''), 'hex')
  const cases: readonly (readonly [Parameters<typeof answering>[0], string])[] = [
    ['silence', 'no answer in 100 ms'],
    ['close', 'the connection was closed'],
    [frame('0001 0000 0003 01 83 02'), 'exception 2'],
    [frame('0001 0000 0005 02 03 02 0001'), 'not the answer'],
    [frame('0002 0000 0005 01 03 02 0001'), 'not the answer'],
    [frame('0001 0000 0005 01 04 02 0001'), 'not the answer'],
  ]
  for (const [answer, message] of cases) {
    const server = await answering(answer)
    await expect(readHoldingRegisters({ ...server, address: 0, count: 1 }, 100)).rejects.toThrow(
      message,
    )
  }
})

test('names the step that did not come', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'mapper-trip-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const sim = await startEdgeSim({
    socketPath: path.join(folder, 'dmi.sock'),
    folder: path.resolve('examples/playground'),
  })
  cleanups.push(() => sim.close())
  const control = await serveControl(sim, 0)
  cleanups.push(() => control.close())
  const said: string[] = []
  const { unit, address, ...simulator } = await simulated()
  const trip = makeRoundTrip({
    control: connectControl(control.url),
    simulator,
    trip: {
      device: 'default/boiler',
      moving: 'temperature',
      setpoint: 'setpoint',
      wishes: [{ desired: '61.5', register: 615 }],
      register: { unit, address },
    },
    say: (line) => void said.push(line),
    signal: new AbortController().signal,
    withinMs: 300,
  })
  await expect(trip).rejects.toThrow('not within 300 ms: a reading of temperature in the cloud')
  expect(said).toEqual([])
})
