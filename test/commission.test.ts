import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createBank, serveRtu, serveTcp, type TcpSimulator } from '@mapper-sdk/modbus/simulator'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startSimulatedOven } from '../examples/custom-driver/simulated-oven.ts'
import { startChild, type Child } from './support/child.ts'
import { freePort } from './support/free-port.ts'
import { requireServer } from './support/require-server.ts'
import { scratchFolder } from './support/scratch-folder.ts'
import { hasSocat, startSerialPair } from './support/serial-pair.ts'
import { until } from './support/until.ts'

const bin = path.resolve('packages/cli/dist/bin.js')

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

let simulator: TcpSimulator
let where: string
beforeEach(async () => {
  const bank = createBank({ units: [3] })
  bank.setRegister('holding', 0, [0x4276, 0], 3)
  bank.hole('holding', 50, 0xffff)
  simulator = await serveTcp(bank)
  cleanups.push(() => simulator.close())
  where = `127.0.0.1:${simulator.port},unit=3`
})

function mapper(...args: readonly string[]): Child {
  const child = startChild(process.execPath, [bin, ...args])
  cleanups.push(() => child.stop())
  return child
}
const run = async (...args: readonly string[]) => {
  const child = mapper(...args)
  return { code: await child.ended, text: child.lines.join('\n') }
}
const said = (child: Child, text: string | RegExp) =>
  until(
    `it says ${String(text)}`,
    () => child.lines,
    (lines) =>
      lines.some((line) => (text instanceof RegExp ? text.test(line) : line.includes(text))),
    30_000,
  )
const interrupt = (child: Child) => process.kill(child.pid, 'SIGINT')

describe('exit codes', () => {
  test('0 when all went well', async () => {
    const { code, text } = await run('read', 'modbus', where, '0,type=float32')
    expect([code, text]).toEqual([0, '0,type=float32  61.5'])
  })

  test('1 when the device did not answer, or not with a value', async () => {
    const port = await freePort()
    const gone = await run('read', 'modbus', `127.0.0.1:${port}`, '0')
    expect([gone.code, gone.text]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
    expect((await run('read', 'modbus', where, '60')).code).toBe(1)
    expect((await run('write', 'modbus', where, '60,type=int16', '-5')).code).toBe(1)
    expect((await run('modbus', 'scan', where, '--units', '1-2')).code).toBe(1)
    expect((await run('modbus', 'guess', where, '0', '--expect', '23')).code).toBe(1)
  })

  test.each<[string, ...string[]]>([
    ['name a driver', 'read'],
    ['name a driver', 'read', 'modbus', '192.0.2.7'],
    ['neither a known driver', 'read', 'modbsu', '192.0.2.7', '0'],
    ['did you mean unit?', 'read', 'modbus', '192.0.2.7,untt=3', '0'],
    ['unknown option', 'read', 'modbus', '192.0.2.7', '0', '--josn'],
    ['whole number', 'read', 'modbus', '192.0.2.7', '0', '--watch=fast'],
    ['one place and one value', 'write', 'modbus', '192.0.2.7', '0'],
    ['written by its type', 'write', 'modbus', '192.0.2.7', '0', '5'],
    ['--set goes with', 'read', '--device', 'none.yaml', '--set', 'unit=3'],
    ['no such file', 'read', '--device', 'none.yaml'],
    ['missing required argument', 'modbus', 'scan'],
    ['whole number', 'modbus', 'scan', '192.0.2.7', '--units', '1-500'],
    ["required option '--expect", 'modbus', 'guess', '192.0.2.7', '0'],
    ['Name a device and a place', 'modbus', 'guess', '--expect', '5'],
    ['simulate what?', 'simulate'],
    ['one bank file is needed', 'simulate', 'modbus'],
    ['neither a known driver', 'simulate', 'modbsu'],
  ])('2 for wrong usage: %s', async (message, ...args) => {
    const { code, text } = await run(...args)
    expect([code, text]).toEqual([2, expect.stringContaining(message)])
  })
})

test.each(['read', 'write', 'modbus scan', 'modbus guess', 'simulate modbus'])(
  'mapper %s has help with an example',
  async (command) => {
    const { code, text } = await run(...command.split(' '), '--help')
    expect(code).toBe(0)
    expect(text).toMatch(new RegExp(`Examples?: mapper ${command} `))
  },
)

describe('Ctrl-C', () => {
  test('ends watching', async () => {
    const child = mapper('read', 'modbus', where, '0,type=float32', '--watch', '50')
    await said(child, /\d\d:\d\d:\d\d {2}0,type=float32 {2}61\.5/)
    interrupt(child)
    expect(await child.ended).toBe(0)
  })

  test('ends a search with what was found', async () => {
    const child = mapper('modbus', 'scan', where, '--registers', '--addresses', '0-65535')
    await said(child, 'holding   0 to 49  (50)')
    interrupt(child)
    expect(await child.ended).toBe(0)
    expect(child.lines).toContain('stopped before the end')
  })

  test('ends a simulator', async () => {
    const { folder, remove } = await scratchFolder()
    cleanups.push(remove)
    const bank = path.join(folder, 'bank.yaml')
    await writeFile(bank, 'units: { 7: { holding: { 5: 99 } } }')
    const child = mapper('simulate', 'modbus', bank, '--port', '0')
    await until(
      'the simulator is ready',
      () => child.objects,
      (objects) => objects.length > 0,
      30_000,
    )
    const url = String(child.objects[0]?.['modbus'])
    expect((await run('read', 'modbus', `${url},unit=7`, '5')).text).toBe('5  99')
    interrupt(child)
    expect(await child.ended).toBe(0)
  })
})

test("a driver of one's own is read and written as well", async () => {
  const oven = await startSimulatedOven()
  cleanups.push(() => oven.close())
  const driver = path.resolve('examples/dist/custom-driver/driver.js')
  const where = `host=127.0.0.1,port=${oven.port}`
  const one = await run('read', driver, where, 'parameter=temperature', 'parameter=nonsense')
  expect([one.code, one.text.split('\n')]).toEqual([
    1,
    [
      'parameter=temperature  181.5',
      expect.stringMatching(/^parameter=nonsense {5}– \[rejected\] the oven says: /),
    ],
  ])
  const untold = await run('write', driver, where, 'parameter=setpoint', '250')
  expect([untold.code, untold.text]).toEqual([2, expect.stringContaining('add --type INT')])
  const told = await run('write', driver, where, 'parameter=setpoint', '250', '--type', 'DOUBLE')
  expect([told.code, oven.parameters.get('setpoint')]).toEqual([0, '250'])
})

test('a serial line: found, read, written, watched, and left as it was', async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  cleanups.push(remove)
  const pair = await startSerialPair(folder)
  cleanups.push(() => pair.stop())
  const [line, far] = pair.ends
  const bank = createBank({ units: [2] })
  const device = await serveRtu(bank, { path: far })
  cleanups.push(() => device.close())

  const scan = mapper('modbus', 'scan', line, '--timeout', '2000', '--json')
  await said(scan, '"unit":2')
  interrupt(scan)
  expect(await scan.ended).toBe(0)
  const found = String(scan.objects[0]?.['where'])
  expect(scan.objects[0]).toEqual({
    ...{ where: `${line},baudRate=9600,parity=none,stopBits=1,unit=2`, unit: 2 },
    ...{ baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
  })

  const written = await run('write', 'modbus', found, '7,type=int16', '-5')
  expect([written.code, bank.getRegister('holding', 7, 2)]).toEqual([0, 0xfffb])
  const raw = await run('read', 'modbus', found, '7,type=int16', '--raw')
  expect([raw.code, raw.text]).toEqual([0, '7,type=int16  -5  0xfffb'])

  const watch = mapper('read', 'modbus', found, '7,type=int16', '--watch', '100', '--json')
  await said(watch, '"value":-5')
  bank.setRegister('holding', 7, 1, 2)
  await said(watch, '"value":1')
  interrupt(watch)
  expect(await watch.ended).toBe(0)
  expect((await run('read', 'modbus', found, '7')).code).toBe(0)
})

test.for(['rtu', 'ascii'])('a simulator on a serial line, by %s', async (transport, context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  cleanups.push(remove)
  const pair = await startSerialPair(folder)
  cleanups.push(() => pair.stop())
  const [line, far] = pair.ends
  const bank = path.join(folder, 'bank.yaml')
  await writeFile(bank, 'units: { 7: { holding: { 5: 99 } } }')
  const child = mapper('simulate', 'modbus', bank, '--transport', transport, '--tty', far)
  await said(child, `{"${transport}":`)
  const scan = await run(
    'modbus',
    'scan',
    `${transport}://${line}`,
    '--units',
    '7',
    '--timeout',
    '2000',
  )
  expect(scan.code).toBe(0)
  const where = scan.text.split('\n').find((text) => text.includes('unit=7  answers')) ?? ''
  const [found = ''] = where.split(' ')
  expect((await run('read', 'modbus', found, '5')).text).toBe('5  99')
  expect(child.lines).toEqual([`{"${transport}":"${far}"}`])
})

test.each(['udp', 'rtu-over-tcp', 'ascii-over-tcp'])('a simulator by %s', async (transport) => {
  const { folder, remove } = await scratchFolder()
  cleanups.push(remove)
  const bank = path.join(folder, 'bank.yaml')
  await writeFile(bank, 'units: { 7: { holding: { 5: 99 } } }')
  const child = mapper('simulate', 'modbus', bank, '--transport', transport)
  await said(child, '{"modbus":')
  const url = String(child.objects[0]?.['modbus'])
  expect(url.startsWith(`${transport}://127.0.0.1:`)).toBe(true)
  const scan = await run('modbus', 'scan', url, '--units', '6-7', '--json')
  const [found = '{}'] = scan.text.split('\n').filter((line) => line.startsWith('{'))
  const { where } = JSON.parse(found) as { where: string }
  expect((await run('read', 'modbus', where, '5')).text).toBe('5  99')
})
