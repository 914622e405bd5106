import { describe, expect, test } from 'vitest'
import type { Value } from '../driver.ts'
import { MapperError } from '../errors.ts'
import { createFakeDriver } from '../testing/fake-driver.ts'
import { canceled } from '../time.ts'
import { conformance, runConformance, type Rig } from './index.ts'
import { memoryRigs } from './memory-driver.suite.ts'

describe('the good driver in memory', () => {
  // Without a context, so that a check that is not carried out fails here.
  for (const { name, run } of conformance(memoryRigs())) test(name, () => run())
})

describe('a check', () => {
  const checkOf = (name: string, leftOut: Partial<Rig>) => {
    const makeRig = memoryRigs()
    const check = conformance(() => ({ ...makeRig(), ...leftOut }))
    return check.find((each) => each.name === name)!
  }

  test('that the rig has no means for is skipped with the reason, or fails with it', async () => {
    const { bad, ...without } = memoryRigs()()
    expect(bad).toBeDefined()
    const check = conformance(() => without).find(({ name }) => name === 'a bad item stays alone')
    const reasons: string[] = []
    await check?.run({ skip: (reason) => void reasons.push(reason) })
    expect(reasons).toEqual(['the rig has no bad place'])
    await expect(check?.run()).rejects.toMatchObject({
      name: 'NotChecked',
      message: 'not checked: the rig has no bad place',
    })
  })

  test('says what the driver did, what the contract says, and where', async () => {
    const { run } = checkOf('it reads what the device has, of the type of the model', {
      good: [{ visitor: { cell: 'speed' }, type: 'INT', value: 7, others: [1, 2] }],
    })
    await expect(run()).rejects.toThrow(
      'it reads what the device has, of the type of the model: the driver read good[0] the first time as number 1500; the device has number 7\n  The contract: A good outcome has the value of the device, as core can convert it to the type of the model.\n  See docs/writing-a-driver.md, "Reading and writing"',
    )
  })

  test('ends its rig, also when it fails, and says when that fails', async () => {
    let closed = 0
    const name = 'close may be called any number of times'
    await checkOf(name, { close: () => void closed++ }).run()
    const wrong = { ...memoryRigs()().good[0], value: 8 }
    await checkOf(name, { close: () => void closed++, good: [wrong] })
      .run()
      .catch(() => undefined)
    expect(closed).toBe(2)
    const failing = checkOf(name, {
      close() {
        throw new Error('the port is still open')
      },
    })
    await expect(failing.run()).rejects.toThrow('unexpectedly: Error: the port is still open')
  })
})

test('a report says what passed, what failed and what was not checked', async () => {
  const makeRig = memoryRigs()
  const { passed, failed, notChecked, results, text } = await runConformance(() => {
    const { second, ...rig } = makeRig()
    expect(second).toBeDefined()
    return { ...rig, bad: { visitor: { cell: 'speed' }, type: 'INT' } }
  })
  expect(passed + failed + notChecked).toBe(results.length)
  expect(results.flatMap(({ kind, name }) => (kind === 'not checked' ? [name] : []))).toEqual([
    'two devices share one connection',
  ])
  expect(text).toContain('ok           a batch is written in order, with one outcome each\n')
  expect(text).toContain(
    'FAILED       a bad item stays alone: the driver answered the bad item at 0 with number 1500, as if it were good\n',
  )
  expect(text).toContain(
    'not checked  two devices share one connection: the rig has no second device on the same connection\n',
  )
  expect(text).toContain(`${passed} passed, ${failed} failed, 1 not checked\n`)
  expect(failed).toBeGreaterThan(0)
})

/** The fake driver of `/testing`, with its own switches. */
function fakeRig(): Rig {
  const driver = createFakeDriver({ canWatch: () => true })
  const device = driver.device('h')
  const values: [string, Value][] = [
    ['a', 1],
    ['b', 'text'],
    ['c', 2n ** 60n],
  ]
  for (const unit of [1, 2]) for (const pair of values) driver.device('h', unit).set(...pair)
  let isSilent = false
  let requests = 0
  const waiting = new Set<(error: MapperError) => void>()
  driver.before = async ({ signal }) => {
    requests++
    if (!isSilent) return
    await new Promise<void>((_, reject) => {
      waiting.add(reject)
      signal.addEventListener('abort', () => reject(canceled(signal)), { once: true })
    })
  }
  const good: Rig['good'] = [
    { visitor: { key: 'a' }, type: 'INT', value: 1, others: [2, -3] },
    { visitor: { key: 'b' }, type: 'STRING', value: 'text', others: ['', 'ü'] },
    { visitor: { key: 'c' }, type: 'INT', value: 2n ** 60n, others: [2n ** 63n - 1n, 0] },
  ]
  return {
    ...{ driver, protocol: { host: 'h' }, good },
    bad: { visitor: { key: 'none' }, type: 'INT' },
    wrong: [{ what: 'protocol', raw: { unit: 1 }, field: 'host' }],
    second: { protocol: { host: 'h', unit: 2 }, good },
    poke: (index, value) => void device.set(values[index]![0], value),
    peek: (index) => device.get(values[index]![0]) as Value,
    cut() {
      driver.cut('h')
      for (const fail of waiting) fail(new MapperError('unreachable', 'h is cut'))
    },
    restore: () => driver.restore('h'),
    silence: (silent) => void (isSilent = silent),
    requests: () => requests,
  }
}

test('the fake driver keeps the contract', async () => {
  const { results, text } = await runConformance(fakeRig)
  expect(
    results.filter(({ kind }) => kind === 'failed').map(({ name }) => name),
    text,
  ).toEqual([])
  // It takes whatever is written to it, and has no words but its own.
  expect(results.filter(({ kind }) => kind === 'not checked').map(({ name }) => name)).toEqual([
    'normalize is pure and need not be called twice',
    'check is pure',
    'what is no value is not read as one',
    'it refuses what does not fit instead of changing it',
    'a write that the device refuses is an outcome',
  ])
})
