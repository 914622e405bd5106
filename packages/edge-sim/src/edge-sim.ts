import { silentLogger, sleep, systemClock, type Id } from '@mapper-sdk/core'
import { createCloudCore, type Down } from './cloud-core.ts'
import { createCloudView, type CloudDevice, type CloudTwin } from './cloud.ts'
import { crOf } from './convert.ts'
import { serveDmi, type DmiServer } from './dmi-server.ts'
import { deviceProfileOf } from './device-profile.ts'
import { busTopics } from './device-twin.ts'
import { createEdgeCore, type EdgeCore } from './edge-core.ts'
import { keep, type Store } from './store.ts'
import type { EdgeSimOptions } from './edge-sim-options.ts'
import { startEventBus, type EventBus } from './event-bus.ts'
import type { Emit, EdgeSimEvent } from './event.ts'
import { modelsFirst, watchFolder } from './folder-watch.ts'
import { hasModel, loadFolder, logIssues, type CrDocument, type FolderIssue } from './folder.ts'
import { keepFile } from './kept-file.ts'
import { idOfManifest, type Manifest } from './manifest.ts'
import { createSequence } from './sequence.ts'
import { createStats, type EdgeSimStats } from './stats.ts'
import { createUplink } from './uplink.ts'
import { behaviourOf, legacyBehaviour } from './version.ts'

/**
 * EdgeCore, CloudCore and the API server of one node, as far as a mapper can tell. Its EdgeCore can
 * stop, restart and crash; the cloud and what it holds live on. nodeName is not looked at: every
 * Device is on this node.
 */
export interface EdgeSim {
  /** `kubectl apply` of one Device or DeviceModel. Throws `invalid_config` for what the API server would refuse. */
  apply(manifest: Manifest): void
  /** `kubectl delete`. */
  remove(kind: 'Device' | 'DeviceModel', id: Id): void
  /** `kubectl patch` of a desired value. Throws `invalid_config` if there is no such device or property. */
  setDesired(device: Id, property: string, value: string): void
  /** What `kubectl` would show now. */
  cloud(): readonly CloudDevice[]
  twin(device: Id, property: string): CloudTwin | undefined
  /** The CRs with what was reported: in the Device, or since 1.23 in a DeviceStatus beside it. */
  resources(): readonly Manifest[]
  /** deviceProfile.json of all devices, as KubeEdge up to 1.14 mounted it into mappers. */
  deviceProfile(): string
  stats(): EdgeSimStats
  /** What is wrong in the folder now. */
  issues(): readonly FolderIssue[]
  subscribe(listener: (event: EdgeSimEvent) => void, signal: AbortSignal): void
  /** The node's way to the cloud. What is reported while it is down is lost. */
  cloudLink(up: boolean): void
  /** EdgeCore ends and starts again after `downMs`: new socket, caches from its database. */
  restart(downMs?: number): Promise<void>
  stopEdgeCore(): Promise<void>
  /** Nothing if it runs. After a crash this is the supervisor that starts it again. */
  startEdgeCore(): Promise<void>
  /** Resolves when all calls to mappers that are due so far are done, well or badly, and `profileFile` is written. */
  idle(): Promise<void>
  close(): Promise<void>
}

type Life =
  | { readonly tag: 'stopped' }
  | {
      readonly tag: 'running'
      readonly core: EdgeCore
      readonly server: DmiServer
      readonly bus: EventBus | undefined
    }

/**
 * Starts the stand-in. Once it resolves, its socket can be dialled, the folder is applied, and if the
 * broker is there the event bus has its subscriptions.
 */
export async function startEdgeSim(options: EdgeSimOptions): Promise<EdgeSim> {
  const { socketPath, folder, logger = silentLogger, clock = systemClock } = options
  const { random = Math.random } = options
  const { limiter = { perSecond: 1, burst: 100 }, upstream = { perSecond: 30, burst: 60 } } =
    options
  const behaviour = options.legacy ? legacyBehaviour : behaviourOf(options.version ?? '1.23')
  const loaded = folder === undefined ? undefined : await loadFolder(folder)
  const ended = new AbortController()
  const store: Store = {
    ...{ devices: new Map(), models: new Map(), mappers: new Map() },
    ...{ twins: new Map(), states: new Map() },
  }
  const listeners = new Set<(event: EdgeSimEvent) => void>()
  let life: Life = { tag: 'stopped' }
  let linkUp = true
  /** Until EdgeCore can tell its broker of them, changes wait too. */
  let settling = false
  let removeSocket = async () => {}
  /** Changes that EdgeCore missed: while it was down they wait, while the link was down they only reach its database. */
  let held: Down[] = []

  const stats = createStats(() => (life.tag === 'running' ? life.core.mappers() : []))
  const emit: Emit = (event) => {
    stats.count(event)
    for (const listener of listeners) listener(event)
  }
  const onOverwritten = (device: Id, property: string) =>
    emit({ type: 'drop', reason: 'overwritten', device, property })
  const view = createCloudView(
    behaviour,
    options.lossyBursts === true ? { random, onOverwritten } : null,
  )
  const send = (message: Down) => {
    profile?.update()
    if (life.tag === 'running' && linkUp && !settling) life.core.receive(message)
    else held.push(message)
  }
  const cloud = createCloudCore({ behaviour, view, send, clock, logger, signal: ended.signal })
  const deviceProfile = () =>
    deviceProfileOf(view.all(), new Map(cloud.models().map((one) => [idOfManifest(one), one])))
  const { profileFile } = options
  const profile =
    profileFile === undefined ? undefined : keepFile(profileFile, deviceProfile, logger)
  profile?.update()
  const statusChanged = (id: Id) => cloud.statusChanged(id)
  const uplink = createUplink({ view, isUp: () => linkUp, clock, emit, statusChanged })

  const catchUp = (): Down[] => {
    const missed = held
    held = []
    return missed
  }

  const isRunning = (core: EdgeCore) => life.tag === 'running' && life.core === core

  async function start(): Promise<void> {
    if (life.tag === 'running' || ended.signal.aborted) return
    const crash = (report: string) => {
      if (!isRunning(core)) return
      life = { tag: 'stopped' }
      logger.error({ report }, `EDGECORE CRASHED, as the real one does: ${report}`)
      core.stop()
      turns.add(async () => void (await Promise.all([server.close(), bus?.stop()])))
      void server.close()
      void bus?.stop()
      emit({ type: 'crash', report, atMs: clock.wall() })
      emit({ type: 'edgecore', running: false })
    }
    const shared = { behaviour, store, uplink, emit, logger, clock, random }
    const publish =
      options.mqtt && ((topic: string, message: object) => bus?.publish(topic, message))
    const core = createEdgeCore({ ...shared, limiter, upstream, crash, publish })
    const bus =
      options.mqtt &&
      startEventBus({
        ...{ ...options.mqtt, topics: busTopics(behaviour), logger },
        onMessage: (topic, payload) => core.receiveFromBus(topic, payload),
        onConnected: (connected) => emit({ type: 'eventbus', connected }),
      })
    const server = await serveDmi(socketPath, behaviour.mqttOnly ? undefined : core.handlers).catch(
      async (error: unknown) => {
        await bus?.stop()
        throw error
      },
    )
    life = { tag: 'running', core, server, bus }
    removeSocket = () => server.removeSocket()
    emit({ type: 'edgecore', running: true })
    logger.info({ socketPath }, 'EdgeCore serves mappers')
    if (bus !== undefined) {
      settling = true
      await bus.settled
      settling = false
      // It may have crashed meanwhile.
      if (!isRunning(core)) return
    }
    if (linkUp) for (const message of catchUp()) core.receive(message)
  }

  async function stop(): Promise<void> {
    if (life.tag === 'stopped') return
    const { core, server, bus } = life
    life = { tag: 'stopped' }
    core.stop()
    await Promise.all([server.close(), bus?.stop()])
    emit({ type: 'edgecore', running: false })
    logger.info('EdgeCore ended')
  }

  /** Starts and stops one after another; each caller hears of its own failure. */
  const turns = createSequence(() => undefined)
  const inTurn = (task: () => Promise<void>) =>
    new Promise<void>((resolve, reject) => turns.add(() => task().then(resolve, reject)))

  const applyDocument = ({ manifest }: CrDocument) => cloud.apply(crOf(manifest))
  if (loaded !== undefined) {
    // As if EdgeCore had been there for long: what is complete is in its database from the start.
    const complete = modelsFirst(loaded.documents).filter((one) => hasModel(one, loaded))
    complete.forEach(applyDocument)
    await cloud.idle()
    for (const message of catchUp()) keep(store, message)
  }
  await start()
  if (loaded !== undefined) {
    loaded.documents.filter((one) => !hasModel(one, loaded)).forEach(applyDocument)
    logIssues(loaded.issues, logger)
  }
  const watching =
    folder === undefined || loaded === undefined
      ? undefined
      : watchFolder({
          folder,
          loaded,
          clock,
          logger,
          apply: applyDocument,
          remove: (kind, id) => cloud.remove(kind, id),
          onReload(issues) {
            logIssues(issues, logger)
            emit({ type: 'folder', issues })
          },
        })

  return {
    apply: (manifest) => cloud.apply(crOf(structuredClone(manifest))),
    remove: (kind, id) => cloud.remove(kind, id),
    setDesired: (device, property, value) => cloud.setDesired(device, property, value),
    cloud: () => view.list(),
    twin: (device, property) => view.twin(device, property),
    resources: () => [
      ...cloud.models().map((cr) => cr as unknown as Manifest),
      ...view.resources(),
    ],
    deviceProfile,
    stats: () => stats.read(),
    issues: () => watching?.issues() ?? [],
    subscribe(listener, signal) {
      if (signal.aborted) return
      // A listener of its own per call, so that the same function can listen twice.
      const own = (event: EdgeSimEvent) => {
        try {
          listener(event)
        } catch (error) {
          logger.error({ err: error }, 'a listener failed')
        }
      }
      listeners.add(own)
      signal.addEventListener('abort', () => listeners.delete(own), { once: true })
    },
    cloudLink(up) {
      if (up === linkUp) return
      linkUp = up
      emit({ type: 'link', up })
      if (!up || life.tag === 'stopped') return
      for (const message of catchUp()) {
        if (behaviour.mqttOnly) life.core.receive(message)
        // The sync controller brings the database up to date, and tells no mapper.
        else keep(store, message)
      }
    },
    restart: (downMs = 0) =>
      inTurn(async () => {
        await stop()
        if (downMs > 0) await sleep(clock, downMs, ended.signal)
        await start()
      }),
    stopEdgeCore: () => inTurn(stop),
    startEdgeCore: () => inTurn(start),
    async idle() {
      await cloud.idle()
      if (life.tag === 'running') await life.core.idle()
      await profile?.idle()
    },
    async close() {
      ended.abort()
      await watching?.close()
      await inTurn(stop)
      await profile?.idle()
      await removeSocket()
      listeners.clear()
    },
  }
}
