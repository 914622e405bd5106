import { idOf, type Device, type DeviceModel } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Clock } from '../../time.ts'
import type { EdgeEvents, Registration } from '../edge.ts'
import { createWishes, type Wish } from './desired.ts'
import { legacyIdOf, parseProfile, type LegacyDevice, type Profile } from './profile.ts'
import { readProfileFile, watchFile } from './profile-watch.ts'

/** The devices of the file with the newest wishes; tells of every change. */
export interface Catalog {
  /** Reads the file again. Throws `edge_unavailable` if it cannot be read and never could. */
  read(): Promise<void>
  names(): readonly string[]
  device(name: string): LegacyDevice | undefined
  registration(): Registration
  /** EdgeCore's own word on the wishes of a device came, or will not come: they count from now on. */
  trust(name: string): void
  wish(name: string, wishes: readonly Wish[]): void
  close(): void
}

export interface CatalogOptions {
  readonly profileFile: string
  readonly protocolName: string
  readonly events: EdgeEvents
  /** Devices that were not there before. */
  readonly appeared: (names: readonly string[]) => void
  readonly logger: Logger
  readonly clock: Clock
}

interface Entry {
  readonly legacy: LegacyDevice
  /**
   * The file's wishes may be long outdated, and a machine must not follow them: they are held back
   * until EdgeCore was asked for newer ones.
   */
  readonly trusted: boolean
  /** As it was told, with its text to compare. */
  readonly told: Device
  readonly text: string
}

const issuesAtMost = 20

export function createCatalog(options: CatalogOptions): Catalog {
  const { profileFile, protocolName, events, logger, clock } = options
  const wishes = createWishes()
  const entries = new Map<string, Entry>()
  let models = new Map<string, { readonly model: DeviceModel; readonly text: string }>()
  let known = false
  let lastText: string | undefined
  let lastProblem: string | undefined
  let closed = false
  const ended = new AbortController()

  const entryOf = (legacy: LegacyDevice, trusted: boolean): Entry => {
    const wished = wishes.apply(legacy.device)
    const told = trusted ? wished : { ...wished, properties: wished.properties.map(withoutWish) }
    return { legacy, trusted, told, text: JSON.stringify(told) }
  }

  const put = (name: string, entry: Entry) => {
    const isNews = entries.get(name)?.text !== entry.text
    entries.set(name, entry)
    if (isNews) events.device(entry.told)
  }

  const take = ({ devices, models: listed }: Extract<Profile, { kind: 'profile' }>) => {
    const used = new Set(devices.map(({ device }) => device.model))
    const next = new Map(
      listed
        .filter(({ name }) => used.has(name))
        .map((model) => [model.name, { model, text: JSON.stringify(model) }]),
    )
    const present = new Set(devices.map(({ device }) => device.name))
    const gone = [...entries.keys()].filter((name) => !present.has(name))
    for (const [name, { model }] of models) if (!next.has(name)) events.modelRemoved(idOf(model))
    for (const name of gone) {
      entries.delete(name)
      wishes.forget(name)
      events.deviceRemoved(legacyIdOf(name))
    }
    for (const [name, { model, text }] of next) {
      if (models.get(name)?.text !== text) events.model(model)
    }
    models = next
    const appeared = [...present].filter((name) => !entries.has(name))
    for (const legacy of devices) {
      const { name } = legacy.device
      put(name, entryOf(legacy, entries.get(name)?.trusted ?? false))
    }
    if (appeared.length > 0) options.appeared(appeared)
  }

  /** A file in the middle of being written changes nothing; the next event brings the whole. */
  const problem = (reason: string) => {
    if (reason !== lastProblem) {
      logger.warn({ file: profileFile }, `the device profile cannot be used: ${reason}`)
    }
    lastProblem = reason
    if (!known) throw new MapperError('edge_unavailable', `${profileFile}: ${reason}`)
  }

  const readNow = async () => {
    let text: string
    try {
      text = await readProfileFile(profileFile, ended.signal)
    } catch (thrown) {
      if (!closed) problem(MapperError.from(thrown).detail)
      return
    }
    if (closed || text === lastText) return
    const profile = parseProfile(text, protocolName)
    if (profile.kind === 'unreadable') return problem(profile.reason)
    known = true
    lastProblem = undefined
    lastText = text
    for (const { path, message } of profile.issues.slice(0, issuesAtMost)) {
      logger.warn({ file: profileFile, path }, `${path}: ${message}`)
    }
    const more = profile.issues.length - issuesAtMost
    if (more > 0)
      logger.warn({ file: profileFile, more }, 'there is more wrong in the device profile')
    take(profile)
  }

  // One after the other: an older content must not come after a newer one.
  let reading: Promise<void> = Promise.resolve()
  const read = () => (reading = reading.catch(() => undefined).then(readNow))
  const inBackground = (then: () => void = () => undefined) =>
    void read()
      .catch((thrown: unknown) => {
        const error = MapperError.from(thrown)
        if (error.code !== 'edge_unavailable')
          logger.error({ err: error }, 'cannot follow the file')
      })
      .then(then)
  const stopWatching = watchFile(profileFile, clock, () => inBackground())
  inBackground()

  return {
    read,
    names: () => [...entries.keys()],
    device: (name) => entries.get(name)?.legacy,
    registration: () => ({
      devices: [...entries.values()].map(({ told }) => told),
      models: [...models.values()].map(({ model }) => model),
    }),
    trust(name) {
      const entry = entries.get(name)
      if (entry !== undefined) put(name, entryOf(entry.legacy, true))
    },
    wish(name, heard) {
      const device = entries.get(name)?.legacy.device
      if (device === undefined) return
      const news = heard.filter((wish) => wishes.take(device, wish, clock.wall()))
      if (news.length === 0) return
      // It was made for what the file says now, such as the limits of the model.
      inBackground(() => {
        const entry = entries.get(name)
        if (entry !== undefined && !closed) put(name, entryOf(entry.legacy, entry.trusted))
      })
    },
    close() {
      closed = true
      ended.abort()
      stopWatching()
    },
  }
}

const withoutWish = (property: Device['properties'][number]) => ({ ...property, desired: '' })
