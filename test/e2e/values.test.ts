import path from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  createDmiEdge,
  decodeTwinText,
  runMapper,
  silentLogger,
  type Driver,
  type MapperView,
  type PropertyType,
  type Value,
} from '@mapper-sdk/core'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

/*
 * Ten thousand values of all types through a real mapper over real gRPC: each arrives as it is, or the
 * mapper says why not. EdgeCore's pace is not the question here, so its limits are off; its rules
 * about names and values, which drop without a word, are on.
 */
const perType = 250
const rounds = 10
const types: readonly PropertyType[] = ['STRING', 'INT', 'DOUBLE', 'BYTES']

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 2_000 }),
  fc.constantFrom(
    '',
    ' ',
    'b64:',
    'b64:Zm9v',
    '1e+06',
    '{"a":1}',
    'Kessel Nr. 1 – süd',
    '\ud800',
    '\u0000',
  ),
  fc.integer({ min: 0, max: 2_000 }).map((length) => 'x'.repeat(length)),
)
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(
    NaN,
    Infinity,
    -Infinity,
    -0,
    1e300,
    -1e300,
    1e-300,
    5e-324,
    0.1,
    2 ** 53,
    -(2 ** 63),
  ),
)
const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  STRING: text,
  INT: fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.integer(),
    number,
    fc.boolean(),
  ),
  DOUBLE: number,
  BYTES: fc.uint8Array({ maxLength: 400 }),
}

/** What the twin must show, in the words of this test; undefined if there is no such value. */
function expected(value: Value, type: PropertyType): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (type === 'STRING') return String(value)
  if (type === 'INT') {
    const whole = typeof value === 'boolean' ? Number(value) : value
    if (typeof whole === 'number' && !Number.isInteger(whole)) return undefined
    const big = BigInt(whole)
    return big >= -(2n ** 63n) && big < 2n ** 64n ? big.toString() : undefined
  }
  return Number.isFinite(value) ? String(value) : undefined
}

it('10 000 values arrive equal, or are left out with a reason', async () => {
  const { folder, remove } = await scratchFolder()
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({
    socketPath: edgecoreSocketPath,
    limiter: 'off',
    upstream: 'off',
  })
  const field = new Map<string, Value>()
  let reads = 0
  const driver: Driver<{ type: string }, { key: string }> = {
    protocolName: 'values',
    protocolSchema: { type: 'object', properties: { type: { type: 'string' } } },
    visitorSchema: { type: 'object', properties: { key: { type: 'string' } } },
    connectionKey: ({ type }) => type,
    connect: async () => ({
      async read(_protocol, visitors) {
        reads++
        return visitors.map(({ key }) => ({ ok: true, value: field.get(key) ?? '' }))
      },
      write: async () => [],
      close: async () => undefined,
    }),
  }
  const apiVersion = 'devices.kubeedge.io/v1beta1'
  for (const type of types) {
    const names = Array.from({ length: perType }, (_, index) => `p${index}`)
    const name = type.toLowerCase()
    sim.apply({
      apiVersion,
      kind: 'DeviceModel',
      metadata: { name, namespace: 'default' },
      spec: {
        protocol: 'values',
        properties: names.map((each) => ({ name: each, type, accessMode: 'ReadOnly' })),
      },
    })
    sim.apply({
      apiVersion,
      kind: 'Device',
      metadata: { name, namespace: 'default' },
      spec: {
        deviceModelRef: { name },
        protocol: { protocolName: 'values', configData: { type } },
        properties: names.map((each) => ({
          name: each,
          collectCycle: 100,
          reportToCloud: true,
          visitors: { protocolName: 'values', configData: { key: `${name}/${each}` } },
        })),
      },
    })
  }

  const stop = new AbortController()
  let view: MapperView | undefined
  const limits = {
    callsPerSecond: Infinity,
    burst: Infinity,
    twinsPerSecond: Infinity,
    twinsPerCall: 1_000,
  }
  const done = runMapper({
    driver: driver,
    edge: createDmiEdge({
      mapper: { name: 'values', version: '0', apiVersion: 'v1', protocol: 'values' },
      socketPath: path.join(folder, 'mapper.sock'),
      edgecoreSocketPath,
      logger: silentLogger,
      limits,
    }),
    logger: silentLogger,
    signal: stop.signal,
    settings: { budget: limits },
    onStart: (live) => (view = live),
  })
  let [arrived, leftOut] = [0, 0]
  try {
    for (let round = 0; round < rounds; round++) {
      const now = new Map<string, Value>()
      for (const type of types) {
        const arbitrary = values[type] ?? fc.constant('')
        const sample = fc.sample(arbitrary, {
          numRuns: perType,
          seed: 1_000 * round + types.indexOf(type),
        })
        sample.forEach((value, index) => now.set(`${type.toLowerCase()}/p${index}`, value))
      }
      for (const [key, value] of now) field.set(key, value)
      const seen = reads
      // A read may have been under way, so two more of each device.
      const settled = () => ({ reads: reads - seen, waiting: view?.outbox.waiting ?? Infinity })
      await until(
        'all readings told',
        settled,
        (it) => it.reads >= 3 * types.length && it.waiting === 0,
        20_000,
      )
      await sim.idle()
      for (const [key, value] of now) {
        const [name = '', property = ''] = key.split('/')
        const wanted = expected(value, name.toUpperCase() as PropertyType)
        const twin = sim.twin(`default/${name}`, property)
        const shown = twin?.reported === undefined ? undefined : decodeTwinText(twin.reported)
        const equal =
          name === 'double' && wanted !== undefined
            ? Number(shown) === Number(wanted)
            : shown === wanted
        if (wanted !== undefined && equal) arrived++
        else {
          leftOut++
          const why = view?.explain(`default/${name}`, property)?.why
          expect(why, `${key} = ${String(value).slice(0, 80)}`).toMatch(
            /reading failed|would drop the value/,
          )
        }
      }
    }
    expect(sim.stats().crashes).toEqual([])
    // The first report of a twin is lost in the cloud, which is why it is sent twice; nothing else is.
    expect(sim.stats().droppedTwins).toEqual({ 'first-report': perType * types.length })
    expect(arrived + leftOut).toBe(perType * types.length * rounds)
    expect(arrived).toBeGreaterThan(leftOut)
  } finally {
    stop.abort()
    await done
    await sim.close()
    await remove()
  }
}, 120_000)
