import { readlink, realpath } from 'node:fs/promises'
import path from 'node:path'
import { MapperError } from './errors.ts'

/** What the mapper keeps on disk for itself. A `ConnectContext` is one. */
export interface OwnPlaces {
  /** Its `state_dir`. */
  readonly folder?: string | undefined
  /** Its configuration, and the files that name its secrets. */
  readonly ownFiles?: readonly string[]
}

/**
 * The real path of a file that a custom resource names, to be opened in place of `file`. Whoever may
 * change Devices must not get more of the gateway by it, so a driver asks here before it opens such a file,
 * each time. With links followed, the file has to lie in a folder of the environment variable
 * MAPPER_FILES (separated like in PATH); while that is not set, anywhere but in places of EdgeCore, of the
 * system, and in hidden files of a home. In no case is it one of the mapper's own. A file that is not there
 * passes if it might lie there. Rejects with `invalid_config`, which begins with `option` and the path as
 * it was written, and says where files may lie.
 */
export async function fileOfResource(
  option: string,
  file: string,
  { folder, ownFiles = [] }: OwnPlaces = {},
): Promise<string> {
  const own = folder === undefined ? ownFiles : [...ownFiles, folder]
  return check(option, file, own)
}

/** As `fileOfResource`, for a folder; it may be one in the mapper's `state_dir`. */
export async function folderOfResource(
  option: string,
  folder: string,
  { ownFiles = [] }: OwnPlaces = {},
): Promise<string> {
  return check(option, folder, ownFiles)
}

const variable = 'MAPPER_FILES'

/** Keys of EdgeCore and of the cluster, secrets of the system, and what is no file at all. */
const closedPlaces: readonly string[] = [
  ...['/etc/kubeedge', '/var/lib/kubeedge', '/var/lib/edged'],
  ...['/etc/kubernetes', '/var/lib/kubelet'],
  ...['/run/secrets/kubernetes.io', '/var/run/secrets/kubernetes.io'],
  ...['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-'],
  ...['/etc/ssh', '/etc/sudoers', '/etc/sudoers.d'],
  ...['/proc', '/sys', '/dev'],
]

/** `~/.ssh/id_ed25519`, `~/.netrc`. Not `..data`, by which Kubernetes changes the files of a Secret. */
const hiddenAtHome = /^\/(?:root|home\/[^/]+)\/(?:.*\/)?\.[^./]/

async function check(option: string, written: string, own: readonly string[]): Promise<string> {
  const what = `${option} ${written}`
  if (!path.isAbsolute(written)) throw invalid(`${what} is no absolute path`)
  if (written.includes('\0')) throw invalid(`${option} holds a NUL, which no path does`)
  const real = await realPlace(written)
  if (await isInOne(real, own)) {
    throw invalid(
      `${what} is the mapper's own, which no device may name; put another file elsewhere`,
    )
  }
  const folders = foldersFor()
  if (folders.length === 0) {
    if (!hiddenAtHome.test(real) && !(await isInOne(real, closedPlaces))) return real
    throw invalid(
      `${what} lies where no device may name a file: ${closedPlaces.join(', ')} and what is hidden ` +
        `in a home are closed (links are followed); put it elsewhere, and better name the folders for such files in ${variable}`,
    )
  }
  if (await isInOne(real, folders)) return real
  throw invalid(
    `${what} lies in no folder for files that devices name (links are followed); put it into ` +
      `${folders.join(' or ')}, or add its folder to the environment variable ${variable} of the mapper`,
  )
}

const foldersFor = (): readonly string[] =>
  (process.env[variable] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.resolve(folder))

/** The places may be links themselves, so both sides are compared by where they lead. */
async function isInOne(real: string, places: readonly string[]): Promise<boolean> {
  const ends = await Promise.all(places.map((place) => realPlace(path.resolve(place))))
  return ends.some((end) => isIn(real, end))
}

function isIn(inner: string, outer: string): boolean {
  const way = path.relative(outer, inner)
  return way === '' || !(way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way))
}

/** More links in a row than any system follows. */
const mostLinks = 64

/**
 * Where a path leads. Of what is not there, or not to be looked at, as far as it is, and then by the words: a
 * link may lead to what comes later.
 */
async function realPlace(place: string, linksLeft = mostLinks): Promise<string> {
  try {
    return await realpath(place)
  } catch {
    const parent = path.dirname(place)
    if (parent === place) return place
    const realParent = await realPlace(parent, linksLeft)
    const target = await readlink(place).catch(() => undefined)
    if (target === undefined || linksLeft === 0) return path.join(realParent, path.basename(place))
    return realPlace(path.resolve(realParent, target), linksLeft - 1)
  }
}

const invalid = (detail: string) => new MapperError('invalid_config', detail)
