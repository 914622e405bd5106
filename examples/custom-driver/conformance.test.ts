import { conformance, type Rig } from '@mapper-sdk/core/conformance'
import { test } from 'vitest'
import { driver } from './driver.ts'
import { startSimulatedOven } from './simulated-oven.ts'

async function makeRig(): Promise<Rig> {
  let oven = await startSimulatedOven()
  const { port } = oven
  const names = ['temperature', 'setpoint', 'door']
  const place = (index: number) => ({ visitor: { parameter: names[index] ?? '' } })
  return {
    driver,
    protocol: { host: '127.0.0.1', port },
    good: [
      {
        ...{ ...place(0), type: 'FLOAT', value: 181.5, others: [-40, 1200.25] },
        ...{ unreadable: ['hot'], readOnly: true },
      },
      { ...place(1), type: 'INT', value: 180, others: [0, 250] },
      { ...place(2), type: 'STRING', value: 'closed', others: ['open', 'ajar'], readOnly: true },
    ],
    bad: { visitor: { parameter: 'moon' }, type: 'INT' },
    refusedWrite: { ...place(0), type: 'INT', value: 20 },
    wrong: [
      { what: 'protocol', raw: {}, field: 'host' },
      { what: 'visitor', raw: { parameter: 'Set point' }, field: 'parameter' },
    ],
    second: {
      protocol: { host: '127.0.0.1', port },
      good: [{ ...place(1), type: 'INT', value: 180, others: [0, 250] }],
    },
    poke: (index, value) => void oven.parameters.set(names[index] ?? '', String(value)),
    peek: (index) => oven.parameters.get(names[index] ?? '') ?? '',
    cut: () => oven.close(),
    restore: async () => void (oven = await startSimulatedOven(port)),
    silence: (silent) => void (oven.silent = silent),
    requests: () => oven.requests,
    close: () => oven.close(),
  }
}

for (const { name, run } of conformance(makeRig)) test(name, run)
