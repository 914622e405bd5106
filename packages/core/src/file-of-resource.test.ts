import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MapperError } from './errors.ts'
import { fileOfResource, folderOfResource, type OwnPlaces } from './file-of-resource.ts'

let scratch: string
beforeEach(() => {
  vi.stubEnv('MAPPER_FILES', undefined)
  scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'resource-file-')))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(scratch, { recursive: true })
})

const at = (...names: readonly string[]) => path.join(scratch, ...names)
const folder = (...names: readonly string[]) => {
  mkdirSync(at(...names), { recursive: true })
  return at(...names)
}
const file = (...names: readonly string[]) => {
  folder(...names.slice(0, -1))
  writeFileSync(at(...names), 'planted-5ecret')
  return at(...names)
}
const link = (target: string, ...names: readonly string[]) => {
  symlinkSync(target, at(...names))
  return at(...names)
}
const refusal = (place: string, own?: OwnPlaces) =>
  fileOfResource('passwordFile', place, own).then(
    (real) => `${real} is let through`,
    (thrown: MapperError) => {
      expect(thrown).toBeInstanceOf(MapperError)
      expect(thrown.code).toBe('invalid_config')
      return thrown.detail
    },
  )

describe('without MAPPER_FILES', () => {
  test('a file is let through, with links followed, and one that is not there', async () => {
    const real = file('ca', 'password')
    expect(await fileOfResource('passwordFile', real)).toBe(real)
    expect(await fileOfResource('passwordFile', link(real, 'link'))).toBe(real)
    expect(await fileOfResource('passwordFile', at('none', 'x'))).toBe(at('none', 'x'))
    // As Kubernetes lays out a Secret.
    const data = file('secret', '..2026_11_26', 'password')
    symlinkSync('..2026_11_26', at('secret', '..data'))
    symlinkSync('..data/password', at('secret', 'password'))
    expect(await fileOfResource('passwordFile', at('secret', 'password'))).toBe(data)
  })

  test.each([
    '/etc/kubeedge/certs/server.key',
    '/etc/kubeedge/../kubeedge/config/edgecore.yaml',
    '/etc//kubeedge/x',
    '/etc/kubernetes/admin.conf',
    '/var/lib/kubelet/pods/x',
    '/run/secrets/kubernetes.io/serviceaccount/token',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '/etc/shadow',
    '/etc/ssh/ssh_host_ed25519_key',
    '/proc/version',
    '/proc/1/environ',
    '/sys/kernel/x',
    '/dev/zero',
    '/root/.ssh/id_ed25519',
    '/root/.netrc',
    '/home/somebody/projects/.git/config',
  ])('%s is closed, whether it is there or not', async (place) => {
    const said = await refusal(place)
    expect(said).toContain(`passwordFile ${place} lies where no device may name a file`)
    expect(said).toContain('MAPPER_FILES')
  })

  test('a link or a detour into a closed place does not open it', async () => {
    for (const place of [
      link('/etc/kubeedge/certs/server.key', 'link'),
      `${link('/etc', 'etc')}/kubeedge/certs/server.key`,
      `${link('/proc', 'proc')}/version`,
      `${scratch}/../../../../../../etc/shadow`,
      '/proc/self/root/etc/shadow',
    ]) {
      expect(await refusal(place), place).toContain('lies where no device may name a file')
    }
  })
})

describe('with MAPPER_FILES', () => {
  test('only what lies in its folders is let through, and the error names them', async () => {
    const [one, two] = [folder('one'), folder('two')]
    vi.stubEnv('MAPPER_FILES', `${one}${path.delimiter}${path.delimiter}${two}`)
    for (const place of [file('one', 'a'), file('two', 'deep', 'b'), at('one', 'none'), one]) {
      expect(await fileOfResource('caFile', place)).toBe(place)
    }
    const outside = file('outside')
    for (const place of [
      outside,
      file('one-more', 'x'),
      `${one}/../outside`,
      link(outside, 'one', 'link'),
      link('/etc/passwd', 'two', 'link'),
      at('none'),
      scratch,
      '/',
    ]) {
      const said = await refusal(place)
      expect(said, place).toContain(`passwordFile ${place} lies in no folder for files`)
      expect(said).toContain(`put it into ${one} or ${two}, or add its folder`)
      expect(said).not.toContain('planted')
    }
  })

  test('a folder may be a link itself, and may be one that is closed else', async () => {
    const real = file('real', 'a')
    vi.stubEnv('MAPPER_FILES', link(at('real'), 'chosen'))
    expect(await fileOfResource('caFile', at('chosen', 'a'))).toBe(real)
    expect(await fileOfResource('caFile', real)).toBe(real)
    vi.stubEnv('MAPPER_FILES', '/etc/kubeedge/ca')
    expect(await fileOfResource('caFile', '/etc/kubeedge/ca/rootCA.crt')).toBe(
      '/etc/kubeedge/ca/rootCA.crt',
    )
    expect(await refusal('/etc/kubeedge/certs/server.key')).toContain(
      'put it into /etc/kubeedge/ca,',
    )
  })

  test('whatever way a path takes, it is let through only if it ends in the folder', async () => {
    const chosen = folder('chosen')
    file('outside', 'x')
    file('chosen', 'x')
    link('..', 'chosen', 'up')
    link(at('chosen'), 'outside', 'in')
    vi.stubEnv('MAPPER_FILES', chosen)
    const step = fc.constantFrom('..', '.', '', 'chosen', 'outside', 'x', 'up', 'in', 'none')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const written = `${scratch}/${steps.join('/')}`
        const real = await fileOfResource('caFile', written).catch(() => undefined)
        if (real === undefined) return
        expect(real === chosen || real.startsWith(`${chosen}/`), written).toBe(true)
        // As the system follows it: the other one takes .. away before it follows links.
        if (existsSync(written)) expect(realpathSync.native(written)).toBe(real)
      }),
      { numRuns: 300 },
    )
  })
})

describe("the mapper's own", () => {
  test('files and folder are closed in any case, by any name', async () => {
    const token = file('etc', 'token')
    const state = file('state', 'mapper.state.json')
    const own = { folder: at('state'), ownFiles: [link(token, 'token-by-link')] }
    for (const folders of [undefined, scratch]) {
      vi.stubEnv('MAPPER_FILES', folders)
      for (const place of [token, at('token-by-link'), state, at('etc', '..', 'etc', 'token')]) {
        expect(await refusal(place, own), place).toContain("is the mapper's own")
      }
      expect(await fileOfResource('caFile', file('etc', 'ca.pem'), own)).toBe(at('etc', 'ca.pem'))
      expect(await folderOfResource('pkiFolder', at('state', 'pki'), own)).toBe(at('state', 'pki'))
      await expect(folderOfResource('pkiFolder', token, own)).rejects.toThrow("mapper's own")
    }
  })
})

test('links without an end, and links to what is not there yet, are followed as far as they go', async () => {
  link(at('b'), 'a')
  link(at('a'), 'b')
  expect(await fileOfResource('caFile', at('a'))).toMatch(/\/[ab]$/)
  vi.stubEnv('MAPPER_FILES', folder('chosen'))
  expect(await refusal(link(at('later'), 'chosen', 'link'))).toContain(
    'lies in no folder for files',
  )
  expect(await refusal(link('../../later/x', 'chosen', 'up'))).toContain('lies in no folder')
  const inside = link(at('chosen', 'later'), 'to-later')
  expect(await fileOfResource('caFile', inside)).toBe(at('chosen', 'later'))
})

test('a path that is none is refused', async () => {
  expect(await refusal('password')).toBe('passwordFile password is no absolute path')
  expect(await refusal('')).toBe('passwordFile  is no absolute path')
  expect(await refusal('/a\0b')).toBe('passwordFile holds a NUL, which no path does')
})
