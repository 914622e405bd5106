import { MapperError } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import { describe, expect, it } from 'vitest'
import type { ReadyExchange, ReadyRecipe } from '../recipe/compile-recipe.ts'
import type { SerialLink } from './link.ts'
import { linkTo, never, readyOf, tcpDevice, udpDevice } from './scripted-device.suite.ts'

const meter = `
name: meter
params: { address: { default: '1' } }
frame: { type: delimiter, end: <CR><LF>, checksum: { type: XOR, as: HEX, prefix: '*' } }
exchanges:
  volts: { request: '{address}V?', response: { pattern: '^(?<who>.)V(?<volts>[0-9.]+)$', groups: { who: '{address}' } }, timeoutMs: 5000, errors: [{ match: { pattern: '^.E' }, code: access_denied, text: locked }] }
  amps: { request: '{address}A?', timeoutMs: 5000 }
  mute: { request: '{address}M', noResponse: true }
values:
  volts: { from: volts, group: volts }
  amps: { from: amps }
`

/** A frame of the meter with its checksum. */
const frame = (text: string) => {
  const sum = [...Buffer.from(text)].reduce((all, one) => all ^ one, 0)
  return `${text}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`
}

/** For answers that do not come; those that do have all the time that a busy machine takes. */
const soon = (recipe: string) => recipe.replaceAll('timeoutMs: 5000', 'timeoutMs: 400')
const ready = readyOf(meter)
const impatient = readyOf(soon(meter))
const exchange = (name: string, of: ReadyRecipe = ready): ReadyExchange => {
  const found = of.exchanges.get(name)
  if (found === undefined) throw new Error(`no exchange ${name}`)
  return found
}
const params = { address: '1' }
const ask = async (link: SerialLink, name: string, values = params) => {
  const received = await link.ask(exchange(name), values, { signal: never })
  return received && Buffer.from(received.payload).toString('latin1')
}
const askSoon = async (link: SerialLink, name: string, values = params) => {
  const received = await link.ask(exchange(name, impatient), values, { signal: never })
  return received && Buffer.from(received.payload).toString('latin1')
}
const failure = async (asked: Promise<unknown>) => {
  const error = await asked.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof MapperError) return error
  throw error
}

describe('a link to a device', () => {
  it('asks and hears the answer, in whatever pieces it comes', async () => {
    const device = await tcpDevice((_, say) => {
      for (const one of frame('1V230.1')) say(one)
    })
    const link = await linkTo(device, meter)
    expect(await ask(link, 'volts')).toBe('1V230.1')
    expect(device.heard).toBe(frame('1V?'))
  })

  it('takes no answer of another device, and no noise, for its own', async () => {
    const device = await tcpDevice((_, say) => say(`\xff\x00${frame('2V9')}\r\n${frame('1V5')}`))
    const link = await linkTo(device, meter)
    expect(await ask(link, 'volts')).toBe('1V5')
  })

  it('tells what the device refuses', async () => {
    const device = await tcpDevice((_, say) => say(frame('1E')))
    const link = await linkTo(device, meter)
    expect(await failure(ask(link, 'volts'))).toMatchObject({
      code: 'access_denied',
      detail: 'locked',
    })
  })

  it('does not wait long for more than a hurt answer', async () => {
    const device = await tcpDevice((_, say) => say('1V230.1*00\r\n'))
    const link = await linkTo(device, meter)
    const slow = readyOf(meter.replaceAll('timeoutMs: 5000', 'timeoutMs: 60000'))
    const asked = link.ask(exchange('volts', slow), params, { signal: never })
    expect(await failure(asked)).toMatchObject({ code: 'bad_data' })
  })

  it('hints at the settings of the line where only garbage comes', async () => {
    const device = await tcpDevice((_, say) => say('\x81\x93\xff'))
    const link = await linkTo(device, meter)
    const { code, detail } = await failure(askSoon(link, 'volts'))
    expect(code).toBe('timeout')
    expect(detail).toContain('check the settings of the line')
  })

  it('refuses values that no request can have before anything is sent', async () => {
    const device = await tcpDevice()
    const link = await linkTo(device, meter)
    expect((await failure(ask(link, 'volts', { address: '1\r\n2' }))).code).toBe('bad_data')
    expect(device.heard).toBe('')
  })

  it('sends what has no answer, and goes on', async () => {
    const device = await tcpDevice((text, say) => text.includes('V?') && say(frame('1V1')))
    const link = await linkTo(device, meter)
    expect(await ask(link, 'mute')).toBeUndefined()
    expect(await ask(link, 'volts')).toBe('1V1')
    expect(device.heard).toBe(frame('1M') + frame('1V?'))
  })

  it('never takes a late answer for the next one', async () => {
    let asked = 0
    const device = await tcpDevice((_, say) => {
      const value = ++asked
      // The first answer comes when its time is over.
      setTimeout(() => say(frame(`1A${value}`)), value === 1 ? 550 : 0)
    })
    const link = await linkTo(device, meter)
    expect((await failure(askSoon(link, 'amps'))).code).toBe('timeout')
    expect(await askSoon(link, 'amps')).toBe('1A2')
    expect(await askSoon(link, 'amps')).toBe('1A3')
  })

  it('takes the last of two answers where one may be late', async () => {
    let asked = 0
    const device = await tcpDevice((_, say) => {
      asked++
      if (asked === 2) say(frame('1A-late') + frame('1A2'))
    })
    const link = await linkTo(device, meter)
    expect((await failure(askSoon(link, 'amps'))).code).toBe('timeout')
    expect(await askSoon(link, 'amps')).toBe('1A2')
  })

  it('gives a connection up that stays silent', async () => {
    const device = await tcpDevice()
    const link = await linkTo(device, meter)
    for (let time = 0; time < 3; time++) {
      expect((await failure(askSoon(link, 'volts'))).code).toBe('timeout')
    }
    expect(link.failed?.code).toBe('timeout')
    await expect(link.over(never)).rejects.toBe(link.failed)
  })

  it('keeps a connection on which others answer', async () => {
    const device = await tcpDevice((text, say) => text.startsWith('2') && say(frame('2V2')))
    const lines = createLines()
    const dead = await linkTo(device, meter, { lines })
    const alive = await linkTo(device, meter, { lines, settings: { address: '2' } })
    for (let time = 0; time < 4; time++) {
      expect((await failure(askSoon(dead, 'volts'))).code).toBe('timeout')
      expect(await ask(alive, 'volts', { address: '2' })).toBe('2V2')
    }
    expect([dead.failed, alive.failed]).toEqual([undefined, undefined])
    expect(device.connections).toBe(1)
  })

  it('ends a question at once when told to, and when it is closed', async () => {
    const device = await tcpDevice()
    const link = await linkTo(device, meter)
    const stop = new AbortController()
    const asked = link.ask(exchange('volts'), params, { signal: stop.signal })
    stop.abort()
    expect((await failure(asked)).code).toBe('canceled')
    const second = failure(ask(link, 'volts'))
    await link.close()
    await link.close()
    expect((await second).code).toBe('canceled')
    expect((await failure(ask(link, 'volts'))).code).toBe('canceled')
  })

  it('begins and ends as the recipe says, and keeps the device awake', async () => {
    const recipe = `${meter}
init: [mute, volts]
shutdown: [mute]
keepAlive: { everyMs: 20, exchange: volts }
`
    const device = await tcpDevice((text, say) => text.includes('V?') && say(frame('1V1')))
    const link = await linkTo(device, recipe)
    expect(device.heard).toBe(frame('1M') + frame('1V?'))
    await expect.poll(() => device.heard.split('V?').length).toBeGreaterThan(3)
    await link.close()
    await expect.poll(() => device.heard).toMatch(/1M\*[0-9A-F]{2}\r\n$/)
    const { length } = device.heard
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(device.heard).toHaveLength(length)
  })

  it('is not there when the device does not answer the beginning', async () => {
    const device = await tcpDevice()
    const opened = linkTo(device, `${soon(meter)}\ninit: [volts]\n`)
    const { code, detail } = await failure(opened)
    expect([code, detail]).toEqual(['timeout', expect.stringMatching(/^volts of init: no answer/)])
  })

  it('begins anew with a device that may have been off', async () => {
    let on = true
    const device = await udpDevice((text, say) => on && text.includes('V?') && say(frame('1V1')))
    const link = await linkTo(device, `${meter}\ninit: [mute]\n`)
    on = false
    for (let time = 0; time < 3; time++) await failure(askSoon(link, 'volts'))
    on = true
    const { length } = device.heard
    expect(await ask(link, 'volts')).toBe('1V1')
    expect(device.heard.slice(length)).toBe(frame('1M') + frame('1V?'))
  })

  it('takes an echo out, and tells of a collision', async () => {
    const device = await tcpDevice((text, say) => say(text + frame('1A7')))
    const link = await linkTo(device, meter, { echo: true })
    expect(await ask(link, 'amps')).toBe('1A7')
    device.onHeard = (_, say) => say(frame('2A?') + frame('1A7'))
    const { code, detail } = await failure(ask(link, 'amps'))
    expect([code, detail]).toEqual(['bad_data', expect.stringContaining('instead of the echo')])
  })

  it('does what goes first in the same turn', async () => {
    const device = await tcpDevice((text, say) => say(frame(text.startsWith('1') ? '1V1' : '2V2')))
    const lines = createLines()
    const recipe = meter.replace('amps: {', 'amps: { first: [mute, volts],')
    const one = await linkTo(device, recipe, { lines })
    const two = await linkTo(device, meter, { lines, settings: { address: '2' } })
    const amps = exchange('amps', readyOf(recipe))
    await Promise.all([
      one.ask(amps, params, { signal: never }),
      two.ask(exchange('volts'), { address: '2' }, { signal: never }),
    ])
    expect(device.heard).toBe(['1M', '1V?', '1A?', '2V?'].map(frame).join(''))
  })

  it('waits for the answer of another device that does not say whose it is', async () => {
    const lines = createLines()
    const device = await tcpDevice((text, say) => {
      if (text.startsWith('1')) setTimeout(() => say(frame('0')), 550)
      else say(frame('2'))
    })
    const one = await linkTo(device, meter, { lines })
    const two = await linkTo(device, meter, { lines, settings: { address: '2' } })
    expect((await failure(askSoon(one, 'amps'))).code).toBe('timeout')
    expect(await askSoon(two, 'amps', { address: '2' })).toBe('2')
  })

  it('speaks over UDP', async () => {
    const device = await udpDevice((_, say) => say(frame('1V3')))
    const link = await linkTo(device, meter)
    expect(await ask(link, 'volts')).toBe('1V3')
  })
})

describe('a link to a device that speaks unasked', () => {
  const scale = `
name: scale
frame: { type: delimiter, end: <CR><LF> }
exchanges:
  weigh: { request: W, timeoutMs: 5000 }
streams:
  weight: { match: { pattern: '^S (?<weight>[0-9]+)$' } }
values:
  weight: { from: weight, group: weight }
`
  const ready = readyOf(scale)
  const weigh = exchange('weigh', ready)

  it('hears all of it, before and between answers', async () => {
    const device = await tcpDevice((_, say) => say('ck\r\nA 5\r\nS 3\r\n'))
    const link = await linkTo(device, scale, { ready })
    const heard: string[] = []
    link.hear((payload) => heard.push(Buffer.from(payload).toString()))
    await expect.poll(() => device.connections).toBe(1)
    // The rest of a frame that began before anybody listened is none.
    device.say('9\r\nS 1\r\nS 2\r\nche')
    await expect.poll(() => heard).toEqual(['S 1', 'S 2'])
    const received = await link.ask(weigh, {}, { signal: never })
    // What began before the question is no answer to it.
    expect(Buffer.from(received?.payload ?? '').toString()).toBe('A 5')
    await expect.poll(() => heard).toEqual(['S 1', 'S 2', 'check', 'S 3'])
  })

  it('is heard from the first frame on where silence was before it', async () => {
    const device = await tcpDevice((_, say) => say('A 5\r\n'))
    const link = await linkTo(device, scale, { ready })
    // The very first question has an answer, too: it waits until the line is surely quiet.
    const received = await link.ask(weigh, {}, { signal: never })
    expect(Buffer.from(received?.payload ?? '').toString()).toBe('A 5')
  })

  it('is heard also when another speaks on the line, and no frame is put together', async () => {
    const device = await tcpDevice((text, say) => text.includes('V?') && say(frame('1V1')))
    const lines = createLines()
    const link = await linkTo(device, scale, { lines })
    const other = await linkTo(device, meter, { lines })
    const heard: string[] = []
    link.hear((payload) => heard.push(Buffer.from(payload).toString()))
    device.say('\r\nS 1\r\nS ')
    await expect.poll(() => heard).toEqual(['S 1'])
    expect(await ask(other, 'volts')).toBe('1V1')
    device.say('4\r\nS 5\r\n')
    await expect.poll(() => heard.at(-1)).toBe('S 5')
    expect(heard).not.toContain('S 4')
  })
})
