import path from 'node:path'
import { MapperError, silentLogger, type MapperView } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { deviceOf, loadFolder, modelOf, startEdgeSim } from '@mapper-sdk/edge-sim'
import { createBank, serveTcp as serveModbus } from '@mapper-sdk/modbus/simulator'
import { loadDevice, serveTcp as serveSerial } from '@mapper-sdk/serial/simulator'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../test/docs/markdown.ts'
import { startChild } from '../../test/support/child.ts'
import { copyExample } from '../../test/docs/example.ts'
import { until } from '../../test/support/until.ts'
import { complaintsOf, runGateway } from './gateway.ts'

const logger = silentLogger

/** A simulated meter, and the devices of the example `modbus-gateway`, which lead to it. */
async function startMeters() {
  const bank = createBank({ units: [1, 2, 3] })
  bank.setRegister('input', 20, [0, 123], 1)
  const meters = await serveModbus(bank)
  onTestFinished(() => meters.close())
  const copy = await copyExample('modbus-gateway', {
    'port: 5020': `port: ${meters.port}`,
    'collectCycle: 1000': 'collectCycle: 50',
  })
  onTestFinished(copy.remove)
  return { bank, folder: copy.folder }
}

/** The same of the scale of `serial-scale`. */
async function startScale() {
  const scale = await serveSerial([loadDevice('mt-sics-scale').device])
  onTestFinished(() => scale.close())
  const copy = await copyExample('serial-scale', { 'port: 4001': `port: ${scale.port}` })
  onTestFinished(copy.remove)
  return { folder: copy.folder }
}

/** KubeEdge in memory, with the devices of a folder. */
async function edgeWith(folder: string) {
  const { documents } = await loadFolder(folder)
  const edge = createFakeEdge()
  for (const { kind, manifest } of documents) {
    if (kind !== 'Device') continue
    const { model: name } = deviceOf(manifest)
    const model = documents.find(
      (each) => each.kind === 'DeviceModel' && each.manifest.metadata.name === name,
    )
    if (model === undefined) throw new Error(`no model ${name} in ${folder}`)
    edge.apply(deviceOf(manifest, model.manifest), modelOf(model.manifest))
  }
  return edge
}

test('two drivers run in one program, and what has no value is explained', async () => {
  const { folder: meters } = await startMeters()
  const { folder: scale } = await startScale()
  const edges = { modbus: await edgeWith(meters), serial: await edgeWith(scale) }
  const stop = new AbortController()
  const views: MapperView[] = []
  const ended = runGateway({
    edgeOf: (protocol) => edges[protocol as keyof typeof edges],
    ...{ logger, signal: stop.signal },
    onStart: (view) => views.push(view),
  })
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  await until(
    'values of both',
    () => [
      edges.modbus.twin('default/meter-1', 'energy')?.reported,
      edges.serial.twin('default/scale-1', 'stable')?.reported,
    ],
    ([energy, stable]) => energy === '1230' && /^(true|false)$/.test(stable ?? ''),
    20_000,
  )
  // The controller beside the scale needs a recipe that is in no folder of this process.
  const complaints = await until(
    'nothing else is without a value',
    () => views.flatMap(complaintsOf),
    (lines) => lines.every((line) => line.startsWith('default/controller-7 ')),
    20_000,
  )
  expect(complaints).toHaveLength(4)
  for (const line of complaints) expect(line).toContain('there is no k2-controller.yaml in')
})

test('when one cannot run, the other ends, and the reason is told', async () => {
  const wrong = new MapperError('invalid_config', 'no such way to KubeEdge')
  const edges = {
    modbus: createFakeEdge(),
    serial: { ...createFakeEdge(), open: () => Promise.reject(wrong) },
  }
  const ended = runGateway({
    edgeOf: (protocol) => edges[protocol as keyof typeof edges],
    ...{ logger, signal: new AbortController().signal },
  })
  await expect(ended).rejects.toBe(wrong)
})

test('the program runs beside EdgeCore, and ends on SIGTERM', async () => {
  const { bank, folder } = await startMeters()
  const sim = await startEdgeSim({ socketPath: path.join(folder, 'dmi.sock'), folder })
  onTestFinished(() => sim.close())
  // Made by npm run build, as npm test does first.
  const main = path.join(root, 'examples/dist/programmatic/main.js')
  const program = startChild(process.execPath, [main, folder])
  onTestFinished(() => program.kill())
  await until(
    'values in the cloud, and the wish in the device',
    () => {
      if (program.end !== undefined) throw new Error(program.lines.join('\n'))
      return [
        sim.twin('default/meter-1', 'energy')?.reported,
        sim.twin('default/fan', 'frequency')?.observedDesired,
      ]
    },
    ([energy, frequency]) => energy === '1230' && frequency === '37.5',
    20_000,
  )
  expect(bank.getRegister('holding', 0, 3)).toBe(375)
  expect(
    sim
      .stats()
      .mappers.map(({ name }) => name)
      .sort(),
  ).toEqual(['modbus-mapper', 'serial-mapper'])
  expect(await program.stop()).toBe(0)
})
