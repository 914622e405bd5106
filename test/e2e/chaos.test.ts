import { startEdgeSim, type EdgeSim } from '@mapper-sdk/edge-sim'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import type { Child } from '../support/child.ts'
import { createCountingDevice, type CountingDevice } from '../support/counting-device.ts'
import { manifestsOf } from '../support/manifests.ts'
import { startMapper } from '../support/mapper-process.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

/** The full run by default; CHAOS_KILLS shortens one that only looks at another version of Node.js. */
const kills = Number(process.env['CHAOS_KILLS'] ?? 50)
const recoveryMs = 5000
const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

const cycleMs = 100
const id = 'default/plant'
const level = { name: 'level', address: 0 }
const setpoint = { name: 'setpoint', address: 1 }

/** A device, a mapper and an EdgeCore with all its limits; the first two as processes. */
interface Rig {
  readonly device: CountingDevice
  readonly sim: EdgeSim
  mapper: Child
  startMapper(): Promise<Child>
}

/** What is killed, and how it comes back. A new level is in the device by the time it is back. */
interface Victim {
  kill(rig: Rig): Promise<void>
  revive(rig: Rig, level: number): Promise<void>
}

const setLevel = ({ device }: Rig, value: number) => device.set(level.address, value)

const victims: Readonly<Record<string, Victim>> = {
  device: {
    kill: ({ device }) => device.kill(),
    async revive(rig, value) {
      await setLevel(rig, value)
      await rig.device.start()
    },
  },
  mapper: {
    kill: ({ mapper }) => mapper.kill(),
    async revive(rig, value) {
      rig.mapper = await rig.startMapper()
      await setLevel(rig, value)
    },
  },
  // The cloud lives on, as it does when the EdgeCore of a node is killed.
  edgecore: {
    kill: ({ sim }) => sim.stopEdgeCore(),
    async revive(rig, value) {
      await rig.sim.startEdgeCore()
      await setLevel(rig, value)
    },
  },
}

for (const [name, victim] of Object.entries(victims)) {
  it.concurrent(
    `recovers from ${kills} kills: ${name}`,
    async (context) => {
      const rig = await startRig(context)
      const random = seededRandom(seed)
      const { device, sim } = rig
      const filesAtFirst = await openFiles(rig.mapper)
      const wishes: number[] = []
      const recoveries: number[] = []
      const wish = () => {
        wishes.push(1000 + wishes.length)
        sim.setDesired(id, setpoint.name, String(wishes.at(-1)))
      }
      for (let kill = 1; kill <= kills; kill++) {
        // EdgeCore's one call a second is what this mapper lives on: the kills keep a pace it can bear.
        await delay(random() * 1800)
        // Now before the kill, now while it is down: the wish falls at any moment around it.
        const turn = kill % 5
        if (turn === 0) wish()
        if (turn === 0) await delay(random() * 100)
        await victim.kill(rig)
        await delay(random() * 200)
        if (turn === 3) wish()
        await delay(random() * 200)
        const back = performance.now()
        await victim.revive(rig, kill)
        const seen = () => sim.twin(id, level.name)?.reported
        await until(`level after kill ${kill}`, seen, (text) => text === String(kill), recoveryMs)
        recoveries.push(performance.now() - back)
        if (turn === 0 || turn === 3) await fulfilled(rig, wishes.at(-1) ?? 0)
      }
      tell(name, recoveries)

      expect(device.writes.map(({ value }) => value)).toEqual(wishes)
      await polledByOne(device)
      expect(sim.stats().crashes).toEqual([])
      await until(
        'the device is ok in the cloud',
        () => sim.cloud()[0]?.state,
        (state) => state === 'ok',
      )
      if (name !== 'mapper') {
        await until(
          `no more than ${filesAtFirst} files open in the mapper`,
          () => openFiles(rig.mapper),
          (count) => count <= filesAtFirst,
        )
      }
      expect(rig.mapper.lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
      expect(await rig.mapper.stop()).toBe(0)
    },
    200_000,
  )
}

async function startRig({ onTestFinished }: TestContext): Promise<Rig> {
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const device = await createCountingDevice()
  onTestFinished(() => device.kill())
  await device.set(level.address, 60_000)
  await device.start()
  const socketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath })
  onTestFinished(() => sim.close())
  const { protocol } = device
  const properties = [
    { name: level.name, type: 'INT', visitor: { address: level.address } },
    { name: setpoint.name, type: 'INT', writable: true, visitor: { address: setpoint.address } },
  ] as const
  manifestsOf({ name: 'plant', protocol, properties, cycleMs }).forEach((cr) => sim.apply(cr))
  const start = () =>
    startMapper({
      folder,
      edgecore: socketPath,
      // Alone on its node, the mapper may use all that EdgeCore takes: 1 call a second and 100 at once.
      more: 'mapper:\n  budget:\n    calls_per_second: 1\n    burst: 100\n',
    })
  const rig: Rig = { device, sim, mapper: await start(), startMapper: start }
  onTestFinished(() => void rig.mapper.stop())
  await until(
    'the first values in the cloud',
    () => [sim.twin(id, level.name)?.reported, sim.twin(id, setpoint.name)?.reported],
    ([first, second]) => first === '60000' && second === '0',
  )
  return rig
}

/** The wish is in the device, and the cloud knows. */
async function fulfilled({ device, sim }: Rig, wished: number): Promise<void> {
  const text = String(wished)
  await until(
    `the wish ${wished} in device and cloud`,
    () => ({ held: device.register(setpoint.address), twin: sim.twin(id, setpoint.name) }),
    ({ held, twin }) => held === wished && twin?.reported === text && twin.observedDesired === text,
    recoveryMs,
  )
}

/** By the device's own clock and count: one connection, and no more requests than one poller makes. */
async function polledByOne(device: CountingDevice): Promise<void> {
  const before = await device.stats()
  const after = await until(
    '30 more polls',
    () => device.stats(),
    ({ requests }) => requests >= before.requests + 30,
  )
  const cycles = (after.atMs - before.atMs) / cycleMs
  expect(after.requests - before.requests).toBeLessThan(cycles * 1.2 + 2)
  expect(after.connections).toBe(1)
}

const openFiles = async ({ pid }: Child) => (await readdir(`/proc/${pid}/fd`)).length

function tell(name: string, recoveries: number[]): void {
  const sorted = recoveries.map(Math.round).sort((a, b) => a - b)
  const [median, most] = [sorted[sorted.length >> 1], sorted.at(-1)]
  process.stderr.write(
    `chaos ${name} (CHAOS_SEED=${seed}): back in ${median} ms as a rule, ${most} ms at most\n`,
  )
}
