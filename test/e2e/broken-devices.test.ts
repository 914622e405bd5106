import { createBank, serveTcp, type Fault } from '@mapper-sdk/modbus/simulator'
import { expect, it, type TestContext } from 'vitest'
import { startFieldMapper } from '../support/field-mapper.ts'
import { freePort } from '../support/free-port.ts'
import { startFullPort } from '../support/full-port.ts'
import { startTcpRelay } from '../support/tcp-relay.ts'
import { until } from '../support/until.ts'

/** A device on a port of its own, whose register 0 holds `level`. */
async function startDevice({ onTestFinished }: TestContext, level: number, port = 0) {
  const bank = createBank()
  bank.setRegister('holding', 0, level)
  const simulator = await serveTcp(bank, { port })
  onTestFinished(() => simulator.close())
  return { simulator, bank, port: simulator.port }
}

const at = (port: number, timeoutMs = 200) => ({
  host: '127.0.0.1',
  port,
  timeoutMs,
  connectTimeoutMs: 300,
})

it('devices that cannot be reached are offline, cost the others nothing, and come back', async (context) => {
  const mapper = startFieldMapper(context)
  const good = await startDevice(context, 1)
  const hung = await startDevice(context, 2)
  const relayed = await startDevice(context, 3)
  const relay = await startTcpRelay(relayed.port)
  context.onTestFinished(() => relay.close())
  const dark = await freePort()
  const full = await startFullPort(await freePort())
  let fullIsOpen = true
  context.onTestFinished(() => (fullIsOpen ? full.close() : undefined))

  mapper.put('good', at(good.port, 60_000))
  mapper.put('hung', at(hung.port))
  mapper.put('relayed', at(relay.port))
  const states = (...names: string[]) => names.map((name) => mapper.state(name)).join()
  await until(
    'all of the first are ok',
    () => states('good', 'hung', 'relayed'),
    (seen) => seen === 'ok,ok,ok',
  )
  mapper.put('dark', at(dark))
  mapper.put('full', at(full.port))
  // Whoever waited for these would wait for the rest of the test.
  mapper.put('full-patient', { ...at(full.port, 60_000), unit: 2, connectTimeoutMs: 60_000 })
  hung.simulator.mute(true)
  mapper.put('hung-patient', { ...at(hung.port, 60_000), host: 'localhost' })
  relay.abandon()

  const broken = ['dark', 'full', 'hung'] as const
  await until(
    'what cannot be reached is offline',
    () => states(...broken),
    (seen) => seen === 'offline,offline,offline',
  )
  // A connection that is open at one end only is found out, and made anew, without any help.
  await until(
    'the relayed device was offline and is back',
    () => ({
      states: mapper.edge.states.filter(({ device }) => device === 'default/relayed'),
      accepted: relay.accepted,
    }),
    ({ states: told, accepted }) =>
      told
        .map(({ state }) => state)
        .join()
        .startsWith('ok,offline') &&
      told.at(-1)?.state === 'ok' &&
      accepted >= 2,
  )
  const polls = good.simulator.requests
  good.bank.setRegister('holding', 0, 11)
  await until(
    'the good device is read as ever',
    () => [good.simulator.requests - polls, mapper.twin('good')],
    ([more, twin]) => Number(more) >= 40 && twin === '11',
  )
  expect(states('good', ...broken)).toBe('ok,offline,offline,offline')
  expect(mapper.edge.states.filter(({ device }) => device === 'default/good')).toHaveLength(1)
  const reasons = (name: string) =>
    mapper.log
      .filter(({ device }) => device === name)
      .map(({ text }) => text)
      .join('\n')
  expect(reasons('dark')).toContain('ECONNREFUSED')
  expect(reasons('full')).toContain(`no connection to 127.0.0.1:${full.port} in 300 ms`)
  expect(reasons('hung')).toMatch(/did not answer in \d+ ms|unanswered/)

  await full.close()
  fullIsOpen = false
  await startDevice(context, 21, dark)
  await startDevice(context, 22, full.port)
  hung.simulator.mute(false)
  hung.bank.setRegister('holding', 0, 23)
  await until(
    'all come back by themselves',
    () => [states(...broken), ...broken.map((name) => mapper.twin(name))].join(),
    (seen) => seen === 'ok,ok,ok,21,22,23',
    15_000,
  )
})

const lies: readonly Fault[] = [
  { kind: 'silent' },
  { kind: 'late', ms: 500 },
  { kind: 'wrong-unit' },
  { kind: 'wrong-function' },
  { kind: 'wrong-id' },
  { kind: 'wrong-protocol' },
  { kind: 'short-count' },
  { kind: 'long-count' },
  { kind: 'absurd-length' },
  { kind: 'truncated' },
  { kind: 'garbage', bytes: Uint8Array.from({ length: 40 }, (_, at) => 37 * at) },
  { kind: 'rst' },
  { kind: 'fin' },
  { kind: 'duplicate' },
  { kind: 'echo' },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 10, 11].map((code): Fault => ({ kind: 'exception', code })),
]

it('a device that answers wrongly keeps its last good value, is not ok, and comes back', async (context) => {
  const mapper = startFieldMapper(context)
  const devices = await Promise.all(
    lies.map(async (lie) => {
      const name = 'code' in lie ? `${lie.kind}-${lie.code}` : lie.kind
      return { name, lie, ...(await startDevice(context, 100)) }
    }),
  )
  for (const { name, port } of devices) mapper.put(name, at(port))
  const seen = () =>
    devices.map(({ name }) => ({ name, state: mapper.state(name), twin: mapper.twin(name) }))
  await until('all are ok', seen, (all) =>
    all.every(({ state, twin }) => state === 'ok' && twin === '100'),
  )

  for (const { simulator, lie, bank } of devices) {
    simulator.faults(() => lie)
    bank.setRegister('holding', 0, 999)
  }
  await until('all are in trouble', seen, (all) =>
    all.every(({ state }) => state === 'offline' || state === 'unhealthy'),
  )
  const asked = devices.map(({ simulator }) => simulator.requests)
  await until(
    'each was asked again',
    () => devices.map(({ simulator }, index) => simulator.requests - (asked[index] ?? 0)),
    (more) => more.every((count) => count >= 1),
  )
  for (const { twin, name, state } of seen()) {
    expect([name, twin, state]).toEqual([name, '100', expect.stringMatching(/offline|unhealthy/)])
  }

  for (const { simulator } of devices) simulator.faults()
  await until(
    'all come back',
    seen,
    (all) => all.every(({ state, twin }) => state === 'ok' && twin === '999'),
    15_000,
  )
})

it('a gateway that bears one connection is never asked for a second one', async (context) => {
  const mapper = startFieldMapper(context)
  const units = [1, 2, 3, 4, 5, 6]
  const bank = createBank({ units })
  const put = (unit: number, more = {}) => {
    // One place, however it is spelt.
    const host = ['localhost', 'LOCALHOST', 'Localhost'][unit % 3] ?? ''
    // A busy machine must not look like a silent gateway.
    const patient = { timeoutMs: 5_000, connectTimeoutMs: 5_000 }
    mapper.put(`unit-${unit}`, { port: gateway.port, host, unit, ...patient, ...more })
  }
  const simulator = await serveTcp(bank)
  context.onTestFinished(() => simulator.close())
  const gateway = await startTcpRelay(simulator.port, 1)
  context.onTestFinished(() => gateway.close())
  const all = (level: number) =>
    until(
      `every unit shows its ${level}`,
      () => units.map((unit) => mapper.twin(`unit-${unit}`)),
      (seen) => seen.every((twin, index) => twin === String(level + (units[index] ?? 0))),
    )
  const fill = (level: number) => {
    for (const unit of units) bank.setRegister('holding', 0, level + unit, unit)
  }
  fill(100)
  for (const unit of units) put(unit)
  await all(100)
  for (let round = 2; round <= 5; round++) {
    gateway.drop()
    fill(100 * round)
    await all(100 * round)
    expect(gateway.accepted).toBe(round)
  }
  // Devices that come, go and change do not disturb the connection of the others.
  put(1, { timeoutMs: 6_000 })
  mapper.edge.remove('default/unit-2')
  await until(
    'the removed device is gone',
    () => mapper.state('unit-2'),
    (state) => state === undefined,
  )
  put(2)
  fill(1000)
  await all(1000)
  expect([gateway.accepted, gateway.refused]).toEqual([5, 0])
})
