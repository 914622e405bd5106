import path from 'node:path'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { startOpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { expect, test } from 'vitest'
import { manifestsOf } from '../support/manifests.ts'
import { startMapper } from '../support/mapper-process.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

const id = 'default/line'

test('an OPC UA mapper process: changes go up, wishes go down, SIGTERM leaves no session', async ({
  onTestFinished,
}) => {
  const field = await startOpcuaSimulator()
  onTestFinished(() => field.close())
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const edgecore = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath: edgecore })
  onTestFinished(() => sim.close())
  const nodeOf = (name: string) => ({ nodeID: `nsu=urn:mapper-sdk:simulator;s=${name}` })
  for (const manifest of manifestsOf({
    name: 'line',
    protocolName: 'opcua',
    protocol: { url: field.url },
    properties: [
      { name: 'count', type: 'INT', visitor: nodeOf('Scalars.Int64') },
      { name: 'level', type: 'DOUBLE', writable: true, visitor: nodeOf('Scalars.Double') },
      { name: 'bad', type: 'DOUBLE', visitor: nodeOf('Quality.BadWithValue') },
      { name: 'color', type: 'STRING', writable: true, visitor: nodeOf('Enumeration.Color') },
    ],
  })) {
    sim.apply(manifest)
  }
  const mapper = await startMapper({ folder, edgecore, name: 'opcua-mapper', driver: 'opcua' })
  onTestFinished(async () => void (await mapper.stop()))
  const shows = (property: string, text: string) =>
    until(
      `${property} is ${text}`,
      () => sim.twin(id, property)?.reported,
      (seen) => seen === text,
      20_000,
    )
  field.set('Scalars.Int64', 9_007_199_254_740_993n)
  await shows('count', '9007199254740993')
  sim.setDesired(id, 'level', '12.5')
  await shows('level', '12.5')
  expect(field.get('Scalars.Double').value).toBe(12.5)
  sim.setDesired(id, 'color', 'Green')
  await shows('color', 'Green')
  expect(sim.twin(id, 'bad')?.reported).toBeUndefined()
  expect(field.sessionCount).toBe(1)
  expect(await mapper.stop()).toBe(0)
  expect(field.sessionCount).toBe(0)
})
