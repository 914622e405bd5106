import { fileURLToPath } from 'node:url'
import { createSerialDriver, createShelf, ownRecipes } from '@mapper-sdk/serial'
import { expect, test } from 'vitest'
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
