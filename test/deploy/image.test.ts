import { execFile, execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { expect, test } from 'vitest'
import { root } from '../docs/markdown.ts'
import { startChild } from '../support/child.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'

/** All of this takes some seconds for one driver; MAPPER_IMAGES=all does it for each. */
const drivers = process.env['MAPPER_IMAGES'] === 'all' ? ['modbus', 'opcua', 'serial'] : ['serial']

/**
 * Runs the rest of its arguments as the manifests do: the root and EdgeCore's folder read-only, uid 0,
 * no capabilities and no way to gain any.
 */
const locked = `
  mount --bind "$1" "$1"
  mount --bind "$2" "$2"
  mount -o remount,bind,ro "$2"
  mount -o remount,bind,ro /
  if touch /here "$2/here" 2>/dev/null; then echo "it is not read-only"; exit 1; fi
  shift 2
  exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
`

const reason = whyNotLocked()

test.each(drivers)(
  `the image of %s runs ${reason === undefined ? 'with a read-only root as uid 0 without capabilities' : `(as it is: ${reason})`}`,
  { timeout: 120_000 },
  async (driver) => {
    const { folder, remove } = await scratchFolder()
    try {
      const app = path.join(folder, 'app')
      const assemble = path.join(root, 'examples/deploy/assemble.mjs')
      const { stdout } = await promisify(execFile)(process.execPath, [assemble, driver, app], {
        // What npm ci has fetched for the workspace is all that it needs.
        env: { ...process.env, npm_config_offline: 'true' },
      })
      const [, packages, megabytes] = /: (\d+) packages, (\d+) MB\n$/.exec(stdout) ?? []
      expect(Number(packages)).toBeGreaterThan(20)
      expect(Number(packages)).toBeLessThan(300)
      expect(Number(megabytes)).toBeLessThan(60)
      const modules = await readdir(path.join(app, 'node_modules'))
      for (const tool of ['typescript', 'vitest', 'eslint', '.bin'])
        expect(modules).not.toContain(tool)

      const [edge, own] = [path.join(folder, 'edge'), path.join(folder, 'own')]
      await Promise.all([mkdir(edge), mkdir(own)])
      const config = path.join(folder, 'config.yaml')
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
      const command = [process.execPath, path.join(app, 'mapper'), '--config-file', config]
      const mapper =
        reason === undefined
          ? startChild('unshare', ['--mount', 'sh', '-ec', locked, 'sh', own, edge, ...command])
          : startChild(process.execPath, command.slice(1))
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
        await sim.close()
      }
    } finally {
      await remove()
    }
  },
)

function whyNotLocked(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', 'setpriv', '--no-new-privs', 'true'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1)
  }
}
