import { expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import { openSockets, startField, startMapper, tellMemory } from './driver.suite.ts'
import { decoyNamespace, simulatorNamespace, type OpcuaSimulator } from './simulator/index.ts'

/** How often each fault is done; the long run takes 50. */
const times = Number(process.env['CHAOS_TIMES'] ?? 1)

interface Rig {
  readonly field: OpcuaSimulator
  readonly mapper: ReturnType<typeof startMapper>
}

let next = 1000
/** A new value at the server arrives in the cloud's picture. */
const flows = async ({ field, mapper }: Rig) => {
  const value = next++
  field.set('Scalars.Int32', value)
  field.set('Scalars.Double', value)
  await until(
    `value ${value} of ${mapper.log
      .slice(-10)
      .map(({ text }) => text)
      .join(' | ')}`,
    () => [mapper.reported('watched'), mapper.reported('read')],
    (seen) => seen.every((text) => text === String(value)),
    // The promise: within 10 s of the server's return.
    10_000,
  )
}

async function startRig(options: Parameters<typeof startField>[0] = {}): Promise<Rig> {
  const field = await startField(options)
  const mapper = startMapper({ url: field.url, timeoutMs: 2_000 }, [
    { name: 'watched', visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' } },
    {
      ...{ name: 'read', type: 'DOUBLE' },
      visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Double', subscribe: false },
    },
  ])
  const rig = { field, mapper }
  await flows(rig)
  return rig
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const faults: Readonly<Record<string, (field: OpcuaSimulator) => Promise<unknown> | void>> = {
  'all connections are cut': (field) => field.cutConnections(),
  'the server ends all sessions': (field) => field.closeSessions(),
  'the server ends sessions and keeps subscriptions': (field) =>
    field.closeSessions({ keepSubscriptions: true }),
  'the server ends all subscriptions': (field) => field.deleteSubscriptions(),
  'the server is restarted': (field) => field.restart(),
  'the server is away for a while': async (field) => {
    await field.stop()
    await wait(1_500)
    await field.restart()
  },
  'the server has its namespaces in another order': (field) => {
    const isFirst = field.namespaceIndex === 2
    return field.restart({
      namespaces: isFirst
        ? [decoyNamespace, simulatorNamespace]
        : [simulatorNamespace, decoyNamespace],
    })
  },
  'the server comes back without some nodes': (field) =>
    field.restart({ missing: field.has('Scalars.String') ? ['Scalars.String'] : [] }),
  'the server comes back with another certificate': (field) => field.replaceCertificate(),
  'publish responses come late': async (field) => {
    field.delayPublish(1_500)
    await wait(3_000)
    field.delayPublish(0)
  },
  'publish responses do not come at all for a while': async (field) => {
    field.delayPublish(Infinity)
    await wait(7_000)
    field.delayPublish(0)
  },
  'no request is answered for a while': async (field) => {
    field.interfere({ drop: true })
    await wait(4_000)
    field.interfere(undefined)
  },
}

for (const [what, doIt] of Object.entries(faults)) {
  test(
    `${what}: data flows again, in one session (${times} times)`,
    { timeout: 15_000 + times * 15_000 },
    async () => {
      const rig = await startRig()
      for (let i = 0; i < times; i++) {
        await doIt(rig.field)
        await flows(rig)
        await until(
          'one session',
          () => rig.field.sessionCount,
          (count) => count === 1,
        )
        if (i % 10 === 9) tellMemory(`${what}, ${i + 1} times`, times)
      }
      await rig.mapper.end()
      expect(rig.field.sessionCount).toBe(0)
      await until('no connection', openSockets, (count) => count === 0)
    },
  )
}
