import { execFile, execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../docs/markdown.ts'
import { startChild, type Child } from '../support/child.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

/** All of this takes some seconds for one driver; MAPPER_IMAGES=all does it for each. */
const drivers = process.env['MAPPER_IMAGES'] === 'all' ? ['modbus', 'opcua', 'serial'] : ['serial']

/**
 * Runs a program of Node as the manifests do: the root and EdgeCore's folder read-only, without
 * capabilities and without a way to gain any. Node itself is put where every user may run it.
 */
const locked = `
  own=$1 edge=$2 node=$3 place=$4 user=$5
  shift 5
  mount --bind "$node" "$place"
  mount --bind "$own" "$own"
  mount --bind "$edge" "$edge"
  mount -o remount,bind,ro "$edge"
  mount -o remount,bind,ro /
  if touch /here "$edge/here" 2>/dev/null; then echo "it is not read-only"; exit 1; fi
  exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$place" "$@"
`

const reason = whyNotLocked()

describe.each(drivers)('the image of %s', (driver) => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  const inFolder = (name: string) => path.join(scratch.folder, name)

  beforeAll(async () => void (scratch = await scratchFolder()))
  afterAll(() => scratch.remove())

  test('holds what the mapper needs, and no tools', { timeout: 120_000 }, async () => {
    const assemble = path.join(root, 'examples/deploy/assemble.mjs')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [assemble, driver, inFolder('app')],
      // What npm ci has fetched for the workspace is all that it needs.
      { env: { ...process.env, npm_config_prefer_offline: 'true' } },
    )
    const [, packages, megabytes] = /: (\d+) packages, (\d+) MB\n$/.exec(stdout) ?? []
    expect(Number(packages)).toBeGreaterThan(20)
    expect(Number(packages)).toBeLessThan(300)
    expect(Number(megabytes)).toBeLessThan(60)
    const modules = await readdir(inFolder('app/node_modules'))
    expect(modules).toContain('@mapper-sdk')
    for (const tool of ['typescript', 'vitest', 'eslint', '.bin']) {
      expect(modules).not.toContain(tool)
    }
  })

  test('runs, and reaches EdgeCore', async () => {
    await runs(
      (config) => startChild(process.execPath, [inFolder('app/mapper'), '--config-file', config]),
      async () => undefined,
    )
  })

  const title = (who: string) =>
    reason === undefined ? who : `${who} (cannot be tried here: ${reason})`

  test.skipIf(reason !== undefined)(
    title('runs as uid 0 without capabilities, on a read-only root'),
    () => runs(asUser(0), async () => undefined),
  )

  test.skipIf(reason !== undefined)(
    title('runs as uid 65532 that the socket admits, on a read-only root'),
    () =>
      runs(asUser(65532), async (edge, own) => {
        await chown(own, 0, 65532)
        await chmod(own, 0o770)
        // What examples/deploy/systemd/edgecore-socket.conf does.
        await chown(path.join(edge, 'dmi.sock'), 0, 65532)
        await chmod(path.join(edge, 'dmi.sock'), 0o770)
      }),
  )

  const asUser = (user: number) => async (config: string, edge: string, own: string) => {
    const place = inFolder('node')
    await writeFile(place, '')
    return startChild('unshare', [
      ...['--mount', 'sh', '-ec', locked, 'sh', own, edge, process.execPath, place, String(user)],
      ...[inFolder('app/mapper'), '--config-file', config],
    ])
  }

  async function runs(
    start: (config: string, edge: string, own: string) => Child | Promise<Child>,
    prepare: (edge: string, own: string) => Promise<void>,
  ): Promise<void> {
    await chmod(scratch.folder, 0o755)
    const [edge, own, config] = [inFolder('edge'), inFolder('own'), inFolder('config.yaml')]
    await Promise.all([mkdir(edge, { recursive: true }), mkdir(own, { recursive: true })])
    await writeFile(
      config,
      `grpc_server:
  socket_path: ${own}/mapper.sock
common:
  name: image
  edgecore_sock: ${edge}/dmi.sock
http:
  port: 0
state_dir: ${own}
`,
    )
    const sim = await startEdgeSim({
      socketPath: path.join(edge, 'dmi.sock'),
      folder: path.join(root, 'examples/playground'),
    })
    try {
      await prepare(edge, own)
      const mapper = await start(config, edge, own)
      try {
        await until(
          'it registers with EdgeCore',
          () => mapper.lines,
          () => mapper.objects.some(({ msg }) => msg === 'registered with EdgeCore'),
          60_000,
        )
        expect(await readdir(own)).toContain('mapper.sock')
        expect(await mapper.stop()).toBe(0)
        expect(await readdir(own)).not.toContain('mapper.sock')
      } finally {
        await mapper.kill()
      }
    } finally {
      await sim.close()
      await rm(own, { recursive: true })
    }
  }
})

function whyNotLocked(): string | undefined {
  try {
    const args = ['--mount', 'setpriv', '--reuid', '65532', '--clear-groups', 'true']
    execFileSync('unshare', args, { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1)
  }
}
