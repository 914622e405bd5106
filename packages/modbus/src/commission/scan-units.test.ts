import { execFileSync } from 'node:child_process'
import type { MapperError } from '@mapper-sdk/core'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTcp } from '../link/tcp-link.ts'
import { openSerial } from '../link/line-link.ts'
import { ptyPair } from '../link/pty-pair.suite.ts'
import { createBank, serveRtu, serveTcp, type FaultScript } from '../simulator/index.ts'
import { likelyLines, lineText } from './line-settings.ts'
import { scanUnits, type FoundUnit, type UnitScan } from './scan-units.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const never = new AbortController().signal

async function gateway(units: readonly number[], faults?: FaultScript) {
  const bank = createBank({ units })
  const simulator = await serveTcp(bank, faults === undefined ? {} : { faults })
  cleanUp.push(() => simulator.close())
  const line = { host: '127.0.0.1', port: simulator.port, connectTimeoutMs: 5000 }
  return { bank, simulator, line }
}

async function scan<L>(
  options: Omit<UnitScan<L>, 'onFound' | 'signal'> & { signal?: AbortSignal },
) {
  const found: FoundUnit<L>[] = []
  const ended = scanUnits({
    signal: never,
    ...options,
    onFound: (each) => void found.push(each),
  })
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown as MapperError,
  )
  return { found, units: found.map(({ unit }) => unit).sort((a, b) => a - b), error }
}

describe('behind a gateway', () => {
  const all = Array.from({ length: 255 }, (_, at) => at + 1)

  it('finds the units that are there, and takes an exception for an answer', async () => {
    const { bank, line } = await gateway([3, 17, 200, 255])
    bank.hole('holding', 0, 0, 17)
    const { found, units, error } = await scan({
      ...{ lines: [line], units: all, open: connectTcp, timeoutMs: 5000 },
    })
    expect(error).toBeUndefined()
    expect(units).toEqual([3, 17, 200, 255])
    expect(found.find(({ unit }) => unit === 17)?.exception).toBe(2)
    expect(found.find(({ unit }) => unit === 3)).not.toHaveProperty('exception')
  })

  it.each([
    ['are silent', 'silent', 500],
    ['hang up', 'fin', 5000],
    ['cut the connection', 'rst', 5000],
  ] as const)('goes on where units that are not there %s', async (_, kind, timeoutMs) => {
    const { line } = await gateway([1, 9], ({ unit }) =>
      [1, 9].includes(unit) ? undefined : { kind },
    )
    const { units, error } = await scan({
      ...{ lines: [line], units: all.slice(0, 9), open: connectTcp, timeoutMs },
    })
    expect(error).toBeUndefined()
    expect(units).toEqual([1, 9])
  })

  it('tells of answers that are none', async () => {
    const { line } = await gateway([1, 2], ({ unit }) =>
      unit === 2 ? { kind: 'wrong-function' } : undefined,
    )
    const noise: string[] = []
    const { units } = await scan({
      ...{ lines: [line], units: [1, 2], open: connectTcp, timeoutMs: 5000 },
      onNoise: ({ unit }, { code }) => void noise.push(`${unit} ${code}`),
    })
    expect([units, noise]).toEqual([[1], ['2 bad_data']])
  })

  it('keeps what it found when it is stopped, and when the gateway goes', async () => {
    const { line, simulator } = await gateway([1, 2])
    const stop = new AbortController()
    const stopped = await scan({
      ...{ lines: [line], units: all, open: connectTcp, timeoutMs: 5000, signal: stop.signal },
      onProbe: ({ unit }) => void (unit === 3 && stop.abort()),
    })
    expect([stopped.units, stopped.error?.code]).toEqual([[1, 2], 'canceled'])
    let closing: Promise<void> | undefined
    const gone = await scan({
      ...{ lines: [line], units: all, open: connectTcp, timeoutMs: 5000 },
      onProbe: ({ unit }) => void (unit === 3 && (closing = simulator.close())),
    })
    await closing
    expect([gone.units, gone.error?.code]).toEqual([[1, 2], 'unreachable'])
  })
})

describe('on a serial line', () => {
  it('finds speed and units', async (context) => {
    const pair = await ptyPair()
    if (pair === undefined) return context.skip('no socat')
    cleanUp.push(() => pair.unplug())
    const [ours, theirs] = pair.ends
    // The terminals pass everything on at any speed, so the device looks at what speed we have set.
    const speed = () => Number(execFileSync('stty', ['-F', ours, 'speed'], { encoding: 'utf8' }))
    const simulator = await serveRtu(createBank({ units: [2, 30] }), {
      path: theirs,
      faults: () => (speed() === 19_200 ? undefined : { kind: 'silent' }),
    })
    cleanUp.push(() => simulator.close())
    const probed: string[] = []
    const { found, error } = await scan({
      lines: likelyLines({ baudRates: [9600, 19_200], parities: ['none'], stopBits: [1] }),
      units: [1, 2, 30, 31],
      open: (settings, signal) => openSerial({ path: ours, ...settings }, signal),
      timeoutMs: 1000,
      onProbe: ({ line, unit }) => void probed.push(`${lineText(line)} ${unit}`),
    })
    expect(error).toBeUndefined()
    expect(found.map(({ line, unit }) => `${lineText(line)} ${unit}`)).toEqual([
      ...['19200 8N1 2', '19200 8N1 30'],
    ])
    expect(probed).toEqual([
      ...['9600 8N1 1', '9600 8N1 2', '19200 8N1 1', '19200 8N1 2'],
      ...['19200 8N1 30', '19200 8N1 31'],
    ])
  })
})
