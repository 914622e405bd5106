import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDmiEdge, MapperError, runMapper, silentLogger } from '@mapper-sdk/core'
import { startEdgeSim, type EdgeSim } from '@mapper-sdk/edge-sim'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { driver } from './driver.ts'
import { openLine } from './line.ts'
import { startSimulatedOven, type SimulatedOven } from './simulated-oven.ts'

const id = 'default/oven-1'
/** As core sees a failure: codes of Node have their place in the closed list. */
const codeOf = (thrown: unknown) => MapperError.from(thrown).code
const within = { timeout: 20_000, interval: 20 }

let oven: SimulatedOven
const endings: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  oven = await startSimulatedOven()
  endings.push(() => oven.close())
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** The stand-in for EdgeCore with the example's own files, and the driver as a mapper beside it. */
async function startMapper(): Promise<EdgeSim> {
  const folder = await mkdtemp(path.join(tmpdir(), 'oven-'))
  endings.push(() => rm(folder, { recursive: true }))
  for (const file of ['model.yaml', 'oven.yaml']) {
    const text = await readFile(new URL(`devices/${file}`, import.meta.url), 'utf8')
    await writeFile(path.join(folder, file), text.replace('port: 4001', `port: ${oven.port}`))
  }
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({ socketPath: edgecoreSocketPath, folder })
  endings.push(() => sim.close())
  const stop = new AbortController()
  const mapper = { name: 'oven-mapper', version: 'v1', apiVersion: 'v1', protocol: 'oven' }
  const ended = runMapper({
    driver,
    edge: createDmiEdge({
      mapper,
      socketPath: path.join(folder, 'oven.sock'),
      edgecoreSocketPath,
      logger: silentLogger,
    }),
    logger: silentLogger,
    signal: stop.signal,
  })
  endings.push(async () => (stop.abort(), await ended))
  return sim
}

describe('an oven behind EdgeCore', () => {
  test('is read, and takes what the files wish', async () => {
    const sim = await startMapper()
    await vi.waitFor(() => {
      expect(sim.twin(id, 'temperature')?.reported).toBe('181.5')
      expect(sim.twin(id, 'door')?.reported).toBe('closed')
      expect(sim.twin(id, 'setpoint')).toMatchObject({ reported: '200', observedDesired: '200' })
    }, within)
    expect(oven.parameters.get('setpoint')).toBe('200')
    expect(sim.issues()).toEqual([])
  })

  test('takes a new desired value', async () => {
    const sim = await startMapper()
    await vi.waitFor(() => expect(oven.parameters.get('setpoint')).toBe('200'), within)
    sim.setDesired(id, 'setpoint', '250')
    await vi.waitFor(() => {
      expect(sim.twin(id, 'setpoint')).toMatchObject({ reported: '250', observedDesired: '250' })
    }, within)
    expect(oven.parameters.get('setpoint')).toBe('250')
  })

  test('comes back after its connection was cut', async () => {
    const sim = await startMapper()
    await vi.waitFor(() => expect(sim.twin(id, 'temperature')?.reported).toBe('181.5'), within)
    oven.parameters.set('temperature', '199.25')
    oven.cut()
    await vi.waitFor(() => expect(sim.twin(id, 'temperature')?.reported).toBe('199.25'), within)
  })
})

describe('a line', () => {
  const open = async () => {
    const line = await openLine('127.0.0.1', oven.port, new AbortController().signal)
    endings.push(async () => line.close())
    return line
  }
  const never = new AbortController().signal

  test('asks and is answered, time and again', async () => {
    const line = await open()
    for (let i = 0; i < 100; i++) {
      oven.parameters.set('temperature', String(i))
      expect(await line.ask('GET temperature', never)).toBe(String(i))
    }
  })

  test('is never used again after a question without an answer', async () => {
    const line = await open()
    oven.silent = true
    const stop = new AbortController()
    const asked = line.ask('GET temperature', stop.signal)
    stop.abort(new MapperError('timeout', 'no answer in 10 s'))
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    oven.silent = false
    await expect(line.ask('GET door', never)).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('fails what is under way when it is closed or cut', async () => {
    for (const [end, code] of [
      [(line: { close(): void }) => line.close(), 'canceled'],
      [() => oven.cut(), 'unreachable'],
    ] as const) {
      oven.silent = false
      const line = await open()
      await line.ask('GET door', never)
      oven.silent = true
      const asked = line.ask('GET door', never)
      end(line)
      await expect(asked.catch(codeOf)).resolves.toBe(code)
      line.close()
    }
  })

  test('refuses more than was asked for', async () => {
    for (const answer of ['1\n2', 'x'.repeat(201)]) {
      const line = await open()
      oven.parameters.set('door', answer)
      await expect(line.ask('GET door', never)).rejects.toMatchObject({ code: 'bad_data' })
    }
  })

  test('is not opened where nobody listens, nor after the time is over', async () => {
    await oven.close()
    const opened = openLine('127.0.0.1', oven.port, never)
    await expect(opened.catch(codeOf)).resolves.toBe('unreachable')
    const late = openLine('127.0.0.1', oven.port, AbortSignal.abort(new Error('late')))
    await expect(late).rejects.toMatchObject({ code: 'canceled' })
  })
})
