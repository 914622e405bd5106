import { readFile } from 'node:fs/promises'
import { decodeTwinText } from '@mapper-sdk/core'
import { opcuaDriver } from '@mapper-sdk/opcua'
import { parseNodes, startOpcuaSimulator, type OpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { runDevices } from '../../test/docs/run-devices.ts'
import {
  checkExample,
  copyExample,
  runExampleCommands,
  type ExampleCopy,
} from '../../test/docs/example.ts'

const name = 'opcua-line'
const within = { timeout: 20_000, interval: 20 }

let server: OpcuaSimulator
let copy: ExampleCopy
beforeAll(async () => {
  const file = 'simulator/nodes.yaml'
  const text = await readFile(new URL(file, import.meta.url), 'utf8')
  server = await startOpcuaSimulator({ nodes: parseNodes(text, file) })
  copy = await copyExample(name, {
    'url: opc.tcp://127.0.0.1:4840': `url: ${server.url}`,
    'collectCycle: 500': 'collectCycle: 50',
    'reportCycle: 5000': 'reportCycle: 50',
  })
})
afterAll(async () => {
  await server.close()
  await copy.remove()
})

test('the check finds nothing, also with security as the page says', async () => {
  expect(await checkExample(`examples/${name}`)).toEqual([])
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8')
  const words = [
    'securityPolicy: auto',
    'userName: mapper',
    'passwordFile: /etc/mapper/line-password',
  ]
  for (const word of words) expect(readme).toContain(`\`${word}\``)
  const secured = await copyExample(name, { 'securityPolicy: None': words.join('\n      ') })
  onTestFinished(() => secured.remove())
  expect(await checkExample(secured.folder)).toEqual([])
})

test('the commands print what the page says', async () => {
  expect(await runExampleCommands(name, copy)).toBe(2)
  expect(server.get('Enumeration.Color').value).toBe(0)
})

test('two machines share a session and a subscription, and what is special comes, too', async () => {
  server.set('Enumeration.Color', 1)
  const { sim, stop } = await runDevices({ folder: copy.folder, driver: opcuaDriver })
  onTestFinished(stop)
  const shown = (device: string, property: string) => {
    const { reported } = sim.twin(`default/${device}`, property) ?? {}
    return reported === undefined ? undefined : decodeTwinText(reported)
  }
  await vi.waitFor(() => {
    expect(Number(shown('press-1', 'force'))).toBeGreaterThanOrEqual(80)
    expect(shown('press-1', 'mode')).toBe('automatic')
    expect(sim.twin('default/press-1', 'setpoint')).toMatchObject({
      ...{ reported: '240', observedDesired: '240' },
    })
    expect(shown('packer-1', 'packed')).toBe('9007199254740993')
    expect(shown('packer-1', 'lane-2')).toBe('38')
    expect(shown('packer-1', 'arm-x')).toBe('1.5')
    expect(JSON.parse(shown('packer-1', 'arm') ?? '0')).toEqual({ X: 1.5, Y: -2.5, Z: 0 })
    expect(shown('packer-1', 'lamp')).toBe('Green')
  }, within)
  expect(server.get('Press.Setpoint').value).toBe(240)
  // Force, strokes, mode, setpoint, guard and alarm of the press; all but the method of the packer.
  await vi.waitFor(() => expect(server.monitoredItemCount).toBe(12), within)
  expect([server.sessionCount, server.subscriptionCount]).toEqual([1, 1])

  server.set('Packer.Lanes', [41, 12, 44])
  await vi.waitFor(() => expect(shown('packer-1', 'lane-2')).toBe('12'), within)

  sim.setDesired('default/packer-1', 'order', 'A-1018')
  sim.setDesired('default/packer-1', 'add', '[2,40]')
  sim.setDesired('default/press-1', 'guard-open', 'true')
  await vi.waitFor(() => {
    expect(sim.twin('default/packer-1', 'order')).toMatchObject({
      ...{ reported: 'A-1018', observedDesired: 'A-1018' },
    })
    expect(shown('packer-1', 'add')).toBe('[42]')
    expect(JSON.parse(shown('press-1', 'alarm') ?? '{}')).toMatchObject({ ActiveState: 'Active' })
  }, within)
  expect(server.get('Packer.Order').value).toBe('A-1018')
  expect(sim.issues()).toEqual([])
})
