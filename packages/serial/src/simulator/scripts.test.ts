import { describe, expect, it } from 'vitest'
import { shippedRecipes } from './load-device.ts'
import { withoutLine } from './without-line.suite.ts'

const settings: Readonly<Record<string, Record<string, string | number>>> = {
  'stepper-controller': { address: 7 },
  'weather-station': { address: 'b' },
  'iec-62056-21-meter': { address: '4711' },
}
const talk = (name: string) => withoutLine(name, settings[name])

describe('the script of a recipe', () => {
  /** What moves only when it is told to. */
  const resting = ['stepper-controller']

  it.each(shippedRecipes())('%s gives all its values, and they move', (name) => {
    const both = talk(name)
    const ask = () =>
      Object.assign(
        both.pass(),
        ...[...both.ready.exchanges.keys()].map((one) => both.ask(one)),
      ) as object
    const found = ask()
    expect(Object.keys(found).sort()).toEqual([...both.ready.values.keys()].sort())
    const later = Array.from({ length: 3 }, ask)
    const moved = later.some((one) => JSON.stringify(one) !== JSON.stringify(found))
    expect(moved).toBe(!resting.includes(name))
  })

  it.each(shippedRecipes())('%s answers all that has an answer, and no other address', (name) => {
    const both = talk(name)
    for (const [exchange, { answers }] of both.ready.exchanges) {
      const said = () => both.ask(exchange)
      expect(said).not.toThrow()
      const values = [...both.ready.values.values()].some(({ from }) => from === exchange)
      expect(Object.keys(said()).length > 0).toBe(answers && values)
    }
    const address = settings[name]?.['address']
    if (address === undefined) return
    const other = withoutLine(name, { address: 1 })
    const [first] = other.ready.exchanges.values()
    const payload = first?.request({ address: '1' }) ?? new Uint8Array()
    const request = { good: true as const, payload, raw: payload, offset: 0, atMs: 0 }
    expect(both.device.answer(request) ?? []).toEqual([])
    expect(other.device.answer(request)).not.toEqual([])
  })
})

describe('a write changes what is read afterwards', () => {
  it('of the scale', () => {
    const scale = talk('mt-sics-scale')
    const before = scale.ask('weigh')['weight'] as number
    expect(scale.write('tare', 0.0125)).toBe(true)
    expect(scale.ask('tareWeight')).toEqual({ tare: 0.0125 })
    // The weight is what is above the tare.
    expect(scale.ask('weigh')['weight']).toBeCloseTo(before - 0.0125, 9)
    expect(() => scale.write('tare', 99.999)).toThrow('does not accept this tare')
    expect(scale.ask('tareWeight')).toEqual({ tare: 0.0125 })
  })

  it('of the motors, which go there', () => {
    const stepper = talk('stepper-controller')
    expect(stepper.ask('position')).toEqual({ position: 0, ready: true })
    expect(stepper.write('target', 50)).toBe(true)
    const course = Array.from({ length: 4 }, () => (stepper.pass(), stepper.ask('position')))
    expect(course).toEqual([
      ...[20, 40].map((position) => ({ position, ready: false })),
      ...[50, 50].map((position) => ({ position, ready: true })),
    ])
    stepper.write('target', 500)
    stepper.pass()
    stepper.ask('stop')
    stepper.pass()
    expect(stepper.ask('position')).toEqual({ position: 70, ready: true })
    expect(stepper.write('speed', 2000)).toBe(true)
    expect(stepper.ask('speed')).toEqual({ speed: 2000 })
    expect(() => stepper.write('target', 1_000_000)).toThrow('out of range')

    const vesc = talk('vesc-motor-controller')
    expect(vesc.write('speed', -400)).toBe(false)
    for (let count = 0; count < 2; count++) vesc.pass()
    expect(vesc.ask('readings')['speed']).toBe(-400)
  })

  it('of the station, the reader and the multimeter', () => {
    const station = talk('weather-station')
    expect(station.ask('rain')).toEqual({ rain: 0.25, rainDuration: 40 })
    station.ask('resetRain')
    expect(station.ask('rain')).toEqual({ rain: 0, rainDuration: 0 })

    const reader = talk('barcode-reader')
    reader.ask('release')
    expect(reader.pass()).toEqual({})
    reader.ask('trigger')
    expect(Object.keys(reader.pass())).toEqual(['code', 'kind'])

    const meter = talk('scpi-multimeter')
    meter.write('displayText', 'HELLO')
    meter.write('integrationCycles', 0.2)
    expect(meter.device.state.get('display')).toBe('HELLO')
    expect(meter.device.state.get('cycles')).toBe(0.2)
  })
})

describe('errors of a recipe can be had', () => {
  it.each([
    ['mt-sics-scale', 'condition', '+', 'weigh', 'overload; take weight off'],
    ['mt-sics-scale', 'condition', 'I', 'weigh', 'cannot weigh now'],
    ['scpi-multimeter', 'overload', 1, 'voltage', 'beyond the range'],
    ['stepper-controller', 'overload', 1, 'position', 'cannot keep up'],
    ['weather-station', 'temperatureUnit', '#', 'air', 'pattern of the value'],
  ])('%s with %s %s', (name, state, value, exchange, message) => {
    const both = talk(name)
    expect(both.ask(exchange)).toBeDefined()
    both.device.state.set(state, value)
    expect(() => both.ask(exchange)).toThrow(message)
  })

  it('of a receiver without a position, and of a motor that is too hot', () => {
    const receiver = talk('nmea-0183-gps')
    receiver.device.state.set('status', 'V')
    expect(receiver.pass()).toEqual({})
    const vesc = talk('vesc-motor-controller')
    vesc.device.state.set('fault', 6)
    expect(vesc.ask('readings')['fault']).toBe('motor-too-hot')
  })

  it('of a command that is not known', () => {
    const multimeter = talk('scpi-multimeter')
    const payload = Buffer.from('BOGUS')
    multimeter.device.answer({ good: true, payload, raw: payload, offset: 0, atMs: 0 })
    const undefinedHeader = { errorCode: -113, errorText: 'Undefined header' }
    expect(multimeter.ask('errorQueue')).toEqual(undefinedHeader)
    expect(multimeter.ask('errorQueue')).toEqual({ errorCode: 0, errorText: 'No error' })
  })

  it('of a meter that was not called', () => {
    const { device } = talk('iec-62056-21-meter')
    const payload = Buffer.from('\x06000')
    const readout = { good: true as const, payload, raw: payload, offset: 0, atMs: 0 }
    expect(device.answer(readout)).toBeUndefined()
  })
})
