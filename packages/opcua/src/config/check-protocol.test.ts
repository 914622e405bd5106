import { createResolver } from '@mapper-sdk/core'
import { expect, test } from 'vitest'
import { opcuaDriver } from '../driver.ts'

const resolve = createResolver(opcuaDriver)
const told = (protocol: object) => {
  const device = {
    ...{ namespace: 'default', name: 'plc', model: 'plc', protocolName: 'opcua' },
    ...{ protocol, properties: [], methods: [], stateReport: { toCloud: false, cycleMs: 0 } },
  }
  const model = { namespace: 'default', name: 'plc', properties: [] }
  return resolve(device as never, model).issues.map(
    ({ path, message }) => `${path.at(-1)} ${message}`,
  )
}

test('an address with a password is refused, and the password is not told', () => {
  const url = 'opc.tcp://192.0.2.10:4840'
  expect(told({ url })).toEqual([])
  expect(told({ url: 'opc.tcp://192.0.2.10:4840/a@b' })).toEqual([])
  const [first, ...more] = told({ url: 'opc.tcp://operator:hunter2@192.0.2.10:4840' })
  expect(first).toMatch(/^url has a user in it, .* passwordFile instead$/)
  expect(more).toEqual([])
  const backup = told({ url, backupUrls: `${url}, opc.tcp://operator:hunter2@192.0.2.11` })
  expect(backup).toEqual([expect.stringMatching(/^backupUrls has a user in it/)])
  expect([first, ...backup].join()).not.toContain('hunter2')
})
