import { readFileSync } from 'node:fs'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { serveHttp, type HttpSources } from './http/server.ts'
import type { LogLevel } from './log-level.ts'
import { runMapper } from './mapper.ts'
import { readConfigFile } from './main/config-file.ts'
import { planEdge } from './main/edge-plan.ts'
import { keepTlsFresh, planHttp, type HttpPlan } from './main/http-plan.ts'
import { settingsOf } from './main/config-schema.ts'
import { parseFlags, usage } from './main/flags.ts'
import { createLogger } from './main/logger.ts'
import { ownFilesOf } from './main/own-files.ts'
import type { MapperView } from './view.ts'
import { end, exitCodes, stopOnSignals } from './main/signals.ts'
import { openStateStore } from './main/state-store.ts'

export { describeHttp, type MetricDescription } from './http/reference.ts'
export { configSchema } from './main/config-schema.ts'
export { parseConfig, readConfigFile } from './main/config-file.ts'

/**
 * Turns a driver into a mapper process: reads flags and configuration file, runs until SIGTERM or
 * SIGINT, and ends the process. Exit code 0: stopped and cleaned up; 2: flags or configuration are
 * wrong, said on stderr with file, line and column; 70: an internal error, said in the log on stdout.
 */
export async function main(
  driver: Driver,
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  try {
    const flags = parseFlags(argv)
    if (flags.kind === 'run') return await run(driver, flags.configFile, flags.level)
    const { protocolName } = driver
    process.stdout.write(
      flags.kind === 'help'
        ? `Mapper for KubeEdge devices with the protocol ${protocolName}.\n\n${usage}`
        : `mapper ${protocolName}, @mapper-sdk/core ${version()}\n`,
    )
  } catch (thrown) {
    const error = MapperError.from(thrown)
    const wrong = error.code === 'invalid_config'
    process.stderr.write(`${wrong ? error.detail : (error.stack ?? error.message)}\n`)
    process.exitCode = wrong ? exitCodes.configuration : exitCodes.internal
  }
}

async function run(driver: Driver, file: string, level: LogLevel | undefined): Promise<void> {
  const { config, warnings } = await readConfigFile(file)
  const { common, grpc_server, log } = config
  const protocol = common.protocol ?? driver.protocolName
  const name = common.name ?? `${protocol}-mapper`
  const socketPath = grpc_server.socket_path ?? `/etc/kubeedge/${name}.sock`
  const mapper = { name, version: common.version, apiVersion: common.api_version, protocol }
  const { env: environment } = process
  const plan = await planEdge(config, { mapper, socketPath, file, environment })
  const httpPlan = await planHttp(config, { file, environment })

  const logger = createLogger(
    { level: level ?? log.level, fields: { mapper: name } },
    process.stdout,
  )
  const signal = stopOnSignals(logger)
  for (const warning of [...warnings, ...(httpPlan?.warnings ?? [])]) logger.warn(warning)
  logger.info({ protocol, ...plan.fields }, 'starting')

  const settings = { ...settingsOf(config), ...plan.settings }
  const { state_dir } = config
  let view: MapperView | undefined
  let closeHttp: () => Promise<void> = async () => undefined
  try {
    // First, so that whoever asks is told that the mapper starts, and a wrong port is known at once.
    if (httpPlan !== undefined) {
      closeHttp = await openHttp(httpPlan, {
        view: () => view,
        isStopping: () => signal.aborted,
        level: logger.levels,
        mapper: { name, version: common.version, protocol, sdk: version() },
        logger,
      })
    }
    await runMapper({
      driver,
      edge: plan.create(logger),
      logger,
      signal,
      settings,
      ownFiles: ownFilesOf(config, file, environment),
      onStart: (live) => (view = live),
      ...(state_dir !== undefined && {
        folder: state_dir,
        store: await openStateStore(state_dir, name, logger),
      }),
    })
    await closeHttp()
    logger.info('stopped')
    await end(logger, exitCodes.clean)
  } catch (thrown) {
    const error = MapperError.from(thrown)
    logger.fatal({ err: error }, 'the mapper cannot run')
    const wrong = error.code === 'invalid_config' || error.code === 'access_denied'
    await end(logger, wrong ? exitCodes.configuration : exitCodes.internal)
  }
}

async function openHttp(plan: HttpPlan, sources: HttpSources): Promise<() => Promise<void>> {
  const service = await serveHttp(plan.settings, sources)
  const writes = plan.settings.token === undefined ? 'refused: there is no token' : 'with the token'
  sources.logger.info({ url: service.url, writes }, 'the REST API is served')
  const stopLooking = keepTlsFresh(plan, service, sources.logger)
  return async () => {
    stopLooking()
    await service.close()
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
