import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import {
  freshFolder,
  givenFolder,
  temporaryFolder,
  type CertificateFolder,
} from './certificates.ts'
import type { Subscription } from 'node-opcua'
import type { OpcuaSimulatorOptions } from './options.ts'
import { loadServerLibrary, type ServerLibrary } from './server-library.ts'
import { reachable, startServer, type ServerLife } from './server-life.ts'
import type { Interference, OpcuaSimulator } from './simulator.ts'
import { fromVariant, isBuiltInType, statusCodeOf } from './space/variant-values.ts'

/**
 * Starts a simulated OPC UA server on loopback. Throws `invalid_config` if node-opcua is not installed
 * or the options do not fit together, `unreachable` if the port cannot be had.
 */
export async function startOpcuaSimulator(
  given: OpcuaSimulatorOptions = {},
): Promise<OpcuaSimulator> {
  const library = await loadServerLibrary()
  const calls: Record<string, number> = {}
  let options = given
  let certificates: CertificateFolder =
    given.certificates === undefined ? await temporaryFolder() : givenFolder(given.certificates)
  let interference: Interference | undefined
  let publishDelayMs = 0
  let isClosed = false
  const start = () => startServer(library, options, certificates.folder, calls)
  let life: ServerLife | undefined
  try {
    life = await start()
    await certificates.remember()
  } catch (thrown) {
    await certificates.release()
    throw thrown
  }
  const { port } = life
  const host = reachable(given.host ?? '127.0.0.1')
  const url = `opc.tcp://${host.includes(':') ? `[${host}]` : host}:${port}`

  const running = (): ServerLife => {
    if (life === undefined) throw new MapperError('unreachable', 'the simulator is stopped')
    return life
  }
  const variable = (name: string) => {
    const there = running().built.variables.get(name)
    if (there === undefined) throw new RangeError(`the simulator has no variable ${name}`)
    return there
  }
  const stop = async () => {
    const ending = life
    life = undefined
    await ending?.end()
  }
  const restart = async (changes: OpcuaSimulatorOptions = {}) => {
    if (isClosed) throw new MapperError('canceled', 'the simulator is closed')
    await stop()
    options = { ...options, ...changes, port }
    life = await start()
    life.gate.interfere(interference)
    life.gate.delayPublish(publishDelayMs)
  }
  const engine = () => running().server.engine
  const sessions = () => engine().getSessions()

  return {
    url,
    port,
    get namespaceIndex() {
      return running().built.namespace.index
    },
    nodeId: (name) => `ns=${running().built.namespace.index};s=${name}`,
    get certificate() {
      return new Uint8Array(running().server.getCertificate())
    },
    get certificates() {
      return path.join(certificates.folder, 'server')
    },
    set(name, value, { statusCode = 'Good', sourceTimestamp = new Date() } = {}) {
      const { node, variantOf } = variable(name)
      const status = statusCodeOf(library, statusCode)
      node.setValueFromSource(variantOf(value), status, sourceTimestamp)
    },
    get(name) {
      const { value, statusCode, sourceTimestamp } = variable(name).node.readValue()
      return {
        value: fromVariant(library, value),
        statusCode: statusCode.name,
        sourceTimestamp: sourceTimestamp ?? undefined,
      }
    },
    has: (name) => running().built.namespace.findNode(`s=${name}`) !== null,
    removeNode(name) {
      const { namespace, addressSpace, variables } = running().built
      const node = namespace.findNode(`s=${name}`)
      if (node === null) throw new RangeError(`the simulator has no node ${name}`)
      variables.delete(name)
      addressSpace.deleteNode(node)
    },
    addNode(name, type, value) {
      if (!isBuiltInType(type)) throw new RangeError(`"${type}" is no built-in type`)
      const { built } = running()
      const folder = built.folder('Added')
      built.variable(name, type, value, { folder, browseName: name, isBack: true })
    },
    raiseEvent: (fields) => running().built.events.raise(fields),
    setAlarm: (active) => running().built.events.setAlarm(active),
    get sessionCount() {
      return life === undefined ? 0 : engine().currentSessionCount
    },
    get subscriptionCount() {
      return life === undefined ? 0 : engine().currentSubscriptionCount
    },
    get monitoredItemCount() {
      if (life === undefined) return 0
      return sessions().reduce(
        (sum, { publishEngine }) => sum + publishEngine.currentMonitoredItemCount,
        0,
      )
    },
    get connectionCount() {
      const endpoints = life?.server.endpoints ?? []
      return endpoints.reduce((sum, { currentChannelCount }) => sum + currentChannelCount, 0)
    },
    calls,
    closeSessions({ keepSubscriptions = false } = {}) {
      for (const { authenticationToken } of sessions()) {
        engine().closeSession(authenticationToken, !keepSubscriptions, 'Forcing')
      }
    },
    deleteSubscriptions({ silently = false } = {}) {
      for (const session of sessions()) {
        for (const subscription of session.publishEngine.subscriptions) {
          if (silently) session.deleteSubscription(subscription.id)
          else expire(library, subscription)
        }
      }
    },
    delayPublish(ms) {
      publishDelayMs = ms
      running().gate.delayPublish(ms)
    },
    interfere(how) {
      interference = how
      running().gate.interfere(how)
    },
    announceShutdown(seconds) {
      const { Shutdown, Running } = library.ServerState
      engine().setServerState(seconds === undefined ? Running : Shutdown)
      engine().setShutdownTime(new Date(Date.now() + (seconds ?? 0) * 1000))
      engine().setShutdownReason(seconds === undefined ? '' : 'maintenance')
    },
    cutConnections() {
      for (const endpoint of running().server.endpoints) endpoint.abruptlyInterruptChannels()
    },
    restart,
    async replaceCertificate() {
      await stop()
      const before = certificates
      certificates = await freshFolder()
      await before.release()
      await restart()
    },
    stop,
    async close() {
      isClosed = true
      await stop()
      await certificates.release()
    },
  }
}

/** Ends a subscription as the server does when its lifetime is over: its owner is told. */
function expire({ StatusChangeNotification, StatusCodes }: ServerLibrary, of: Subscription): void {
  const subscription = of as unknown as { _addNotificationMessage(message: object): void }
  subscription._addNotificationMessage(
    new StatusChangeNotification({ status: StatusCodes.BadTimeout }),
  )
  of.terminate()
}
