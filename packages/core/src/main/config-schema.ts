import { logLevels } from '../log-level.ts'
import { Type, type Static } from '../schema.ts'
import { defaultSettings, type MapperSettings } from '../mapper.ts'
import { longestDelayMs } from '../time.ts'
import { httpKeys } from './http-config.ts'
import { edgeKeys } from './mqtt-config.ts'

const socketPath = { pattern: '^/', maxLength: 107, minLength: 1 } as const

/** The Go mapper-framework's part of the file. Every field may be left out or empty. */
const grpcServer = Type.Object(
  {
    socket_path: Type.Optional(
      Type.String({
        ...socketPath,
        description:
          "the mapper's own socket, which EdgeCore calls: an absolute path of at most 107 bytes; default /etc/kubeedge/<common.name>.sock",
      }),
    ),
  },
  { default: {}, description: 'where the mapper listens' },
)

const common = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]+$',
        maxLength: 253,
        description:
          'the name under which EdgeCore keeps the mapper, of letters, digits and "." "_" "-"; default <protocol>-mapper',
      }),
    ),
    version: Type.String({ default: 'v1.0.0', description: "the mapper's version" }),
    api_version: Type.String({ default: 'v1.0.0', description: 'sent to EdgeCore as it is' }),
    protocol: Type.Optional(
      Type.String({
        description:
          "the protocolName of the devices that this mapper serves; default: the driver's own",
      }),
    ),
    address: Type.String({ default: '127.0.0.1', description: 'kept for the Go file; not used' }),
    edgecore_sock: Type.String({
      ...socketPath,
      default: '/etc/kubeedge/dmi.sock',
      description:
        "EdgeCore's socket: an absolute path of at most 107 bytes; default /etc/kubeedge/dmi.sock",
    }),
    http_port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description:
          'the port of the REST API, if http.port is not there; default: none, and without a block http nothing is served',
      }),
    ),
  },
  { default: {}, description: 'who the mapper is' },
)

const { budget } = defaultSettings
const milliseconds = (minimum: number, value: number, description: string) =>
  Type.Integer({
    minimum,
    maximum: longestDelayMs,
    default: value,
    description: `${description}, in ms; default ${value}`,
  })

const mapper = Type.Object(
  {
    budget: Type.Object(
      {
        calls_per_second: Type.Number({
          exclusiveMinimum: 0,
          default: budget.callsPerSecond,
          description: `DMI calls a second; default ${budget.callsPerSecond}`,
        }),
        burst: Type.Integer({
          minimum: 1,
          default: budget.burst,
          description: `DMI calls at once; default ${budget.burst}`,
        }),
        twins_per_second: Type.Optional(
          Type.Number({
            exclusiveMinimum: 0,
            description: 'twins a second; default: as many as EdgeCore forwards',
          }),
        ),
      },
      {
        default: {},
        description: "the mapper's share of what EdgeCore takes from all mappers of its node",
      },
    ),
    refresh_ms: milliseconds(
      1000,
      defaultSettings.refreshMs,
      'how often every twin is reported again, changed or not',
    ),
    register_every_ms: milliseconds(
      1000,
      defaultSettings.registerEveryMs,
      'how often the list of devices is fetched anew',
    ),
    call_timeout_ms: milliseconds(
      10,
      defaultSettings.callTimeoutMs,
      'the longest that a call to a device may take',
    ),
    reconnect_max_ms: milliseconds(
      10,
      defaultSettings.reconnectMaxMs,
      'the longest pause between two attempts to reach a device',
    ),
    state_hold_ms: milliseconds(
      0,
      defaultSettings.stateHoldMs,
      'how long a change of the state of a device must last before it counts, so that states do not flap',
    ),
    cycle_unit: Type.Enum(['auto', 'ms', 'ns'], {
      default: defaultSettings.cycleUnit,
      description: `the unit of collectCycle and reportCycle; auto takes huge numbers for ns; default ${defaultSettings.cycleUnit}`,
    }),
    minimum_cycle_ms: milliseconds(
      10,
      defaultSettings.minimumCycleMs,
      'no property is read more often than this',
    ),
    values: Type.Enum(['encode', 'reject'], {
      default: defaultSettings.values,
      description: `texts that EdgeCore would drop are carried as b64: text or not reported; default ${defaultSettings.values}`,
    }),
  },
  { default: {}, description: 'how the mapper reads and reports' },
)

/**
 * The configuration file of a mapper process: keys, defaults and descriptions in one place.
 * `grpc_server` and `common` are those of the Go mapper-framework and mean the same; the rest is ours.
 */
export const configSchema = Type.Object({
  grpc_server: grpcServer,
  common,
  ...edgeKeys,
  ...httpKeys,
  log: Type.Object(
    {
      level: Type.Enum(logLevels, {
        default: 'info',
        description: 'debug, info, warn or error; --v overrides it; default info',
      }),
      format: Type.Enum(['json'], {
        default: 'json',
        description: 'json: one object a line on stdout',
      }),
    },
    { default: {}, description: 'what is logged' },
  ),
  state_dir: Type.Optional(
    Type.String({
      description:
        'a directory for what must survive a restart; without it nothing is kept on disk',
    }),
  ),
  mapper,
})

/** The file with its defaults filled in. */
export type MapperConfig = Static<typeof configSchema>

/** The block `mapper` in the words of the runtime. */
export function settingsOf({ mapper: given }: MapperConfig): MapperSettings {
  const { calls_per_second, burst, twins_per_second } = given.budget
  return {
    budget: {
      callsPerSecond: calls_per_second,
      burst,
      ...(twins_per_second === undefined ? {} : { twinsPerSecond: twins_per_second }),
    },
    refreshMs: given.refresh_ms,
    registerEveryMs: given.register_every_ms,
    callTimeoutMs: given.call_timeout_ms,
    reconnectMaxMs: given.reconnect_max_ms,
    stateHoldMs: given.state_hold_ms,
    cycleUnit: given.cycle_unit,
    minimumCycleMs: given.minimum_cycle_ms,
    values: given.values,
  }
}
