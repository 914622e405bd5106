import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { expect, test } from 'vitest'
import { startSimulatedOven } from '../../examples/custom-driver/simulated-oven.ts'
import { startChild } from '../support/child.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'
import { root } from './markdown.ts'

test('the example runs as a process, by its own configuration file, and ends on SIGTERM', async () => {
  const example = path.join(root, 'examples/custom-driver')
  const { folder, remove } = await scratchFolder()
  const oven = await startSimulatedOven()
  const place = async (file: string, from: string, to: string) => {
    const text = await readFile(path.join(example, file), 'utf8')
    expect(text).toContain(from)
    await writeFile(path.join(folder, path.basename(file)), text.replaceAll(from, to))
  }
  await place('devices/model.yaml', 'name: oven', 'name: oven')
  await place('devices/oven.yaml', 'port: 4001', `port: ${oven.port}`)
  const sim = await startEdgeSim({ socketPath: path.join(folder, 'dmi.sock'), folder })
  await place('config.yaml', '/etc/kubeedge', folder)
  // Made by npm run build, as npm test does first.
  const main = path.join(root, 'examples/dist/custom-driver/main.js')
  const mapper = startChild(process.execPath, [
    main,
    '--config-file',
    path.join(folder, 'config.yaml'),
  ])
  try {
    await until(
      'the oven is in the cloud and has the wish',
      () => {
        if (mapper.end !== undefined) throw new Error(mapper.lines.join('\n'))
        return sim.twin('default/oven-1', 'setpoint')
      },
      (twin) => twin?.reported === '200' && twin.observedDesired === '200',
      20_000,
    )
    expect(oven.parameters.get('setpoint')).toBe('200')
    expect(await mapper.stop()).toBe(0)
  } finally {
    await mapper.kill()
    await sim.close()
    await oven.close()
    await remove()
  }
})
