import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { conformance, type Rig } from '@mapper-sdk/core/conformance'
import { test } from 'vitest'
import { driver } from './driver.ts'

async function makeRig(): Promise<Rig> {
  const device: Record<string, unknown> = { level: 12.5, valve: false, name: 'tank' }
  const keys = Object.keys(device)
  let requests = 0
  let isSilent = false
  const server = createServer((request, response) => {
    requests++
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (isSilent) return
      if (request.method === 'PATCH') Object.assign(device, JSON.parse(body))
      response.writeHead(200).end(JSON.stringify(device))
    })
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const hangUp = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const protocol = { url: `http://127.0.0.1:${port}/` }
  return {
    ...{ driver, protocol },
    good: [
      { visitor: { key: 'level' }, type: 'DOUBLE', value: 12.5, others: [-1e300, 5e-324] },
      { visitor: { key: 'valve' }, type: 'BOOLEAN', value: false, others: [true, false] },
      { visitor: { key: 'name' }, type: 'STRING', value: 'tank', others: ['', 'Grüße, 世界'] },
    ],
    bad: { visitor: { key: 'toString' }, type: 'STRING' },
    wrong: [
      { what: 'protocol', raw: {}, field: 'url' },
      { what: 'visitor', raw: { key: '' }, field: 'key' },
    ],
    poke: (index, value) => void (device[keys[index] ?? ''] = value),
    peek: (index) => device[keys[index] ?? ''] as string,
    cut: hangUp,
    restore: () => listen(port),
    silence: (silent) => void (isSilent = silent),
    requests: () => requests,
    close: hangUp,
  }
}

for (const { name, run } of conformance(makeRig)) test(name, run)
