import { fileURLToPath } from 'node:url'
import { createDriverConfig } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { createSerialDriver, createShelf, ownRecipes } from '@mapper-sdk/serial'
import { loadDevice, serveTcp } from '@mapper-sdk/serial/simulator'
import { expect, onTestFinished, test } from 'vitest'
import { checkFolder, formatFinding } from '../../packages/cli/src/check-folder.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

test(
  'the check finds nothing wrong, and finds the recipe beside the devices',
  { timeout: 30_000 },
  async () => {
    const check = async (folders: readonly string[]) => {
      const driver = createSerialDriver(createShelf(() => folders))
      const { findings, devices } = await checkFolder(here('.'), async () => driver)
      return { devices, findings: findings.map(formatFinding) }
    }
    expect(await check([here('recipes'), ownRecipes])).toEqual({ devices: 2, findings: [] })
    const { findings } = await check([ownRecipes])
    expect(findings).toEqual([expect.stringContaining('there is no k2-controller.yaml in')])
  },
)

test('the simulated controller does what the recipe wants of it', async () => {
  const { device, recipe } = loadDevice(here('recipes/k2-controller.yaml'))
  const simulator = await serveTcp([device])
  onTestFinished(() => simulator.close())
  const driver = createSerialDriver(createShelf(() => [here('recipes')]))
  const { port } = simulator
  const issues: unknown[] = []
  const raw = { recipe: 'k2-controller', host: '127.0.0.1', port, address: 7 }
  const checked = createDriverConfig(driver).protocol(raw, issues as never)
  if (checked === undefined) throw new Error(JSON.stringify(issues))
  const connection = await driver.connect(checked.protocol, connectContext())
  onTestFinished(() => connection.close())
  const { signal } = new AbortController()
  const read = (value: string) => connection.read(checked.protocol, [{ value }], signal)
  const write = (value: number) =>
    connection.write(checked.protocol, [{ visitor: { value: 'setpoint' }, value }], signal)
  expect(await read('setpoint')).toEqual([{ ok: true, value: 60 }])
  expect(await write(65.5)).toEqual([{ ok: true, value: undefined }])
  expect(await read('setpoint')).toEqual([{ ok: true, value: 65.5 }])
  simulator.state.set('condition', 'F')
  expect(await read('temperature')).toMatchObject([{ ok: false, error: { code: 'bad_data' } }])
  expect(recipe.name).toBe('K2 temperature controller')
})
