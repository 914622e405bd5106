import { createHash } from 'node:crypto'
import { MapperError } from '@mapper-sdk/core'
import type { WireSettings } from '@mapper-sdk/core/line'
import type { RecipeLine } from '../recipe/recipe.ts'
import type { SerialProtocol } from './protocol.ts'

/** The line of a device: as the device says, else as the recipe does. Throws `invalid_config`. */
export function wireOf(protocol: SerialProtocol, usual: RecipeLine = {}): WireSettings {
  const { transport, path, host, port, localPort, connectTimeoutMs } = protocol
  if (transport === 'serial') {
    if (path === undefined) throw missing('path', transport)
    const { dtr, rts } = protocol
    return {
      kind: 'serial',
      path,
      baudRate: protocol.baudRate ?? usual.baudRate ?? 9600,
      dataBits: protocol.dataBits ?? usual.dataBits ?? 8,
      parity: protocol.parity ?? usual.parity ?? 'none',
      stopBits: protocol.stopBits ?? usual.stopBits ?? 1,
      flowControl: protocol.flowControl ?? usual.flowControl ?? 'none',
      rs485: protocol.rs485 ?? usual.rs485 ?? false,
      ...(dtr !== undefined && { dtr }),
      ...(rts !== undefined && { rts }),
    }
  }
  if (host === undefined) throw missing('host', transport)
  if (port === undefined) throw missing('port', transport)
  const place = { host, port, connectTimeoutMs }
  if (transport === 'tcp') return { kind: 'tcp', ...place }
  return { kind: 'udp', ...place, ...(localPort !== undefined && { localPort }) }
}

const missing = (field: string, transport: string) =>
  new MapperError('invalid_config', `${field}: missing, transport ${transport} needs it`)

/** Devices with the same key are on one line, whatever they speak there. */
export const lineKeyOf = ({ transport, path, host, port }: SerialProtocol): string =>
  transport === 'serial' ? (path ?? '') : `${transport}:${host?.toLowerCase()}:${port}`

const ofLine: ReadonlySet<string> = new Set(['transport', 'path', 'host', 'port'])

/**
 * One connection for each device: it has its own settings, and its own beginning and end. Those on one
 * line take turns there, with the devices of all other drivers.
 */
export function keyOf(protocol: SerialProtocol): string {
  const { recipe = '', recipeText, params, ...rest } = protocol
  const text = recipeText === undefined ? [] : [digest(recipeText)]
  const others = Object.entries(rest).filter(([word]) => !ofLine.has(word))
  const pairs = [...Object.entries(params ?? {}), ...others]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, value]) => `${word}=${String(value)}`)
  return [lineKeyOf(protocol), recipe, ...text, ...pairs].join(' ')
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** The settings as `resolveParams` takes them. */
export const paramsOf = ({
  params = {},
}: SerialProtocol): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? String(value) : value,
    ]),
  )
