import { createResolver, MapperError, type Outcome, type Value, type Watch } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SerialProtocol } from './config/protocol.ts'
import { createSerialDriver, serialDriver } from './driver.ts'
import { never, tcpDevice, type ScriptedDevice } from './link/scripted-device.suite.ts'
import { createShelf } from './recipe/shelf.ts'

const recipeText = `
name: oven
params: { channel: { type: integer, default: 1, minimum: 1, maximum: 4 } }
frame: { type: delimiter, end: <CR> }
exchanges:
  state: { request: 'R{channel}', response: { pattern: '^T(?<now>[0-9.]+) S(?<target>[0-9.]+)$' }, timeoutMs: 5000 }
  name: { request: N, timeoutMs: 5000 }
streams:
  alarm: { match: { pattern: '^!(?<alarm>[0-9]+)$' }, timeoutMs: 150 }
values:
  now: { from: state, group: now }
  target: { from: state, group: target }
  name: { from: name, type: text }
  alarm: { from: alarm, type: integer, group: alarm }
writes:
  target: { request: 'W{channel} {value:.1f}', response: { pattern: '^OK$' }, minimum: 0, maximum: 250, readBack: target, timeoutMs: 5000 }
  beep: { request: B, type: boolean, noResponse: true }
`.replace('request: B,', "request: 'B{value}',")

const protocolOf = (device: ScriptedDevice, text: string): SerialProtocol => {
  const { settings } = device
  if (settings.kind !== 'tcp') throw new Error('not over TCP')
  const { host, port, connectTimeoutMs } = settings
  return { transport: 'tcp', host, port, connectTimeoutMs, echo: false, recipeText: text }
}

async function connect(device: ScriptedDevice, text = recipeText) {
  const protocol = protocolOf(device, text)
  const connection = await serialDriver.connect(protocol, connectContext())
  onTestFinished(() => connection.close())
  return { protocol, connection }
}

/** An oven with a target that can be set. */
const oven = (target = '20.0') =>
  tcpDevice((text, say) => {
    const [, written] = /^W1 (.*)\r$/.exec(text) ?? []
    target = written ?? target
    if (written !== undefined) say('OK\r')
    if (text.startsWith('R')) say(`T19.5 S${target}\r`)
    if (text.startsWith('N')) say('oven\r')
  })

const shown = (outcomes: readonly Outcome<unknown>[]) =>
  outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))

describe('the serial driver', () => {
  it('asks once for all that one answer has', async () => {
    const device = await oven()
    const { connection, protocol } = await connect(device)
    const visitors = [{ value: 'now' }, { value: 'name' }, { value: 'target' }, { value: 'beep' }]
    const outcomes = await connection.read(protocol, visitors, never)
    expect(shown(outcomes)).toEqual([19.5, 'oven', 20, 'unsupported'])
    expect(device.heard).toBe('R1\rN\r')
  })

  it('writes, has it acknowledged, and reads it back', async () => {
    const device = await oven()
    const { connection, protocol } = await connect(device)
    const write = (value: Value, name = 'target') => ({ visitor: { value: name }, value })
    expect(shown(await connection.write(protocol, [write(80.5)], never))).toEqual([undefined])
    expect(device.heard).toBe('W1 80.5\rR1\r')
    const outcomes = await connection.write(
      protocol,
      [write(300), write(true, 'beep'), write(1, 'now')],
      never,
    )
    expect(shown(outcomes)).toEqual(['bad_data', undefined, 'unsupported'])
  })

  it('tells when the device reads something else than was written', async () => {
    const device = await tcpDevice((text, say) => say(text.startsWith('W') ? 'OK\r' : 'T1 S7\r'))
    const { connection, protocol } = await connect(device)
    const [outcome] = await connection.write(
      protocol,
      [{ visitor: { value: 'target' }, value: 8 }],
      never,
    )
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'rejected', detail: 'the device was told 8, but target is 7' },
    })
  })

  it('asks a silent device for nothing else', async () => {
    const device = await tcpDevice()
    const impatient = recipeText.replaceAll('timeoutMs: 5000', 'timeoutMs: 200')
    const { connection, protocol } = await connect(device, impatient)
    const outcomes = await connection.read(protocol, [{ value: 'now' }, { value: 'name' }], never)
    expect(shown(outcomes)).toEqual(['timeout', 'timeout'])
    expect(device.heard).toBe('R1\r')
  })

  it('watches what the device says on its own, and what it no longer says', async () => {
    const device = await oven()
    const { connection, protocol } = await connect(device)
    const told: unknown[] = []
    let readInstead: readonly number[] = []
    const watch: Watch = {
      changed: (index, outcome) => told.push([index, ...shown([outcome])]),
      readInstead: (indexes) => (readInstead = indexes),
      interrupted: () => undefined,
    }
    const stop = new AbortController()
    const visitors = [{ value: 'now' }, { value: 'alarm' }]
    const watching = connection.subscribe?.(protocol, visitors, watch, stop.signal, 0)
    await expect.poll(() => device.connections).toBe(1)
    device.say('\r!1\r!2\r')
    await expect
      .poll(() => told.slice(0, 2))
      .toEqual([
        [1, 1],
        [1, 2],
      ])
    await expect.poll(() => told.at(-1)).toEqual([1, 'timeout'])
    expect(readInstead).toEqual([0])
    stop.abort()
    await watching
    const { length } = told
    // A read waits for the next one: what came before may no longer be so.
    const chatter = setInterval(() => device.say('!3\r'), 20)
    onTestFinished(() => clearInterval(chatter))
    expect(shown(await connection.read(protocol, visitors, never))).toEqual([19.5, 3])
    expect(told).toHaveLength(length)
  })

  it('says that the line is lost', async () => {
    const device = await tcpDevice((_, __) => undefined)
    const { connection, protocol } = await connect(device)
    const watch: Watch = {
      changed: () => undefined,
      readInstead: () => undefined,
      interrupted: () => undefined,
    }
    const watching = connection.subscribe?.(protocol, [{ value: 'alarm' }], watch, never, 0)
    const lost = watching?.catch((thrown: unknown) => MapperError.from(thrown).code)
    device.onHeard = () => device.end()
    await expect(connection.read(protocol, [{ value: 'now' }], never)).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(await lost).toBe('unreachable')
  })
})

describe('the configuration of a serial device', () => {
  const resolve = createResolver(createSerialDriver(createShelf()))
  const issuesOf = (protocol: object, visitor: object = { value: 'weight' }) => {
    const property = {
      ...{ name: 'weight', collectCycle: 1000, reportCycle: 0, reportToCloud: true, desired: '' },
      visitor: visitor as never,
    }
    const device = {
      ...{ namespace: 'default', name: 'scale', model: 'scale', protocolName: 'serial' },
      ...{ protocol: protocol as never, properties: [property], methods: [] },
      stateReport: { toCloud: false, cycleMs: 0 },
    }
    const model = {
      ...{ namespace: 'default', name: 'scale' },
      properties: [{ name: 'weight', type: 'FLOAT' as const, accessMode: 'ReadOnly' as const }],
    }
    const { device: resolved, issues } = resolve(device, model)
    return {
      resolved,
      issues: issues.map(({ path, message }) => `${path.slice(2).join('.')} ${message}`),
    }
  }

  it('is flat: words that it does not know are settings of the recipe', () => {
    const { resolved, issues } = issuesOf(
      {
        ...{ recipe: 'weather-station', serialPort: '/dev/ttyUSB0', baudrate: '4800', address: 3 },
      },
      { value: 'temperature' },
    )
    expect(issues).toEqual([])
    expect(resolved?.protocol).toMatchObject({
      ...{ transport: 'serial', path: '/dev/ttyUSB0', baudRate: 4800, params: { address: 3 } },
    })
    expect(resolved?.connectionKey).toContain('/dev/ttyUSB0 weather-station address=3')
  })

  it.each([
    [{ path: '/dev/ttyS0' }, 'configData.recipe is missing; name a recipe'],
    [{ path: '/dev/ttyS0', recipe: '../etc/passwd' }, 'configData.recipe'],
    [{ path: '/dev/ttyS0', recipe: 'mt-sics' }, 'there is no mt-sics.yaml in'],
    [{ path: '/dev/ttyS0', recipe: 'mt-sics-scale', baudRat: 4800 }, 'did you mean baudRate?'],
    [{ path: '/dev/ttyS0', recipe: 'weather-station', address: '33' }, 'must look like'],
    [{ recipe: 'mt-sics-scale' }, 'configData.path'],
    [{ recipe: 'mt-sics-scale', host: '192.0.2.1' }, 'configData.port'],
    [{ path: '/dev/ttyS0', recipeText: 'name: [' }, 'recipeText:1:'],
    [{ path: '/dev/ttyS0', recipeText: 'name: x\nframe: { type: slip }' }, 'recipeText'],
    [
      { path: '/dev/ttyS0', recipe: 'mt-sics-scale', recipeText: 'name: x' },
      'configData.recipeText is given beside recipe',
    ],
  ])('says what is wrong with %j', (protocol, message) => {
    const { resolved, issues } = issuesOf(protocol)
    expect(resolved).toBeUndefined()
    expect(issues.join('\n')).toContain(message)
  })

  it('says what is wrong with a visitor', () => {
    const scale = { path: '/dev/ttyS0', recipe: 'mt-sics-scale' }
    const { resolved, issues } = issuesOf(scale, { value: 'wieght' })
    expect(resolved?.properties).toEqual([])
    expect(issues).toEqual([
      '0.visitors.configData.value is wieght, which MT-SICS scale does not have; did you mean weight?',
    ])
    expect(issuesOf(scale, {}).resolved?.properties[0]?.visitor).toEqual({ value: 'weight' })
    expect(issuesOf(scale, { write: 'nothing' }).issues.join()).toContain('its writes are tare')
  })
})
