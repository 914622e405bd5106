import { once } from 'node:events'
import { connect } from 'node:net'
import { findRecipe } from '@mapper-sdk/serial/commission'
import { expect, onTestFinished, test, vi } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { scaleAnswers, serialDevice, withoutTime } from './serial-device.suite.ts'
import { planOf, sniffLine, type SniffWish } from './serial-sniff.ts'

const { ready } = findRecipe('mt-sics-scale')

async function sniffing(wish: Omit<SniffWish, 'lines' | 'json'> & { readonly json?: boolean }) {
  const device = await serialDevice(scaleAnswers)
  const screen = fakeIo()
  const lines = [{ transport: 'tcp', host: '127.0.0.1', port: device.port }]
  const ended = sniffLine({ json: false, ...wish, lines }, screen.io)
  onTestFinished(async () => {
    screen.stop()
    await ended
  })
  const noted = (text: string) => expect.poll(screen.err).toContain(text)
  await noted('Ctrl-C stops')
  await expect.poll(() => device.connections).toBe(1)
  const shown = () => screen.lines().map(withoutTime)
  return { device, screen, ended, noted, shown }
}

test('frames are cut as it is said, and shown with all their bytes', async () => {
  const { device, ended, shown } = await sniffing({
    ...{ frame: 'type: delimiter, end: <CR><LF>', count: 2 },
  })
  device.say('one\r\ntwo\x00')
  await expect.poll(shown).toEqual(['| 6f 6e 65 0d 0a  one<CR><LF>'])
  device.say('\r\n')
  expect(await ended).toBe(true)
  expect(shown()).toEqual([
    '| 6f 6e 65 0d 0a  one<CR><LF>',
    '| 74 77 6f 00 0d 0a  two<NUL><CR><LF>',
  ])
})

test('a lost line is waited for, and Ctrl-C ends it cleanly', async () => {
  const { device, screen, ended, noted } = await sniffing({ json: true })
  device.say('abc')
  await expect.poll(screen.out).toContain('"text":"abc"')
  device.hangUp()
  await noted('waiting for it')
  await noted('is back')
  await expect.poll(() => device.connections).toBe(2)
  device.say('def')
  await expect.poll(() => screen.objects().length).toBe(2)
  expect(screen.objects()[1]).toMatchObject({
    ...{ direction: 'unknown', hex: '64 65 66', text: 'def', kind: 'frame' },
  })
  screen.stop()
  expect(await ended).toBe(true)
})

test('between software and device both ways are shown, and nothing is changed', async () => {
  const { device, screen, noted, shown } = await sniffing({ relayPort: 0, ready })
  const [, port] = /127\.0\.0\.1:(\d+); Ctrl-C/.exec(screen.err()) ?? []
  const software = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void software.destroy())
  let heard = ''
  software.on('data', (bytes) => void (heard += bytes.toString('latin1')))
  await once(software, 'connect')
  await noted('the software has connected')
  software.write('SI\r\n')
  await expect.poll(() => heard).toBe('S S     100.00 g\r\n')
  software.write('TA 12.50 g\r\n\x01junk\r\n')
  await expect.poll(() => device.heard).toBe('SI\r\nTA 12.50 g\r\n\x01junk\r\n')
  device.say('S D       2.00 g\r\n')
  await expect
    .poll(() => shown().map((line) => line.replace(/ .*<CR><LF> {2}/, ' ')))
    .toEqual(
      expect.arrayContaining([
        '> request weigh',
        '< answer to weigh: weight 0.1 kg, stable true',
        '> write tare = 0.0125',
        '< answer to tare',
        '> other',
        '< stream continuous: streamedWeight 0.002 kg',
      ]),
    )
  const second = connect(Number(port), '127.0.0.1')
  second.on('error', () => undefined)
  await once(second, 'close')
  await noted('a connection was refused: there is one already')
  device.hangUp()
  await once(software, 'close')
  await noted('is back')
})

test('it ends after its time, whatever came', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
  const { ended } = await sniffing({ forMs: 60_000 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await ended).toBe(false)
})

test('a line that is not there at first is an error', async () => {
  const lines = [{ transport: 'serial', path: '/dev/ttyNothing' }]
  await expect(sniffLine({ lines, json: false }, fakeIo().io)).rejects.toThrow('[unreachable]')
})

const line = { path: '/dev/ttyUSB0' }
test.each<readonly [message: string, wish: Omit<SniffWish, 'json'>]>([
  ['listen to what?', { lines: [] }],
  ['listen to what?', { lines: [line, line, line] }],
  ['name only one', { lines: [line, line], relayPort: 0 }],
  ['--frame is for lines without a recipe', { lines: [line], ready, frame: 'type: gap' }],
  ['address is no word of a line', { lines: [{ ...line, address: 3 }] }],
  ['address is no setting of MT-SICS scale', { lines: [{ ...line, address: 3 }], ready }],
  ['baudRate', { lines: [{ ...line, baudRate: 1 }] }],
  ['the frame: ende', { lines: [line], frame: 'type: delimiter, ende: x' }],
])('what cannot be meant is refused: %s', (message, wish) => {
  expect(() => planOf({ ...wish, json: false })).toThrow(message)
})

test('two ports are one direction each, set as the recipe says', () => {
  const { ears } = planOf({ lines: [line, { path: '/dev/ttyUSB1' }], ready, json: false })
  expect(ears).toMatchObject([
    { direction: 'sent', wire: { path: '/dev/ttyUSB0', baudRate: 9600 } },
    { direction: 'received', wire: { path: '/dev/ttyUSB1' } },
  ])
})
