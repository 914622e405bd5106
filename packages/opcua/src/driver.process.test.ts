import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startOpcuaProcess } from '../../../test/support/opcua/opcua-process.ts'
import { startTcpRelay } from '../../../test/support/tcp-relay.ts'
import { until } from '../../../test/support/until.ts'
import { cleanUp, openSockets, startMapper, tellMemory } from './driver.suite.ts'

/** How often each fault is done; the long run takes 50. */
const times = Number(process.env['CHAOS_TIMES'] ?? 1)
const patience = 20_000 + times * 40_000

async function startRig(between = false) {
  const field = await startOpcuaProcess()
  cleanUp.push(() => field.stop())
  const relay = await startTcpRelay(field.port)
  cleanUp.push(() => relay.close())
  const url = between ? `opc.tcp://127.0.0.1:${relay.port}` : field.url
  const mapper = startMapper({ url, timeoutMs: 2_000, sessionTimeoutMs: 30_000 }, [
    { name: 'watched', visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' } },
    {
      ...{ name: 'read', type: 'DOUBLE' },
      visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Double', subscribe: false },
    },
  ])
  let next = 1000
  let rounds = 0
  /** A new value at the server arrives in the cloud's picture, within 10 s, over one session. */
  const flows = async () => {
    const value = next++
    await field.call('set', 'Scalars.Int32', value)
    await field.call('set', 'Scalars.Double', value)
    await until(
      `value ${value}`,
      () => [mapper.reported('watched'), mapper.reported('read')],
      (seen) => seen.every((text) => text === String(value)),
      10_000,
    )
    await until(
      'one session',
      () => field.ask('sessionCount'),
      (count) => count === 1,
      // What was opened before a cut ends with its own timeout.
      30_000,
    )
    if (++rounds % 10 === 0) tellMemory(`${rounds} rounds`, times)
  }
  await flows()
  /** Ends the mapper, which leaves no session and no connection. */
  const end = async () => {
    await mapper.end()
    expect(await field.ask('sessionCount')).toBe(0)
    await relay.close()
    await until('no connection', openSockets, (count) => count === 0)
  }
  return { field, relay, mapper, flows, end }
}

test(
  `a killed server: offline, and data flows again when it is back (${times} times)`,
  { timeout: patience },
  async () => {
    const { field, mapper, flows, end } = await startRig()
    for (let i = 0; i < times; i++) {
      await field.kill()
      await until('offline', mapper.state, (state) => state === 'offline')
      await field.start()
      await flows()
      await until('ok', mapper.state, (state) => state === 'ok')
    }
    await end()
  },
)

test(
  `a frozen server: offline, and data flows again when it thaws (${times} times)`,
  { timeout: patience },
  async () => {
    const { field, mapper, flows, end } = await startRig()
    for (let i = 0; i < times; i++) {
      field.freeze()
      try {
        await until('offline', mapper.state, (state) => state === 'offline', 20_000)
        await delay(1_000)
      } finally {
        field.thaw()
      }
      await flows()
      await until('ok', mapper.state, (state) => state === 'ok')
    }
    await end()
  },
)

test(
  `a half-open connection is noticed, and the session resumed on a new one (${times} times)`,
  { timeout: patience },
  async () => {
    const { relay, mapper, flows, field, end } = await startRig(true)
    const created = async () => (await field.ask('calls'))['CreateSession'] ?? 0
    const before = await created()
    for (let i = 0; i < times; i++) {
      relay.abandon()
      await until('offline', mapper.state, (state) => state === 'offline', 20_000)
      await flows()
    }
    expect(await created()).toBe(before)
    await end()
  },
)

test(`a cable that is out and in again (${times} times)`, { timeout: patience }, async () => {
  const { relay, mapper, flows, end } = await startRig(true)
  for (let i = 0; i < times; i++) {
    relay.freeze()
    await until('offline', mapper.state, (state) => state === 'offline', 20_000)
    await delay(1_000)
    relay.thaw()
    await flows()
  }
  await end()
})
