import { readFile } from 'node:fs/promises'
import { modbusDriver } from '@mapper-sdk/modbus'
import { parseBank, serveRtu, serveTcp, vary } from '@mapper-sdk/modbus/simulator'
import { expect, onTestFinished, test, vi } from 'vitest'
import { checkExample, copyExample, runExampleCommands } from '../../test/docs/example.ts'
import { runDevices } from '../../test/docs/run-devices.ts'
import { requireServer } from '../../test/support/require-server.ts'
import { scratchFolder } from '../../test/support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../../test/support/serial-pair.ts'

const name = 'modbus-gateway'
const within = { timeout: 20_000, interval: 20 }

/** What the simulated devices hold when they start. */
async function bankAtStart() {
  const file = 'simulator/bank.yaml'
  const text = await readFile(new URL(file, import.meta.url), 'utf8')
  const { bank, variations } = parseBank(text, file)
  // What moves by itself has its first value, and stays there.
  const still = new AbortController()
  vary(bank, variations, still.signal)
  still.abort()
  return bank
}

/** The files of the example with devices that are elsewhere. */
async function copyTo(...protocol: readonly string[]) {
  const copy = await copyExample(name, {
    'host: 127.0.0.1\n      port: 5020': protocol.join('\n      '),
    'collectCycle: 1000': 'collectCycle: 50',
    'reportCycle: 5000': 'reportCycle: 50',
  })
  onTestFinished(copy.remove)
  return copy
}

async function startGateway() {
  const bank = await bankAtStart()
  const gateway = await serveTcp(bank)
  onTestFinished(() => gateway.close())
  return { bank, gateway, copy: await copyTo('host: 127.0.0.1', `port: ${gateway.port}`) }
}

/** A mapper, and what the cloud then shows of a device. */
async function startMapper(folder: string) {
  const { sim, stop } = await runDevices({ folder, driver: modbusDriver })
  onTestFinished(stop)
  const twins = (device: string) => {
    const found = sim.cloud().find(({ id }) => id === `default/${device}`)?.twins ?? []
    return Object.fromEntries(found.map(({ property, reported }) => [property, reported]))
  }
  return { sim, twins }
}

const atStart = {
  'meter-1': { voltage: '230', power: '4200', energy: '12345670', tariff: 'day' },
  'meter-2': { voltage: '229.5', power: '-1500', energy: '420', tariff: 'night' },
  fan: {
    ...{ running: 'true', frequency: '37.5', speed: '880', warnings: 'filter' },
    'heat-sink': '41.5',
  },
}

test('the check finds nothing', async () => {
  expect(await checkExample(`examples/${name}`)).toEqual([])
})

test('the commands print what the page says', async () => {
  const { bank, copy } = await startGateway()
  expect(await runExampleCommands(name, copy)).toBe(2)
  expect(bank.getRegister('holding', 0, 2)).toBe(1)
})

test('three devices go over one connection, with the options of their visitors', async () => {
  const { bank, gateway, copy } = await startGateway()
  const { sim, twins } = await startMapper(copy.folder)
  await vi.waitFor(() => {
    for (const [device, values] of Object.entries(atStart)) expect(twins(device)).toEqual(values)
  }, within)
  // The wish of the file, in tenths of a Hz.
  expect(bank.getRegister('holding', 0, 3)).toBe(375)
  expect(gateway.connections).toBe(1)

  // The first is more than the model allows, and is never written.
  sim.setDesired('default/fan', 'frequency', '50.1')
  sim.setDesired('default/meter-2', 'tariff', 'day')
  await vi.waitFor(() => {
    expect(sim.twin('default/meter-2', 'tariff')).toMatchObject({
      ...{ reported: 'day', observedDesired: 'day' },
    })
  }, within)
  expect(bank.getRegister('holding', 0, 2)).toBe(1)

  // A change within the deadband is not told, one beyond it is.
  const voltage = (words: readonly number[]) => bank.setRegister('input', 0, words, 1)
  voltage([0x4366, 0x4ccd]) // 230.3
  bank.setRegister('input', 20, [0, 100], 1)
  await vi.waitFor(() => expect(twins('meter-1')['energy']).toBe('1000'), within)
  expect(twins('meter-1')['voltage']).toBe('230')
  voltage([0x4369, 0]) // 233
  await vi.waitFor(() => expect(twins('meter-1')['voltage']).toBe('233'), within)
  expect(bank.getRegister('holding', 0, 3)).toBe(375)
  expect(sim.issues()).toEqual([])
})

test('the same devices are on a serial line with another protocol configuration only', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const pair = await startSerialPair(folder)
  onTestFinished(() => pair.stop())
  const [path, far] = pair.ends
  const bank = await bankAtStart()
  const line = await serveRtu(bank, { path: far, baudRate: 115_200 })
  onTestFinished(() => line.close())
  const copy = await copyTo(`path: ${path}`, 'baudRate: 115200', 'parity: even')
  const { twins } = await startMapper(copy.folder)
  await vi.waitFor(() => {
    for (const [device, values] of Object.entries(atStart)) expect(twins(device)).toEqual(values)
  }, within)
  expect(bank.getRegister('holding', 0, 3)).toBe(375)
})
