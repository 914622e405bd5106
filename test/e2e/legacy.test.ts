import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { expect, onTestFinished, test } from 'vitest'
import { createCountingDevice } from '../support/counting-device.ts'
import { startMapper } from '../support/mapper-process.ts'
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

test('a Modbus mapper serves a node of KubeEdge up to 1.14: reads, reports, writes', async (context) => {
  requireMosquitto(context)
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const broker = await startMosquitto({ users: { mapper: 'secret', edgecore: 'other' } })
  onTestFinished(() => broker.stop())
  const device = await createCountingDevice()
  onTestFinished(() => device.kill())
  await device.start()
  await device.set(2, 21)

  const profileFile = path.join(folder, 'deviceProfile.json')
  const edgecore = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({
    ...{ socketPath: edgecore, legacy: true, profileFile },
    mqtt: { url: broker.url.replace('//', '//edgecore:other@') },
  })
  onTestFinished(() => sim.close())
  const apiVersion = 'devices.kubeedge.io/v1beta1'
  sim.apply({
    ...{ apiVersion, kind: 'DeviceModel', metadata: { name: 'm', namespace: 'default' } },
    spec: { properties: [{ name: 'setpoint', type: 'INT', accessMode: 'ReadWrite' }] },
  })
  sim.apply({
    ...{ apiVersion, kind: 'Device', metadata: { name: 'boiler', namespace: 'default' } },
    spec: {
      ...{ deviceModelRef: { name: 'm' }, nodeName: 'edge1' },
      protocol: { protocolName: 'modbus', configData: device.protocol },
      properties: [
        {
          ...{ name: 'setpoint', collectCycle: 100, reportCycle: 100, reportToCloud: true },
          visitors: {
            protocolName: 'modbus',
            configData: { register: 'HoldingRegister', offset: 2, limit: 1, scale: 1 },
          },
        },
      ],
    },
  })
  await sim.idle()

  const [username, password] = [path.join(folder, 'username'), path.join(folder, 'password')]
  await writeFile(username, 'mapper\n')
  await writeFile(password, 'secret\n')
  const more = `edge: mqtt-legacy
mqtt:
  url: ${broker.url}
  username_file: ${username}
  password_file: ${password}
  profile_file: ${profileFile}
`
  const mapper = await startMapper({ folder, edgecore, more })
  onTestFinished(() => mapper.stop().then(() => undefined))

  const shows = (reported: string) =>
    until(
      `the cloud shows ${reported}`,
      () => sim.twin('default/boiler', 'setpoint')?.reported,
      (seen) => seen === reported,
    )
  await shows('21')
  sim.setDesired('default/boiler', 'setpoint', '42')
  await shows('42')
  expect(device.writes).toEqual([{ address: 2, value: 42 }])
  await broker.restart()
  await device.set(2, 43)
  await shows('43')
  expect(mapper.lines.join('\n')).not.toContain('secret')
})
