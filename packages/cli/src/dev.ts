import { createWriteStream, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MapperError } from '@mapper-sdk/core'
import { checkFolder, formatFinding, type Finding } from './check-folder.ts'
import { startSession, type Session } from './dev-session.ts'
import { findDriver } from './find-driver.ts'
import type { DriverChoice } from './driver-choice.ts'
import { recipeFolderOf } from './recipe-folders.ts'
import { createScreen, type Terminal } from './screen.ts'

export interface DevOptions {
  readonly folder: string
  readonly edgeVersion?: string
  readonly drivers: DriverChoice
  /** Where all lines of all processes go, too. */
  readonly logFile?: string
  readonly out: Terminal
  readonly signal: AbortSignal
}

const lookEveryMs = 500

/**
 * Runs a folder of Device and DeviceModel files as if on an edge node, until the signal aborts: a
 * stand-in for EdgeCore and one mapper per protocol, with the twins on the terminal. Changes of the
 * files are taken over while it runs. Throws when one of the processes ends by itself.
 */
export async function dev(options: DevOptions): Promise<void> {
  const { folder, edgeVersion, drivers, out, signal } = options
  const check = () => checkFolder(folder, (name) => findDriver(drivers(name)))
  let checked = await check()
  for (const finding of checked.findings) out.write(`${formatFinding(finding)}\n`)
  if (checked.devices === 0) {
    throw new MapperError('invalid_config', `no device to run in ${folder}`)
  }

  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile)
  log?.on('error', () => undefined)
  let screen: ReturnType<typeof createScreen> | undefined
  const early: (readonly [string, string])[] = []
  const session = await startSession({
    folder,
    ...(edgeVersion === undefined ? {} : { edgeVersion }),
    driverFor: drivers,
    onLine(line, child) {
      log?.write(`${child}: ${line}\n`)
      if (screen === undefined) early.push([line, child])
      else screen.log(line, child)
    },
  })
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  try {
    screen = createScreen(out)
    for (const [line, child] of early) screen.log(line, child)
    let seen = await fingerprint(folder)
    const look = async () => {
      const now = await fingerprint(folder)
      if (now !== seen) checked = await check().catch(() => checked)
      seen = now
      const devices = await session.control.cloud()
      const noDriver = await startMappers(session, new Set(devices.map((d) => d.protocolName)))
      screen?.show({
        title: titleOf(folder, edgeVersion, devices.length),
        devices,
        findings: [...checked.findings.map(short), ...noDriver],
        now: Date.now(),
      })
    }
    while (!signal.aborted) {
      const broken = await Promise.race([
        session.broken,
        stopped,
        look().then(() => 'fine' as const),
      ])
      if (broken !== 'fine' && broken !== undefined) throw new MapperError('internal', broken)
      await Promise.race([delay(lookEveryMs), stopped])
    }
  } finally {
    screen?.close()
    await session.stop()
    log?.end()
  }
}

/** Starts what is missing, and tells for which protocols there is nothing to start. */
async function startMappers(session: Session, protocols: Iterable<string>): Promise<string[]> {
  const missing: string[] = []
  for (const name of protocols) {
    await session.ensureMapper(name).catch((thrown: unknown) => {
      missing.push(MapperError.from(thrown).detail)
    })
  }
  return missing
}

const short = (finding: Finding) => formatFinding({ ...finding, file: path.basename(finding.file) })

const titleOf = (folder: string, version: string | undefined, devices: number) =>
  `${path.relative('', folder) || '.'}   ${devices} ${devices === 1 ? 'device' : 'devices'}   ` +
  `EdgeCore${version === undefined ? '' : ` ${version}`} (stand-in)   Ctrl-C stops`

/** Changes when a file of the folder does, or a recipe beside them. */
async function fingerprint(folder: string): Promise<string> {
  const recipes = recipeFolderOf(folder)
  return `${await timesIn(folder)}\n${existsSync(recipes) ? await timesIn(recipes) : ''}`
}

async function timesIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort()
  const times = names.map(async (name) => {
    const { mtimeMs, size } = await stat(path.join(folder, name))
    return `${name} ${mtimeMs} ${size}`
  })
  return (await Promise.all(times)).join('\n')
}
