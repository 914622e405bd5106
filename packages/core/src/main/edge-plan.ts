import { createDmiEdge } from '../edge/dmi/dmi-edge.ts'
import type { MapperIdentity } from '../edge/dmi/encode.ts'
import type { Edge } from '../edge/edge.ts'
import { createLegacyMqttEdge } from '../edge/legacy/legacy-edge.ts'
import { clientIdOf, clientOptions, type BrokerOptions } from '../edge/mqtt/broker-options.ts'
import { withMqttUplink } from '../edge/mqtt/mqtt-uplink.ts'
import { MapperError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { MapperSettings } from '../mapper.ts'
import type { MapperConfig } from './config-schema.ts'
import { readSecrets } from './secrets.ts'

/** The way to KubeEdge that a configuration asks for, checked but not taken yet. */
export interface EdgePlan {
  create(logger: Logger): Edge
  /** What the way to KubeEdge decides of how the mapper runs. */
  readonly settings: Partial<MapperSettings>
  /** For the log; no secrets. */
  readonly fields: object
}

export interface EdgePlanContext {
  readonly mapper: MapperIdentity
  readonly socketPath: string
  /** The configuration file, for messages. */
  readonly file: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Where EdgeCore looks for a broker if nobody says otherwise. */
const usualBroker = 'mqtt://127.0.0.1:1883'

/** Throws `invalid_config` for keys that do not go together, and for secrets that cannot be read. */
export async function planEdge(
  { edge, uplink, mqtt, common, mapper: { budget } }: MapperConfig,
  { mapper, socketPath, file, environment }: EdgePlanContext,
): Promise<EdgePlan> {
  const wrong = (key: string, message: string, cause?: unknown) =>
    new MapperError('invalid_config', `${file}: ${key}: ${message}`, { cause })

  const brokerAt = async (url: string): Promise<BrokerOptions> => {
    try {
      const { ca, cert, key, ...user } = await readSecrets(mqtt, environment)
      const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
      const options: BrokerOptions = {
        url,
        clientId: mqtt.client_id ?? clientIdOf(mapper.name),
        ...user,
        ...(Object.keys(tls).length > 0 && { tls }),
      }
      clientOptions(options)
      return options
    } catch (thrown) {
      const { detail } = MapperError.from(thrown)
      throw detail.startsWith('mqtt.') || detail.startsWith('MQTT_')
        ? new MapperError('invalid_config', `${file}: ${detail}`, { cause: thrown })
        : wrong('mqtt', detail, thrown)
    }
  }

  if (edge === 'mqtt-legacy') {
    const { profile_file: profileFile, url = usualBroker } = mqtt
    if (profileFile === undefined) {
      throw wrong('mqtt.profile_file', 'is missing, but needed with edge: mqtt-legacy')
    }
    if (uplink === 'dmi') throw wrong('uplink', 'is dmi, but edge is mqtt-legacy; leave it out')
    const broker = await brokerAt(url)
    const { protocol: protocolName } = mapper
    return {
      create: (logger) => createLegacyMqttEdge({ profileFile, protocolName, broker, logger }),
      settings: {
        // The file's nanoseconds are milliseconds by now, however many.
        cycleUnit: 'ms',
        // Calls are bounded where a node's mappers share one budget, which is DMI.
        budget:
          budget.twins_per_second === undefined ? {} : { twinsPerSecond: budget.twins_per_second },
      },
      fields: { edge, profileFile, broker: url },
    }
  }

  const { edgecore_sock: edgecoreSocketPath } = common
  const dmi = (logger: Logger) => createDmiEdge({ mapper, socketPath, edgecoreSocketPath, logger })
  const fields = { socketPath, edgecore: edgecoreSocketPath }
  const mode = uplink ?? (mqtt.url === undefined ? 'dmi' : 'auto')
  if (mode === 'dmi') return { create: dmi, settings: {}, fields }
  const { url } = mqtt
  if (url === undefined) throw wrong('mqtt.url', `is missing, but needed with uplink: ${mode}`)
  const broker = await brokerAt(url)
  return {
    create: (logger) => withMqttUplink(dmi(logger), { mode, broker, logger }),
    settings: {},
    fields: { ...fields, uplink: mode, broker: url },
  }
}
