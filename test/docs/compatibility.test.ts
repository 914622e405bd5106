import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { kubeEdgeVersions } from '@mapper-sdk/edge-sim'
import { expect, test, vi } from 'vitest'
import { driver } from '../../examples/custom-driver/driver.ts'
import { startSimulatedOven } from '../../examples/custom-driver/simulated-oven.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { pageOf, root } from './markdown.ts'
import { runDevices } from './run-devices.ts'

test('the table of the README has every version', () => {
  const [, table = ''] = pageOf('README.md').text.split('\n## Compatibility\n')
  const named = [...table.matchAll(/^\| (1\.\d+)(?: to |, )?(1\.\d+)? +\|/gm)].map(
    ([, first = '', last = first]) => [first, last].map((each) => Number(each.slice(2))),
  )
  const minors = named.flatMap(([from = 0, to = 0]) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  )
  expect(minors.map((minor) => `1.${minor}`).sort()).toEqual(kubeEdgeVersions)
})

test.each(kubeEdgeVersions)('a mapper serves a device of KubeEdge %s', async (version) => {
  const { folder, remove } = await scratchFolder()
  const oven = await startSimulatedOven()
  try {
    for (const file of ['model.yaml', 'oven.yaml']) {
      const text = await readFile(path.join(root, 'examples/custom-driver/devices', file), 'utf8')
      const placed = text.replace('port: 4001', `port: ${oven.port}`)
      // KubeEdge 1.15 takes reports only for twins that the status already lists.
      const names = ['temperature', 'setpoint', 'door'].map(
        (each) => `\n    - propertyName: ${each}`,
      )
      const listed = version === '1.15' && file === 'oven.yaml'
      const status = listed ? `status:\n  twins:${names.join('')}\n` : ''
      await writeFile(path.join(folder, file), placed + status)
    }
    const { sim, stop } = await runDevices({ folder, driver, version })
    const twin = (property: string) => sim.twin('default/oven-1', property)
    const within = { timeout: 20_000, interval: 20 }
    try {
      await vi.waitFor(() => {
        expect(twin('temperature')?.reported).toBe('181.5')
        expect(twin('setpoint')).toMatchObject({ reported: '200', observedDesired: '200' })
      }, within)
      sim.setDesired('default/oven-1', 'setpoint', '250')
      await vi.waitFor(() => {
        expect(twin('setpoint')).toMatchObject({ reported: '250', observedDesired: '250' })
        const state = Number(version.slice(2)) < 18 ? undefined : 'ok'
        expect(sim.cloud()[0]?.state).toBe(state)
      }, within)
      expect(oven.parameters.get('setpoint')).toBe('250')
      expect(sim.stats().crashes).toEqual([])
    } finally {
      await stop()
    }
  } finally {
    await oven.close()
    await remove()
  }
})
