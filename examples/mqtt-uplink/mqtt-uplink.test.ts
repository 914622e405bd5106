import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { parseBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../packages/core/src/main/config-file.ts'
import { root } from '../../test/docs/markdown.ts'
import { startChild } from '../../test/support/child.ts'
import { checkExample, copyExample } from '../../test/docs/example.ts'
import { freePort } from '../../test/support/free-port.ts'
import { requireMosquitto, startMosquitto } from '../../test/support/mosquitto.ts'
import { scratchFolder } from '../../test/support/scratch-folder.ts'
import { until } from '../../test/support/until.ts'

const name = 'mqtt-uplink'
const textOf = (file: string) => readFile(new URL(file, import.meta.url), 'utf8')
const bin = path.join(root, 'packages/cli/dist/bin.js')
const units = [1, 2, 3, 4]

test('the configuration is right, and takes the way over the broker', async () => {
  const { config, problems } = parseConfig(await textOf('config.yaml'))
  expect(problems).toEqual([])
  expect(config).toMatchObject({ uplink: 'auto', mqtt: { url: 'mqtt://127.0.0.1:1883' } })
  const devices = `examples/${name}/devices`
  expect(await checkExample(`examples/${name}/config.yaml`, devices)).toEqual([])
  expect(await checkExample(devices)).toEqual([expect.stringMatching(/ \[report-budget\]$/)])
})

test('twins go over the broker of the example', async (context) => {
  requireMosquitto(context)
  const port = await freePort()
  const sockets = await scratchFolder()
  onTestFinished(sockets.remove)
  const { bank } = parseBank(await textOf('simulator/bank.yaml'), 'bank.yaml')
  const gateway = await serveTcp(bank)
  onTestFinished(() => gateway.close())
  const copy = await copyExample(name, {
    '1883': String(port),
    '/tmp/mqtt-uplink-': `${sockets.folder}/`,
    'http_port: 7777': 'http_port: 0',
    'port: 5020': `port: ${gateway.port}`,
    'collectCycle: 1000': 'collectCycle: 50',
  })
  onTestFinished(copy.remove)
  const inCopy = (file: string) => path.join(copy.folder, file)
  const configuration = await readFile(inCopy('mosquitto.conf'), 'utf8')
  const broker = await startMosquitto({ port, configuration })
  onTestFinished(() => broker.stop())
  const sim = await startEdgeSim({
    socketPath: path.join(sockets.folder, 'dmi.sock'),
    folder: inCopy('devices'),
    mqtt: { url: broker.url },
  })
  onTestFinished(() => sim.close())
  const args = ['run', 'modbus', '--config-file', inCopy('config.yaml')]
  const mapper = startChild(process.execPath, [bin, ...args])
  onTestFinished(() => mapper.kill())

  const shows = (temperature: number) =>
    until(
      `${temperature} in all rooms`,
      () => {
        if (mapper.end !== undefined) throw new Error(mapper.lines.join('\n'))
        return units.map((unit) => sim.twin(`default/room-${unit}`, 'temperature')?.reported)
      },
      (seen) => seen.every((one) => one === String(temperature)),
      20_000,
    )
  const set = (tenths: number) => {
    for (const unit of units) bank.setRegister('input', 0, tenths, unit)
  }
  set(195)
  await shows(19.5)
  await until(
    'the broker is the way',
    () => sim.stats().mqtt.twins,
    (count) => count > 0,
    20_000,
  )
  const before = sim.stats().mqtt.twins
  for (const tenths of [201, 202, 203]) {
    set(tenths)
    await shows(tenths / 10)
  }
  expect(sim.stats().mqtt.twins - before).toBeGreaterThanOrEqual(3 * units.length)
  expect(sim.stats().mqtt.refused).toEqual({})

  // A wish comes over DMI, as the devices do, and its outcome is told over the broker.
  sim.setDesired('default/room-2', 'setpoint', '22.5')
  await until(
    'the wish is fulfilled',
    () => sim.twin('default/room-2', 'setpoint'),
    (twin) => twin?.reported === '22.5' && twin.observedDesired === '22.5',
    20_000,
  )
  expect(bank.getRegister('holding', 0, 2)).toBe(225)
  expect(await mapper.stop()).toBe(0)
})
