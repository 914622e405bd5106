import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { startJsmodbusServer } from '../support/jsmodbus-server.ts'
import { manifestsOf, type PropertySpec } from '../support/manifests.ts'
import { runMapperBin, startMapper } from '../support/mapper-process.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

// That each field of config.yaml is refused with its place is tested beside the code, without a process.
describe('a mapper process with a wrong config.yaml ends with 2 and says where', () => {
  it.concurrent.for([
    ['grpc_server:\n  socket_path: mapper.sock', '2:16: grpc_server.socket_path: '],
    ['common:\n  name: a b', '2:9: common.name: '],
    ['common:\n  http_port: 65536', '2:14: common.http_port: '],
    ['log:\n  level: loud', '2:10: log.level: '],
    ['mapper:\n  budget:\n    burst: 0', '3:12: mapper.budget.burst: '],
    ['common:\n\tname: x', '2:1: a tab'],
    [undefined, '1:1: no such file'],
  ] as const)('%j', async ([text, place], { onTestFinished }) => {
    const { folder, remove } = await scratchFolder()
    onTestFinished(remove)
    const file = path.join(folder, 'config.yaml')
    if (text !== undefined) await writeFile(file, text)
    const mapper = runMapperBin(['--config-file', file])
    expect(await mapper.ended).toBe(2)
    expect(mapper.lines.join('\n')).toContain(`${file}:${place}`)
  })
})

type Words = Readonly<Record<string, string | number | boolean>>

const config = 'spec.protocol.configData'
const visitors = 'spec.properties[1].visitors.configData'

/** Each field of a device's protocol wrong in turn: the device cannot run at all. */
const wrongProtocols: readonly (readonly [wrong: Words, path: string])[] = [
  [{ transport: 'pigeon' }, `${config}.transport`],
  [{ host: '' }, `${config}.host`],
  [{ port: 65_536 }, `${config}.port`],
  [{ transport: 'rtu' }, `${config}.path`],
  [{ transport: 'rtu', path: '/dev/null', unit: 248 }, `${config}.unit`],
  [{ baudRate: 10 }, `${config}.baudRate`],
  [{ dataBits: 6 }, `${config}.dataBits`],
  [{ stopBits: 3 }, `${config}.stopBits`],
  [{ parity: 'mark' }, `${config}.parity`],
  [{ rs485: 'perhaps' }, `${config}.rs485`],
  [{ unit: 256 }, `${config}.unit`],
  [{ timeoutMs: 0.5 }, `${config}.timeoutMs`],
  [{ connectTimeoutMs: 0 }, `${config}.connectTimeoutMs`],
  [{ maxRegistersPerRequest: 126 }, `${config}.maxRegistersPerRequest`],
  [{ maxBitsPerRequest: 2001 }, `${config}.maxBitsPerRequest`],
  [{ maxGap: -1 }, `${config}.maxGap`],
  [{ maxInFlight: 'two' }, `${config}.maxInFlight`],
  [{ writeMultiple: 'sometimes' }, `${config}.writeMultiple`],
]

/** Each field of a visitor wrong in turn: that property is left out, the others of the device go on. */
const wrongVisitors: readonly (readonly [wrong: Words, path: string])[] = [
  [{ table: 'flash' }, `${visitors}.table`],
  [{ address: 65_536 }, `${visitors}.address`],
  [{ address: '' }, `${visitors}.address`],
  [{ type: 'int24' }, `${visitors}.type`],
  [{ type: 'string', length: 126 }, `${visitors}.length`],
  [{ byteOrder: 'middle' }, `${visitors}.byteOrder`],
  [{ wordOrder: 'ABDC' }, `${visitors}.wordOrder`],
  [{ type: 'bool', bit: 16 }, `${visitors}.bit`],
  [{ scale: 'tenth' }, `${visitors}.scale`],
  [{ offset: 'low' }, `${visitors}.offset`],
  [{ decimals: 16 }, `${visitors}.decimals`],
  [{ map: '0=off,0=on' }, `${visitors}.map`],
  [{ deadband: -1 }, `${visitors}.deadband`],
  [{ deadbandPercent: 101 }, `${visitors}.deadbandPercent`],
  [{ desiredPolicy: 'always' }, `${visitors}.desiredPolicy`],
]

type Property = Readonly<Record<string, unknown>>

/** What stands around the visitor of a property, wrong in turn. */
const wrongProperties: readonly (readonly [wrong: (right: Property) => Property, path: string])[] =
  [
    [(right) => ({ ...right, name: 'nobody' }), 'spec.properties[1].name'],
    [(right) => ({ ...right, desired: { value: 'hot' } }), 'spec.properties[1].desired.value'],
    [(right) => ({ ...right, visitors: undefined }), visitors],
  ]

it('a wrong field in a CR is named and costs nobody else', async ({ onTestFinished }) => {
  const server = await startJsmodbusServer()
  onTestFinished(() => server.stop())
  const scratch = await scratchFolder()
  onTestFinished(scratch.remove)
  const folder = path.join(scratch.folder, 'crs')
  await mkdir(folder)

  const good: PropertySpec = { name: 'good', type: 'INT', visitor: { address: 0 } }
  const expected = new Map<string, { readonly path: string; readonly hasGood: boolean }>()
  const put = async (
    name: string,
    protocol: Words,
    properties: readonly PropertySpec[],
    spoil = (second: Property) => second,
  ) => {
    const manifests = manifestsOf({
      name,
      protocol: { ...server.protocol, ...protocol },
      properties,
    })
    const spoiled = manifests.map((manifest) => {
      if (manifest.kind !== 'Device') return manifest
      const [first, ...others] = manifest.spec['properties'] as readonly Property[]
      return { ...manifest, spec: { ...manifest.spec, properties: [first, ...others.map(spoil)] } }
    })
    // JSON is YAML.
    const text = spoiled.map((manifest) => JSON.stringify(manifest)).join('\n---\n')
    await writeFile(path.join(folder, `${name}.yaml`), text)
  }
  await put('aaa-good', {}, [good])
  await put('zzz-good', {}, [good])
  for (const [index, [wrong, place]] of wrongProtocols.entries()) {
    await put(`protocol-${index}`, wrong, [good])
    expected.set(`protocol-${index}`, { path: place, hasGood: false })
  }
  for (const [index, [wrong, place]] of wrongVisitors.entries()) {
    const bad: PropertySpec = { name: 'bad', type: 'INT', visitor: { address: 1, ...wrong } }
    await put(`visitor-${index}`, {}, [good, bad])
    expected.set(`visitor-${index}`, { path: place, hasGood: true })
  }

  for (const [index, [spoil, place]] of wrongProperties.entries()) {
    const second: PropertySpec = { ...good, name: 'second', writable: true }
    await put(`property-${index}`, {}, [good, second], spoil)
    expected.set(`property-${index}`, { path: place, hasGood: true })
  }

  const edgecore = path.join(scratch.folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath: edgecore, folder })
  onTestFinished(() => sim.close())
  expect(sim.issues()).toEqual([])
  const mapper = await startMapper({
    folder: scratch.folder,
    edgecore,
    // Forty devices have much to say at once: the mapper, alone on its node, may use all of EdgeCore's burst.
    more: 'mapper:\n  budget:\n    burst: 100\n',
  })
  onTestFinished(() => void mapper.stop())

  const stray = () => {
    const logged = mapper.objects.filter(({ level }) => level === 'error')
    return [...expected].flatMap(([name, { path: place, hasGood }]) => {
      const paths = logged.filter(({ device }) => device === name).map((line) => line['path'])
      const state = sim.cloud().find(({ id }) => id === `default/${name}`)?.state
      const reported = sim.twin(`default/${name}`, 'good')?.reported
      const fine =
        state === 'unhealthy' &&
        paths.includes(place) &&
        paths.length === 1 &&
        (reported === '0') === hasGood
      return fine ? [] : [{ name, place, paths, state, reported }]
    })
  }
  await until(
    'each wrong device is unhealthy, and the log says where',
    stray,
    (found) => found.length === 0,
    30_000,
  )

  await server.put({ table: 'holding', address: 0, type: 'uint16' }, '4711')
  await until(
    'the good devices go on',
    () => ['aaa', 'zzz'].map((name) => sim.twin(`default/${name}-good`, 'good')?.reported),
    (seen) => seen.every((reported) => reported === '4711'),
  )
  expect(mapper.end).toBeUndefined()
  expect(await mapper.stop()).toBe(0)
}, 60_000)
