import { MapperError, sleep, type Clock, type Id, type Logger } from '@mapper-sdk/core'
import { withDesired, type CloudView } from './cloud.ts'
import { idOfManifest, modelIdOf, type Cr, type DeviceCr, type ModelCr } from './manifest.ts'
import { createSequence } from './sequence.ts'
import type { Behaviour } from './version.ts'

/** What CloudCore sends down to a node. */
export interface Down {
  readonly op: 'insert' | 'update' | 'delete'
  readonly cr: Cr
}

/** The API server's users and CloudCore's device controller for one node. */
export interface CloudCore {
  /** `kubectl apply`. */
  apply(cr: Cr): void
  /** `kubectl delete`. Unknown ids are nothing. */
  remove(kind: Cr['kind'], id: Id): void
  /** `kubectl patch` of one desired value. Throws `invalid_config` for what is not there. */
  setDesired(id: Id, property: string, value: string): void
  /** A report changed the device's status. */
  statusChanged(id: Id): void
  models(): readonly ModelCr[]
  /** Resolves when everything that changed has been sent. */
  idle(): Promise<void>
}

/** How long CloudCore waits for a model that a device names, with its whole device loop. */
const modelPolls = 10

export function createCloudCore(options: {
  readonly behaviour: Behaviour
  readonly view: CloudView
  readonly send: (message: Down) => void
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}): CloudCore {
  const { behaviour, view, send, clock, logger, signal } = options
  const models = new Map<Id, ModelCr>()
  /** The devices that the controller has dealt with; what the API server holds may be ahead of it. */
  const known = new Map<Id, DeviceCr>()
  const loop = createSequence((error) => {
    if (!signal.aborted) logger.error({ err: error }, 'the device controller failed')
  })

  const usersOf = (model: Id) => [...known.values()].filter((one) => modelIdOf(one) === model)

  async function modelNamed(id: Id): Promise<ModelCr | undefined> {
    for (let poll = 0; poll < modelPolls && !models.has(id); poll++) {
      await sleep(clock, 1000, signal)
    }
    const model = models.get(id)
    if (model === undefined) logger.warn({ model: id }, 'a device names a model that is not there')
    return model
  }

  async function created(device: DeviceCr): Promise<void> {
    const modelId = modelIdOf(device)
    const first = usersOf(modelId).length === 0
    known.set(idOfManifest(device), device)
    const model = first ? await modelNamed(modelId) : undefined
    if (model !== undefined) send({ op: 'insert', cr: model })
    send({ op: 'insert', cr: device })
  }

  async function changed(device: DeviceCr): Promise<void> {
    known.set(idOfManifest(device), device)
    const model = await modelNamed(modelIdOf(device))
    if (model !== undefined) send({ op: 'update', cr: model })
    send({ op: 'update', cr: device })
  }

  function deleted(device: DeviceCr, model: ModelCr | undefined): void {
    known.delete(idOfManifest(device))
    // The model goes first, although the device still needs it for a moment.
    if (model && usersOf(modelIdOf(device)).length === 0) send({ op: 'delete', cr: model })
    send({ op: 'delete', cr: device })
  }

  function applyDevice(device: DeviceCr): void {
    const change = view.put(device)
    const now = view.device(idOfManifest(device)) ?? device
    if (change === 'created') loop.add(() => created(now))
    else if (change === 'changed' || (change === 'relabelled' && behaviour.echoesReports)) {
      loop.add(() => changed(now))
    }
  }

  return {
    apply(cr) {
      if (cr.kind === 'Device') return applyDevice(cr)
      // Nobody is told of a model until a device of it changes.
      models.set(idOfManifest(cr), cr)
    },
    remove(kind, id) {
      if (kind === 'DeviceModel') models.delete(id)
      else {
        const device = view.drop(id)
        if (device === undefined) return
        const model = models.get(modelIdOf(device))
        loop.add(async () => deleted(device, model))
      }
    },
    setDesired(id, property, value) {
      const device = view.device(id)
      if (device === undefined) throw new MapperError('invalid_config', `there is no device ${id}`)
      applyDevice(withDesired(device, property, value))
    },
    statusChanged(id) {
      if (!behaviour.echoesReports) return
      const device = view.device(id)
      if (device !== undefined) loop.add(() => changed(device))
    },
    models: () => [...models.values()],
    idle: () => loop.idle(),
  }
}
