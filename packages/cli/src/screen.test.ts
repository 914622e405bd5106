import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createScreen, type Terminal } from './screen.ts'

const hostile = '\u001b]0;owned\u0007\u001b[2J\r\u009b31m'

const shown = (isTTY: boolean) => {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 120, rows: 30 }) as Terminal
  const screen = createScreen(out)
  const entry = { level: 'warn', msg: hostile, device: hostile, err: { message: hostile } }
  screen.log(JSON.stringify(entry), 'modbus')
  screen.log(hostile, 'modbus')
  screen.show({ title: 't', devices: [], findings: ['the first are printed at the start'], now: 0 })
  screen.show({
    title: hostile,
    devices: [
      {
        id: `default/${hostile}`,
        protocolName: hostile,
        twins: [{ property: hostile, desired: hostile, reported: hostile }],
      },
    ],
    findings: [hostile],
    now: 0,
  })
  return String((out as PassThrough).read())
}

test('what is piped holds nothing that a terminal would obey, whatever devices and logs say', () => {
  const text = shown(false)
  expect(text).toContain('·]0;owned')
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

test('a terminal is told to move by us alone', () => {
  const text = shown(true)
  expect(text).toContain('·]0;owned')
  expect(text.replaceAll(/\u001b\[(?:\?\d+[hl]|[HKJ])|\r\n/g, '')).not.toMatch(
    /[\u0000-\u001f\u007f-\u009f]/,
  )
})
