import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findRecipe } from '@mapper-sdk/serial/commission'
import { expect, onTestFinished, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import { read } from './read.ts'
import { scaleAnswers, serialDevice, withoutTime } from './serial-device.suite.ts'
import { tryDevice, tryTranscript, type TryWish } from './serial-try.ts'
import { createTarget } from './target.ts'
import { write } from './write.ts'
import { findDriverModule } from './find-driver.ts'

const scale = findRecipe('mt-sics-scale')

async function tried(answers: Readonly<Record<string, string>>, wish: Partial<TryWish> = {}) {
  const device = await serialDevice(answers)
  const screen = fakeIo()
  const raw = { ...scale.words, host: '127.0.0.1', port: device.port }
  const isGood = await tryDevice(raw, scale.ready, { json: false, ...wish }, screen.io)
  return { isGood, device, screen, lines: screen.lines().map(withoutTime) }
}

test('each exchange that has values is made once, and all is shown', async () => {
  const { isGood, lines } = await tried(scaleAnswers)
  expect(isGood).toBe(true)
  expect(lines.slice(4)).toEqual([
    '> 53 49 0d 0a  SI<CR><LF>  request weigh',
    '< 53 20 53 20 20 20 20 20 31 30 30 2e 30 30 20 67 0d 0a  S S     100.00 g<CR><LF>  answer to weigh: weight 0.1 kg, stable true',
    '> 54 41 0d 0a  TA<CR><LF>  request tareWeight',
    '< 54 41 20 41 20 20 20 20 20 20 20 30 2e 30 30 20 67 0d 0a  TA A       0.00 g<CR><LF>  answer to tareWeight: tare 0 kg',
    '',
    'serial  0123',
    'weight  0.1 kg',
    'stable  true',
    'tare    0 kg',
  ])
})

test('what is not answered, refused or hurt is told', async () => {
  const answers = { '@': 'I4 A "0123"', SI: 'S +', TA: 'nonsense' }
  const { isGood, lines } = await tried(answers, { exchanges: ['weigh', 'tareWeight'] })
  expect(isGood).toBe(false)
  expect(lines.at(3)).toContain('error of weigh: [rejected] overload')
  expect(lines.at(5)).toBe('< 6e 6f 6e 73 65 6e 73 65 0d 0a  nonsense<CR><LF>  other')
  expect(lines.at(-2)).toContain('weigh       – [rejected] overload')
  expect(lines.at(-1)).toContain('tareWeight  – [timeout] no answer in 1000 ms; what came')
})

test('nothing is written unless that is asked for', async () => {
  const once = await tried(scaleAnswers, { writes: ['tare=0.0125'] })
  expect(once.isGood).toBe(true)
  expect(once.device.heard).toBe('@\r\nTA 12.50 g\r\n')
  expect(once.lines.at(2)).toContain('write tare = 0.0125')
  expect(once.lines.at(-1)).toBe('tare  was written')
  const refused = await tried(scaleAnswers, { writes: ['tare=0.099'] })
  expect(refused.isGood).toBe(false)
  expect(refused.lines.at(-1)).toContain('tare  – [rejected] the scale does not accept this tare')
})

test('a stream is waited for', async () => {
  const device = await serialDevice(scaleAnswers)
  const screen = fakeIo()
  const raw = { ...scale.words, host: '127.0.0.1', port: device.port }
  // Only when the device is there it can say something.
  screen.onWrite(() => {
    if (screen.out().includes('"kind":"answer"') && !screen.out().includes('"kind":"stream"')) {
      device.say('S D       1.00 g\r\n')
    }
  })
  const wish = { streams: ['continuous'], json: true }
  expect(await tryDevice(raw, scale.ready, wish, screen.io)).toBe(true)
  expect(screen.objects().at(-1)).toEqual({
    stream: 'continuous',
    values: { streamedWeight: { value: 0.001, unit: 'kg' } },
  })
  expect(screen.objects().at(0)).toMatchObject({
    ...{ direction: 'sent', hex: '40 0d 0a', text: '@<CR><LF>', kind: 'request', of: 'cancel' },
  })
})

test.each([
  [{ exchanges: ['wiegh'] }, 'the recipe has no exchange wiegh; there is: cancel, weigh'],
  [{ writes: ['tare'] }, 'write it as NAME=VALUE'],
  [{ writes: ['tare=much'] }, 'much'],
  [{ streams: ['weigh'] }, 'the recipe has no stream weigh; there is: continuous'],
])('%j is refused before anything is sent', async (wish, message) => {
  const device = await serialDevice()
  const raw = { ...scale.words, host: '127.0.0.1', port: device.port }
  const given = { json: false, ...wish }
  await expect(tryDevice(raw, scale.ready, given, fakeIo().io)).rejects.toThrow(message)
  expect(device.connections).toBe(0)
})

test('a transcript is played, and differences are told', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'mapper-transcript-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'scale.transcript.yaml')
  const steps = (weight: string) =>
    `recipe: x.yaml\nsteps:\n  - exchange: weigh\n    sends: SI<CR><LF>\n    receives: S S 1.00 g<CR><LF>\n    values: { weight: ${weight} }\n`
  await writeFile(file, steps('0.001'))
  const good = fakeIo()
  expect(await tryTranscript(file, scale.ready, { json: false }, good.io)).toBe(true)
  expect(good.lines()).toEqual([`${file}: 1 steps, as the recipe says`])
  await writeFile(file, steps('0.002'))
  const bad = fakeIo()
  expect(await tryTranscript(file, scale.ready, { json: false }, bad.io)).toBe(false)
  expect(bad.lines()).toEqual([`${file}: step 1: weight is 0.001, not 0.002`])
})

test('the same device is read and written like any other', async () => {
  const device = await serialDevice({ ...scaleAnswers, 'TA 0.00 g': 'TA A 0.00 g' })
  const module = await findDriverModule('serial')
  const where = `mt-sics-scale@127.0.0.1:${device.port}`
  const screen = fakeIo()
  const once = { json: false, raw: false, identify: false, timeoutMs: 10_000 }
  const target = createTarget(module, { where, places: ['weight', 'stable'] })
  expect(await read(target, once, screen.io)).toBe(true)
  expect(screen.lines()).toEqual(['weight  0.1', 'stable  true'])
  const other = fakeIo()
  const tare = createTarget(module, { where, places: ['tare'] })
  expect(await write(tare, '0', { json: false, timeoutMs: 10_000 }, other.io)).toBe(true)
  expect(other.lines()).toEqual(['tare', '  before  0', '  wanted  0', '  after   0'])
  expect(device.heard).toContain('TA 0.00 g\r\n')
})
