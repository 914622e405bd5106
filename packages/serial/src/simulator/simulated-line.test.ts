import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latin1 } from '../match/match.ts'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { loadDevice, shippedRecipes } from './load-device.ts'
import { scriptedDevice } from './scripted-device.ts'
import type { SimulatedDevice } from './simulated-device.ts'
import { simulatedLine, type SimulatedLineOptions } from './simulated-line.ts'

function lineOf(devices: readonly SimulatedDevice[], options: Partial<SimulatedLineOptions> = {}) {
  let said = ''
  const put = (bytes: Uint8Array) => void (said += latin1(bytes))
  // The clock of the machine runs, and a slow one must not make silence.
  const line = simulatedLine(devices, { put, forgetMs: Infinity, ...options })
  return { line, said: () => said }
}

describe('a simulated line', () => {
  it('says the same to the same bytes, in whatever pieces they come', () => {
    const text = fc
      .array(fc.constantFrom('SI\r\n', '@\r\n', 'TA\r\n', 'TA 1.50 g\r\n', 'x', '\r\n'), {
        maxLength: 8,
      })
      .map((all) => all.join(''))
    const devices = [0, 1].map(() => loadDevice('mt-sics-scale').device)
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (all, size) => {
        for (const { state } of devices) state.set('tare', 0)
        const [whole, pieces] = devices.map((device) => lineOf([device]))
        whole?.line.receive(Buffer.from(all))
        for (let at = 0; at < all.length; at += size) {
          pieces?.line.receive(Buffer.from(all.slice(at, at + size)))
        }
        for (const one of [whole, pieces]) one?.line.stop()
        expect(pieces?.said()).toBe(whole?.said())
        expect(whole?.said().split('\r\n').length).toBe((whole?.line.requests ?? 0) + 1)
      }),
      { numRuns: 50 },
    )
  })

  it('takes any bytes', () => {
    const devices = shippedRecipes().map((name) => loadDevice(name).device)
    const { line } = lineOf(devices)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void line.receive(bytes)))
    line.stop()
    expect(line.problems).toEqual([])
  })

  it('knows a request that ends by silence, and takes the time that it is told to take', async () => {
    const text = `
name: silent
frame: { type: gap, gapMs: 5 }
exchanges: { ask: { request: ask } }
values: { all: { from: ask, type: text } }`
    const recipe = parseRecipe(text, 'silent.yaml')
    const answers = [{ when: { pattern: '^ask$' }, answer: 'told', afterMs: 10 }]
    const { line, said } = lineOf([scriptedDevice({ recipe: 'silent.yaml', answers }, recipe)], {
      delayMs: 10,
    })
    const began = performance.now()
    line.receive(Buffer.from('as'))
    line.receive(Buffer.from('k'))
    expect(said()).toBe('')
    await expect.poll(said, { interval: 5 }).toBe('told')
    // Timers count whole milliseconds.
    expect(performance.now() - began).toBeGreaterThan(22)
    line.stop()
  })
})
