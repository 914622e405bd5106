import { expect, it } from 'vitest'
import {
  connect,
  count,
  protocolOf,
  registers,
  shown,
  signal,
  startDevice,
} from './driver.suite.ts'

it('behind a slow gateway gaps are no longer read along once it has shown that registers take time', async () => {
  // A serial line behind it: each register takes 2 ms.
  const device = await startDevice(({ count: length }) => ({ kind: 'late', ms: 4 + 2 * length }))
  const protocol = protocolOf(device.port, { maxInFlight: 1 })
  const connection = await connect(protocol)
  const block = count(0, 60)
  const wanted = [...block, 1000, 1016]
  const visitors = registers(...wanted)
  const cycle = async () => {
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual(wanted)
    return device.asked()
  }
  expect(await cycle()).toEqual(['0+60', '1000+17'])
  // Something short, to compare the long ones with.
  const short = registers(5000)
  let cycles = 0
  for (let asked: readonly string[] = []; asked.length < 3; asked = await cycle()) {
    await connection.read(protocol, short, signal)
    device.asked()
    // It takes eight of a sort to know.
    expect(++cycles).toBeLessThan(30)
  }
  expect(await cycle()).toEqual(['0+60', '1000+1', '1016+1'])
}, 60_000)
