// @ts-check
import assert from 'node:assert/strict'
import test from 'node:test'
import { conformance } from '@mapper-sdk/core/conformance'
import { connectContext } from '@mapper-sdk/core/testing'
import { driver } from './driver.js'
import { startDevice } from './simulated-device.js'

const host = '127.0.0.1'
const temperature = { visitor: { parameter: 'temperature' }, type: /** @type {const} */ ('FLOAT') }
const target = { visitor: { parameter: 'target' }, type: /** @type {const} */ ('INT') }

/** A driver, and a device behind it that can be changed, cut off and silenced. */
async function makeRig() {
  let device = await startDevice()
  const { port } = device
  const protocol = { host, port }
  const names = ['temperature', 'target']
  /** @type {import('@mapper-sdk/core/conformance').Rig} */
  const rig = {
    driver,
    protocol,
    good: [
      { ...temperature, value: 21.5, others: [-40, 90.25], unreadable: ['hot'], readOnly: true },
      { ...target, value: 30, others: [0, 90] },
    ],
    bad: { visitor: { parameter: 'moon' }, type: 'INT' },
    refusedWrite: { ...temperature, value: 20 },
    wrong: [
      { what: 'protocol', raw: {}, field: 'host' },
      { what: 'visitor', raw: { parameter: 'Target!' }, field: 'parameter' },
    ],
    second: { protocol, good: [{ ...target, value: 30, others: [0, 90] }] },
    poke: (index, value) => void device.values.set(names[index] ?? '', String(value)),
    peek: (index) => device.values.get(names[index] ?? '') ?? '',
    cut: () => device.close(),
    restore: async () => void (device = await startDevice(port)),
    silence: (silent) => void (device.silent = silent),
    requests: () => device.requests,
    close: () => device.close(),
  }
  return rig
}

// All that the contract asks of a driver.
for (const { name, run } of conformance(makeRig)) test(name, run)

// What is special about this protocol.
test('two answers at once are no answer', async () => {
  const device = await startDevice()
  device.values.set('target', '30\n31')
  const protocol = { host, port: device.port }
  const context = connectContext()
  const connection = await driver.connect(protocol, context)
  const reading = connection.read(protocol, [target.visitor], context.signal)
  await assert.rejects(reading, { code: 'bad_data' })
  await connection.close()
  await device.close()
})
