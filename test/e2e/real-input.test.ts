import { startEdgeSim, type EdgeSim } from '@mapper-sdk/edge-sim'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, it, type TestContext } from 'vitest'
import type { ForeignServer } from '../support/foreign-server.ts'
import { startJsmodbusServer } from '../support/jsmodbus-server.ts'
import { compileLibmodbusServer, startLibmodbusServer } from '../support/libmodbus-server.ts'
import { manifestsOf } from '../support/manifests.ts'
import { startMapper } from '../support/mapper-process.ts'
import { startPymodbusServer } from '../support/pymodbus-server.ts'
import { findPython } from '../support/python.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'
import { isSame, misc, numbers, type Case } from './real-input-cases.ts'

const lacking = {
  pymodbus:
    'no python3 with pymodbus and its server (apt-get install python3-pymodbus python3-serial-asyncio, or pip install pymodbus pyserial)',
  libmodbus:
    'no C compiler with libmodbus (apt-get install gcc libc6-dev pkg-config libmodbus-dev)',
  socat: 'no socat (apt-get install socat)',
}

it.concurrent(
  'reads and writes every data type: pymodbus over TCP',
  async (context) => {
    const python = findPython('pymodbus.server') ?? requireServer(context, lacking.pymodbus)
    const server = await startPymodbusServer(python, { kind: 'tcp' })
    context.onTestFinished(() => server.stop())
    await everyDataType(server, context)
  },
  90_000,
)

it.concurrent(
  'reads and writes every data type: pymodbus over RTU',
  async (context) => {
    const python =
      findPython('pymodbus.server', 'serial') ?? requireServer(context, lacking.pymodbus)
    if (!hasSocat()) requireServer(context, lacking.socat)
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const pair = await startSerialPair(folder)
    context.onTestFinished(() => pair.stop())
    const [tty, peer] = pair.ends
    const server = await startPymodbusServer(python, { kind: 'rtu', tty, peer })
    context.onTestFinished(() => server.stop())
    await everyDataType(server, context)
  },
  90_000,
)

it.concurrent(
  'reads and writes every data type: libmodbus over TCP',
  async (context) => {
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const program = compileLibmodbusServer(folder) ?? requireServer(context, lacking.libmodbus)
    const server = await startLibmodbusServer(program)
    context.onTestFinished(() => server.stop())
    await everyDataType(server, context)
  },
  90_000,
)

it.concurrent(
  'reads and writes every data type: jsmodbus over TCP',
  async (context) => {
    const server = await startJsmodbusServer()
    context.onTestFinished(() => server.stop())
    await everyDataType(server, context)
  },
  90_000,
)

const devices = { numbers, misc }

/** The mapper as a process between this server and an EdgeCore with all its limits. */
async function everyDataType(server: ForeignServer, { onTestFinished }: TestContext) {
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const socketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath })
  onTestFinished(() => sim.close())
  for (const [name, cases] of Object.entries(devices)) {
    const properties = cases.map(({ name, type, visitor, wish }) => ({
      ...{ name, type, visitor },
      writable: wish !== undefined,
    }))
    manifestsOf({ name, protocol: server.protocol, properties }).forEach((cr) => sim.apply(cr))
  }
  const cases = Object.entries(devices).flatMap(([name, cases]) =>
    cases.map((one) => ({ ...one, device: `default/${name}` })),
  )
  const show = async (round: number) => {
    for (const { place, shown } of cases) await server.put(place, shown[round]?.raw ?? '')
  }

  await show(0)
  await sim.idle()
  const { failures } = sim.stats().downstream // Until now there was no mapper to call.
  const mapper = await startMapper({ folder, edgecore: socketPath })
  onTestFinished(() => void mapper.stop())
  const wrong = (round: number) =>
    cases.flatMap(({ device, name, type, shown }) => {
      const expected = shown[round]?.twin ?? ''
      const reported = sim.twin(device, name)?.reported
      return reported !== undefined && isSame(type, expected, reported)
        ? []
        : [{ property: name, expected, reported }]
    })
  const none = (found: readonly unknown[]) => found.length === 0
  await until('all first values in the cloud', () => wrong(0), none, 30_000)
  await show(1)
  await until('all second values in the cloud', () => wrong(1), none, 30_000)

  for (const { device, name, wish } of cases) {
    if (wish !== undefined) sim.setDesired(device, name, wish.twin)
  }
  await until('all desired values applied', () => unfulfilled(cases, server, sim), none, 30_000)

  // A state is told only when it has lasted, so it may come after the values.
  const states = () => sim.cloud().map(({ id, state }) => `${id} is ${state ?? 'unknown'}`)
  const ok = ['default/numbers is ok', 'default/misc is ok']
  await until('both devices are ok', states, (all) => isDeepStrictEqual(all, ok), 30_000)
  expect(sim.stats()).toMatchObject({ crashes: [], undelivered: 0, downstream: { failures } })
  expect(await mapper.stop()).toBe(0)
}

/** The wishes that are not yet in the server's own store, or not yet reported with both halves. */
async function unfulfilled(
  cases: readonly (Case & { readonly device: string })[],
  server: ForeignServer,
  sim: EdgeSim,
) {
  const found: object[] = []
  for (const { device, name, place, type, wish } of cases) {
    if (wish === undefined) continue
    const held = await server.take(place)
    const { reported = '?', observedDesired = '?' } = sim.twin(device, name) ?? {}
    const rawType = place.type === 'float32' ? 'FLOAT' : place.type === 'float64' ? 'DOUBLE' : 'INT'
    const done =
      isSame(rawType, wish.raw, held) &&
      isSame(type, wish.twin, reported) &&
      observedDesired === wish.twin
    if (!done) found.push({ property: name, wish, held, reported, observedDesired })
  }
  return found
}
