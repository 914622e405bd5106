import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { likelyLines, lineText } from './line-settings.ts'
import { unitProbes } from './probes.ts'

/** All probes, if those units are there on that line. */
function walk(
  lines: readonly string[],
  units: readonly number[],
  there: (probe: string) => boolean,
) {
  const asked: string[] = []
  const probes = unitProbes(lines, units)
  for (let next = probes.next(); next.done !== true;) {
    const { line, unit } = next.value
    asked.push(`${line} ${unit}`)
    next = probes.next(there(`${line} ${unit}`))
  }
  return asked
}

const lines = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 })
const units = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 40 })

describe('unitProbes', () => {
  it('asks every unit on every line once while nothing answers', () => {
    fc.assert(
      fc.property(lines, units, (all, some) => {
        const asked = walk(all, some, () => false)
        const every = all.flatMap((line) => some.map((unit) => `${line} ${unit}`))
        expect(asked.toSorted()).toEqual(every.toSorted())
      }),
    )
  })

  it('stays on the line where the first unit was, and asks for each of its units once', () => {
    fc.assert(
      fc.property(lines, units, fc.nat(), (all, some, seed) => {
        const line = all[seed % all.length] ?? ''
        const unit = some[seed % some.length] ?? 0
        const asked = walk(
          all,
          some,
          (probe) => probe.startsWith(line) && probe.endsWith(` ${unit}`),
        )
        const hit = asked.indexOf(`${line} ${unit}`)
        expect(hit).toBeGreaterThanOrEqual(0)
        for (const probe of asked.slice(hit)) expect(probe.startsWith(line)).toBe(true)
        const here = asked.filter((probe) => probe.startsWith(line))
        expect(here.toSorted()).toEqual(some.map((each) => `${line} ${each}`).toSorted())
        expect(new Set(asked).size).toBe(asked.length)
      }),
    )
  })

  it('tries the usual units on all lines before any other', () => {
    const asked = walk(['a', 'b'], [200, 1, 100, 2], () => false)
    expect(asked).toEqual(['a 1', 'a 2', 'b 1', 'b 2', 'a 200', 'a 100', 'b 200', 'b 100'])
  })

  it('asks nobody twice, however often a unit is listed', () => {
    expect(walk(['a'], [1, 1, 9, 9], () => false)).toEqual(['a 1', 'a 9'])
  })
})

describe('likelyLines', () => {
  it('begins with what most devices are shipped with', () => {
    const texts = likelyLines().map(lineText)
    expect(texts.slice(0, 4)).toEqual(['9600 8N1', '9600 8E1', '19200 8N1', '9600 8N2'])
    expect(new Set(texts).size).toBe(32)
  })

  it('keeps to what is known', () => {
    const baudRates = [19_200]
    expect(likelyLines({ baudRates }).map(lineText)).toEqual([
      ...['19200 8N1', '19200 8E1', '19200 8N2', '19200 8O1'],
    ])
    expect(likelyLines({ baudRates, parities: ['odd'] }).map(lineText)).toEqual([
      ...['19200 8O1', '19200 8O2'],
    ])
    expect(likelyLines({ baudRates, stopBits: [2] }).map(lineText)).toEqual([
      ...['19200 8N2', '19200 8E2', '19200 8O2'],
    ])
    expect(likelyLines({ baudRates, parities: ['even'] }, 'ascii').map(lineText)).toEqual([
      ...['19200 7E1', '19200 7E2', '19200 8E1', '19200 8E2'],
    ])
    expect(likelyLines({ baudRates, dataBits: [8] }, 'ascii')[0]).toMatchObject({
      ...{ dataBits: 8, parity: 'none', stopBits: 1 },
    })
  })

  it('takes characters of 7 bits for those of ASCII', () => {
    expect(likelyLines({ baudRates: [9600] }, 'ascii').map(lineText)).toEqual([
      ...['9600 7E1', '9600 7N2', '9600 8N1', '9600 7O1'],
    ])
  })
})
