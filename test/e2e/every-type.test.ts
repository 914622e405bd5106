import { runMapper, silentLogger, type Device, type DeviceModel } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'
import { expect, it, type TestContext } from 'vitest'
import type { ForeignServer } from '../support/foreign-server.ts'
import { serverKinds } from '../support/every-server.ts'
import { until } from '../support/until.ts'
import { parts } from './part-cases.ts'
import { isSame, misc, numbers, type Case } from './real-input-cases.ts'

const cases: readonly Case[] = [...numbers, ...misc, ...parts]

/** Every type in every order, with and without scale, over every transport, against servers of others. */
it.concurrent.for(serverKinds)(
  'every type is read and written: $name',
  { timeout: 120_000 },
  async ({ start }, context) => everyType(await start(context), context),
)

async function everyType(server: ForeignServer, context: TestContext): Promise<void> {
  const show = async (round: number) => {
    for (const { place, shown } of cases) await server.put(place, shown[round]?.raw ?? '')
  }
  const deviceWith = (desired: (one: Case) => string): Device => ({
    namespace: 'default',
    name: 'all',
    model: 'all',
    protocolName: 'modbus',
    protocol: { timeoutMs: 3_000, ...server.protocol },
    properties: cases.map((one) => ({
      name: one.name,
      desired: desired(one),
      visitor: one.visitor,
      collectCycle: 100,
      reportCycle: 0,
      reportToCloud: true,
    })),
    methods: [],
    stateReport: { toCloud: true, cycleMs: 0 },
  })
  const model: DeviceModel = {
    namespace: 'default',
    name: 'all',
    properties: cases.map(({ name, type, wish }) => ({
      name,
      type,
      accessMode: wish === undefined ? 'ReadOnly' : 'ReadWrite',
    })),
  }
  const edge = createFakeEdge()
  const stop = new AbortController()
  await show(0)
  edge.apply(
    deviceWith(() => ''),
    model,
  )
  const done = runMapper({
    ...{ driver: modbusDriver, edge, logger: silentLogger, signal: stop.signal },
    settings: { budget: {}, values: 'encode' },
  })
  context.onTestFinished(async () => {
    stop.abort()
    await done
  })

  const wrong = (expected: (one: Case) => string | undefined) =>
    cases.flatMap((one) => {
      const twin = edge.twin('default/all', one.name)?.reported
      const wanted = expected(one)
      const right = wanted === undefined || (twin !== undefined && isSame(one.type, wanted, twin))
      return right ? [] : [{ property: one.name, expected: wanted, reported: twin }]
    })
  const none = (found: readonly unknown[]) => found.length === 0
  await until('all first values', () => wrong(({ shown }) => shown[0]?.twin), none, 30_000)
  await show(1)
  await until('all second values', () => wrong(({ shown }) => shown[1]?.twin), none, 30_000)
  edge.apply(
    deviceWith(({ wish }) => wish?.twin ?? ''),
    model,
  )
  await until('all wishes', () => wrong(({ wish }) => wish?.twin), none, 30_000)
  for (const { name, place, wish } of cases) {
    if (wish === undefined) continue
    const held = await server.take(place)
    const type = place.type === 'float32' ? 'FLOAT' : place.type === 'float64' ? 'DOUBLE' : 'INT'
    expect([name, isSame(type, wish.raw, held) ? wish.raw : held]).toEqual([name, wish.raw])
  }
}
