import { beforeAll, describe, expect, test } from 'vitest'
import type { BrokenDriver } from './broken/broken-driver.suite.ts'
import { brokenAtLinks, brokenAtTheEnd } from './broken/links.suite.ts'
import { brokenAtOutlines } from './broken/outlines.suite.ts'
import { brokenAtReading } from './broken/reading.suite.ts'
import { brokenAtWriting } from './broken/writing.suite.ts'
import { conformance, type Check } from './index.ts'
import { memoryRigs } from './memory-driver.suite.ts'

const broken = [...brokenAtReading, ...brokenAtWriting, ...brokenAtLinks, ...brokenAtOutlines]
const checksOf = ({ change }: BrokenDriver) => conformance(memoryRigs(change))
const named = (drivers: readonly BrokenDriver[]) =>
  drivers.map((each) => [each.fault, each] as const)

/** What each failing check says. */
async function failuresOf(
  { inTurn }: BrokenDriver,
  checks: readonly Check[],
): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>()
  const carryOut = ({ name, run }: Check) =>
    run().catch((thrown: Error) => void failures.set(name, thrown.message))
  if (inTurn) for (const check of checks) await carryOut(check)
  else await Promise.all(checks.map(carryOut))
  return failures
}

// What it looks at is the whole process; so it comes first, and says nothing while others run.
const ofProcess = 'it leaves nothing open'
describe('a driver of which something is left that', () => {
  test.each(named(brokenAtTheEnd))('%s is found out', async (_, each) => {
    const checks = checksOf(each).filter(({ name }) => name === each.check)
    const failures = await failuresOf(each, checks)
    expect(failures.get(each.check)).toMatch(each.says)
  })
})

describe('a driver that', () => {
  let found: ReadonlyMap<BrokenDriver, ReadonlyMap<string, string>>
  beforeAll(async () => {
    const all = broken.map((each) => [each, checksOf(each)] as const)
    // Compiling the schemas of all of them holds up the timers of all of them; so that is done before.
    for (const [, [first]] of all) await first?.run().catch(() => undefined)
    // They wait most of the time, and have nothing to do with each other.
    const pairs = all.map(async ([each, checks]) => {
      const others = checks.filter(({ name }) => name !== ofProcess)
      return [each, await failuresOf(each, others)] as const
    })
    found = new Map(await Promise.all(pairs))
  })

  test.each(named(broken))('%s is found out', (_, each) => {
    const failures = found.get(each) ?? new Map<string, string>()
    expect(failures.get(each.check)).toMatch(each.says)
    if (each.also === 'any') return
    expect([...failures.keys()].sort()).toEqual([each.check, ...(each.also ?? [])].sort())
  })
})
