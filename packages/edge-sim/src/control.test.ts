import { MapperError } from '@mapper-sdk/core'
import { request } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connectControl } from './control-client.ts'
import { serveControl } from './control.ts'
import type { EdgeSimEvent } from './event.ts'
import { deviceCr, modelCr, reportTwins, startSim, twinOf } from './raw-mapper.suite.ts'

async function rig() {
  const { sim, socketPath } = await startSim()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const control = await serveControl(sim, 0)
  onTestFinished(() => control.close())
  return { sim, socketPath, control, client: connectControl(control.url) }
}

test('another process sees the cloud and changes it', async () => {
  const { sim, client } = await rig()
  await client.setDesired('plant/boiler', 'a', 'süd & 5%')
  expect(sim.twin('plant/boiler', 'a')?.desired).toBe('süd & 5%')
  expect(await client.cloud()).toEqual(sim.cloud())
  expect(await client.resources()).toHaveLength(3)
  expect(await client.stats()).toEqual(sim.stats())
  expect(await client.issues()).toEqual([])
  await client.restart()
  await expect(client.setDesired('plant/boiler', 'nope', '1')).rejects.toMatchObject({
    code: 'invalid_config',
  })
})

test('it can cut the node off, and follows what happens', async () => {
  const { socketPath, client } = await rig()
  const ended = new AbortController()
  const events: EdgeSimEvent[] = []
  const following = (async () => {
    for await (const event of client.events(ended.signal)) events.push(event)
  })()
  // The stream is there once an event comes through it.
  await vi.waitFor(async () => {
    await client.cloudLink(false)
    await client.cloudLink(true)
    expect(events.length).toBeGreaterThan(0)
  }, 15_000)
  await client.cloudLink(false)
  await reportTwins(socketPath, 'plant/boiler', [twinOf('a', '1')])
  await vi.waitFor(
    () =>
      expect(events).toContainEqual({
        ...{ type: 'drop', reason: 'cloud-offline', device: 'plant/boiler' },
        property: 'a',
      }),
    15_000,
  )
  ended.abort()
  await following
})

test('web pages, long bodies and unknown routes are turned away', async () => {
  const { control } = await rig()
  const status = (path: string, init: { method?: string; body?: string; headers?: object }) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { method = 'GET', body, headers } = init
      const url = new URL(path, control.url)
      const call = request(url, { method, headers: { ...headers } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      call.on('error', reject).end(body)
    })
  expect(await status('/cloud', { headers: { host: 'evil.example' } })).toBe(403)
  expect(await status('/restart', { method: 'POST', headers: { origin: 'http://x' } })).toBe(403)
  expect(await status('/desired/a/b/c', { method: 'PUT', body: 'x'.repeat(70_000) })).toBe(413)
  expect(await status('/cloud-link', { method: 'POST', body: 'sideways' })).toBe(400)
  expect(await status('/desired/%/b/c', { method: 'PUT' })).toBe(400)
  expect(await status('/nothing', {})).toBe(404)
})

test('a stand-in that is not there is unreachable', async () => {
  const { control, client } = await rig()
  await control.close()
  await expect(client.cloud()).rejects.toThrow(MapperError)
  await expect(client.cloud()).rejects.toMatchObject({ code: 'unreachable' })
})
