import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { silentLogger } from '@mapper-sdk/core'
import { createLines, type Lines, type WireSettings } from '@mapper-sdk/core/line'
import { onTestFinished } from 'vitest'
import { compileRecipe } from '../recipe/compile-recipe.ts'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import type { SerialLink } from './link.ts'
import { openLink, type LinkOptions } from './open-link.ts'

/** What a test says for a device: told of all that comes, it says what it wants. */
export interface ScriptedDevice {
  readonly settings: WireSettings
  /** All that it was told, as text. */
  readonly heard: string
  /** Called with each piece that comes. */
  onHeard: (text: string, say: (text: string) => void) => void
  say(text: string): void
  /** Closes the connection, if there is one. */
  end(): void
  /** Closes the connection. */
  end(): void
  /** Connections so far. */
  readonly connections: number
}

const connectTimeoutMs = 5_000

export async function tcpDevice(
  onHeard: ScriptedDevice['onHeard'] = () => undefined,
): Promise<ScriptedDevice> {
  let socket: Socket | undefined
  let heard = ''
  let connections = 0
  const server = createServer({ noDelay: true }, (one) => {
    socket = one
    connections++
    one.on('error', () => undefined)
    one.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      heard += text
      device.onHeard(text, device.say)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    socket?.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const device: ScriptedDevice = {
    settings: { kind: 'tcp', host: '127.0.0.1', port, connectTimeoutMs },
    get heard() {
      return heard
    },
    onHeard,
    say: (text) => void socket?.write(Buffer.from(text, 'latin1')),
    end: () => void socket?.destroy(),
    get connections() {
      return connections
    },
  }
  return device
}

export async function udpDevice(onHeard: ScriptedDevice['onHeard']): Promise<ScriptedDevice> {
  const socket = createSocket('udp4')
  let heard = ''
  let from: { readonly port: number; readonly address: string } | undefined
  socket.on('message', (bytes, sender) => {
    const text = bytes.toString('latin1')
    from = sender
    heard += text
    device.onHeard(text, device.say)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const device: ScriptedDevice = {
    settings: { kind: 'udp', host: '127.0.0.1', port: socket.address().port, connectTimeoutMs },
    get heard() {
      return heard
    },
    onHeard,
    say: (text) => from && socket.send(Buffer.from(text, 'latin1'), from.port, from.address),
    end: () => undefined,
    connections: 0,
  }
  return device
}

export const never = new AbortController().signal

export const readyOf = (yaml: string) => compileRecipe(parseRecipe(yaml, 'recipe'))

/** A link to a device, which ends with the test. */
export async function linkTo(
  device: ScriptedDevice,
  yaml: string,
  more: Partial<LinkOptions> & {
    readonly lines?: Lines
    readonly settings?: Readonly<Record<string, string>>
  } = {},
): Promise<SerialLink> {
  const { lines = createLines(), settings = {}, ...options } = more
  const ready = readyOf(yaml)
  const params = resolveParams(ready.recipe, settings)
  const isConnection = device.settings.kind === 'tcp'
  const link = await openLink(
    await lines.open(device.settings, never),
    { ready, params, logger: silentLogger, isConnection, ...options },
    never,
  )
  onTestFinished(() => link.close())
  return link
}
