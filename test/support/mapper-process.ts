import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from './child.ts'
import { until } from './until.ts'

type DriverName = 'modbus' | 'opcua'
const scriptOf = (driver: DriverName) =>
  fileURLToPath(new URL(`../../packages/${driver}/dist/main.js`, import.meta.url))

export interface MapperProcessOptions {
  /** Where its socket and its configuration file go. */
  readonly folder: string
  /** The socket of EdgeCore. */
  readonly edgecore: string
  readonly name?: string
  /** Whose mapper it is; modbus if left out. */
  readonly driver?: DriverName
  /** More of the configuration file, as YAML. */
  readonly more?: string
  /** More of its environment. */
  readonly environment?: Readonly<Record<string, string>>
}

export const mapperSocket = ({
  folder,
  name = 'modbus-mapper',
}: {
  folder: string
  name?: string
}) => path.join(folder, `${name}.sock`)

/** Starts a mapper as users do: its bin, with a configuration file. It runs when this resolves. */
export async function startMapper(options: MapperProcessOptions): Promise<Child> {
  const {
    folder,
    edgecore,
    name = 'modbus-mapper',
    driver = 'modbus',
    more = '',
    environment,
  } = options
  const file = path.join(folder, `${name}.yaml`)
  const config = `grpc_server:
  socket_path: ${mapperSocket(options)}
common:
  name: ${name}
  version: v1.0.0
  api_version: v1.0.0
  protocol: ${driver}
  address: 127.0.0.1
  edgecore_sock: ${edgecore}
  http_port: 0
${more}`
  await writeFile(file, config)
  const mapper = runMapperBin(['--config-file', file], driver, environment)
  await until(
    'the mapper runs (its dist is made by npm run build)',
    () => mapper.lines,
    () => mapper.objects.length > 0,
  )
  return mapper
}

/** Starts the bin with these flags and nothing else. */
export const runMapperBin = (
  args: readonly string[],
  driver: DriverName = 'modbus',
  environment: Readonly<Record<string, string>> = {},
): Child => startChild(process.execPath, [scriptOf(driver), ...args], environment)
