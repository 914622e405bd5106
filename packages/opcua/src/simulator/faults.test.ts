import { existsSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { performance } from 'node:perf_hooks'
import {
  AttributeIds,
  ClientMonitoredItem,
  MessageSecurityMode,
  SecurityPolicy,
  StatusCodes,
  TimestampsToReturn,
  type ClientSession,
} from 'node-opcua-client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bareClients } from './bare-client.suite.ts'
import { decoyNamespace, simulatorNamespace, startOpcuaSimulator } from './index.ts'
import type { OpcuaSimulator, OpcuaSimulatorOptions } from './index.ts'

const connect = bareClients()
let simulator: OpcuaSimulator
beforeAll(async () => void (simulator = await startOpcuaSimulator()))
beforeEach(async () => {
  simulator.interfere()
  simulator.delayPublish(0)
})
afterAll(() => simulator.close())

const read = (session: ClientSession, name: string) =>
  session.read({ nodeId: simulator.nodeId(name) })

/** What a session can do besides, for those who recover subscriptions by themselves. */
interface RawSession {
  transferSubscriptions(request: object): Promise<{
    results: { statusCode: unknown }[] | null
  }>
  republish(request: object): Promise<unknown>
}
const raw = (session: ClientSession) => session as unknown as RawSession

async function watch(session: ClientSession, names: readonly string[], samplingInterval = 10) {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 20,
    requestedMaxKeepAliveCount: 5,
    requestedLifetimeCount: 1000,
    publishingEnabled: true,
  })
  const seen: unknown[] = []
  const ends: string[] = []
  subscription.on('terminated', () => ends.push('terminated'))
  subscription.on('status_changed', (status) => ends.push(status.name))
  for (const name of names) {
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: simulator.nodeId(name), attributeId: AttributeIds.Value },
      { samplingInterval, queueSize: 1000, discardOldest: true },
      TimestampsToReturn.Both,
    )
    item.on('changed', ({ value }) => seen.push(value.value))
  }
  await expect.poll(() => seen.length).toBeGreaterThanOrEqual(names.length)
  return { subscription, seen, ends }
}

describe('what goes on at the server is known', () => {
  it('counts sessions, subscriptions, monitored items, connections and requests', async () => {
    const before = simulator.sessionCount
    const calls = simulator.calls['Read'] ?? 0
    const session = await connect(simulator.url)
    expect(simulator.sessionCount).toBe(before + 1)
    expect(simulator.connectionCount).toBeGreaterThan(0)
    await read(session, 'Scalars.Int32')
    expect(simulator.calls['Read']).toBe(calls + 1)
    const { subscription } = await watch(session, ['Changing.0', 'Changing.1'])
    expect(simulator.subscriptionCount).toBe(1)
    expect(simulator.monitoredItemCount).toBe(2)
    await subscription.terminate()
    expect(simulator.subscriptionCount).toBe(0)
    expect(simulator.monitoredItemCount).toBe(0)
    await session.close()
    expect(simulator.sessionCount).toBe(before)
  })
  it('reports every change of what changes, with no gap', async () => {
    const session = await connect(simulator.url)
    await simulator.restart({ items: { count: 2, everyMs: 10 } })
    const fresh = await connect(simulator.url)
    const { seen } = await watch(fresh, ['Changing.1'], 1000)
    await expect.poll(() => seen.length).toBeGreaterThan(50)
    const numbers = seen.map(Number)
    const first = numbers[0] ?? NaN
    expect(numbers).toEqual(numbers.map((_, index) => first + index))
    expect(session).not.toBe(fresh)
  })
})

describe('a fault switch does what it says', () => {
  it('closes sessions', async () => {
    const session = await connect(simulator.url)
    const created = simulator.calls['CreateSession'] ?? NaN
    simulator.closeSessions()
    expect(simulator.sessionCount).toBe(0)
    // This client makes itself a new session as soon as it hears that the old one is unknown.
    await read(session, 'Scalars.Int32')
    expect(simulator.calls['CreateSession']).toBe(created + 1)
  })
  it('keeps the subscriptions of a closed session for another one, if asked to', async () => {
    const session = await connect(simulator.url)
    const { subscription } = await watch(session, ['Scalars.Int32'])
    const { subscriptionId } = subscription
    simulator.closeSessions({ keepSubscriptions: true })
    expect(simulator.sessionCount).toBe(0)
    expect(simulator.subscriptionCount).toBe(1)
    const next = await connect(simulator.url)
    const { results } = await raw(next).transferSubscriptions({
      subscriptionIds: [subscriptionId],
      sendInitialValues: true,
    })
    expect(results?.[0]?.statusCode).toBe(StatusCodes.Good)
    simulator.closeSessions()
    expect(simulator.subscriptionCount).toBe(0)
  })
  it('deletes subscriptions, and their owner hears of it', async () => {
    const session = await connect(simulator.url)
    const { ends } = await watch(session, ['Changing.0'])
    simulator.deleteSubscriptions()
    expect(simulator.subscriptionCount).toBe(0)
    await expect.poll(() => ends).toContain('BadTimeout')
    await session.close()
  })
  it('forgets subscriptions without a word', async () => {
    const session = await connect(simulator.url)
    const { subscription, ends } = await watch(session, ['Scalars.Int32'])
    simulator.deleteSubscriptions({ silently: true })
    expect(simulator.subscriptionCount).toBe(0)
    const { subscriptionId } = subscription
    const republish = raw(session).republish({ subscriptionId, retransmitSequenceNumber: 1 })
    await expect(republish).rejects.toThrow('BadSubscriptionIdInvalid')
    expect(ends).toEqual([])
    await session.close()
  })
  it('sends publish responses later, or keeps them back, in order', async () => {
    const session = await connect(simulator.url)
    const { seen } = await watch(session, ['Scalars.UInt32'], 0)
    simulator.delayPublish(200)
    const start = performance.now()
    simulator.set('Scalars.UInt32', 1)
    await expect.poll(() => seen.at(-1), { interval: 5 }).toBe(1)
    expect(performance.now() - start).toBeGreaterThanOrEqual(195)
    simulator.delayPublish(Infinity)
    for (const value of [2, 3, 4]) {
      simulator.set('Scalars.UInt32', value)
    }
    expect(seen.at(-1)).toBe(1)
    simulator.delayPublish(0)
    await expect.poll(() => seen.at(-1)).toBe(4)
    expect(seen).toEqual([4_000_000_000, 1, 2, 3, 4])
    await session.close()
  })
  it('delays requests of a service, and drops them', async () => {
    const session = await connect(simulator.url)
    simulator.interfere({ services: ['Read'], delayMs: 100 })
    const start = performance.now()
    await read(session, 'Scalars.Int32')
    expect(performance.now() - start).toBeGreaterThanOrEqual(95)
    simulator.interfere({ services: ['Read'], drop: true })
    const calls = simulator.calls['Read'] ?? NaN
    const ends: string[] = []
    const dropped = read(session, 'Scalars.Int32').then(
      () => ends.push('answered'),
      () => ends.push('failed'),
    )
    await expect.poll(() => simulator.calls['Read']).toBe(calls + 1)
    simulator.interfere()
    // Whatever was asked later is answered.
    expect((await session.browse('i=84')).statusCode).toBe(StatusCodes.Good)
    expect((await read(session, 'Scalars.Int32')).statusCode).toBe(StatusCodes.Good)
    expect(ends).toEqual([])
    simulator.cutConnections()
    await dropped
    expect(ends).toEqual(['failed'])
  })
  it('removes a node while it runs, and brings it back', async () => {
    const session = await connect(simulator.url)
    expect(simulator.has('Scalars.Int16')).toBe(true)
    simulator.removeNode('Scalars.Int16')
    expect((await read(session, 'Scalars.Int16')).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
    expect(simulator.has('Scalars.Int16')).toBe(false)
    expect(() => simulator.removeNode('Scalars.Int16')).toThrow('no node Scalars.Int16')
    simulator.addNode('Scalars.Int16', 'Int16', 7)
    expect((await read(session, 'Scalars.Int16')).value.value).toBe(7)
    expect(() => simulator.addNode('x', 'Int17', 1)).toThrow('"Int17" is no built-in type')
  })
  it('announces that it will shut down, and takes it back', async () => {
    const session = await connect(simulator.url)
    const status = async () =>
      (await session.read({ nodeId: 'i=2256' })).value.value as {
        state: number
        secondsTillShutdown: number
        shutdownReason: { text: string }
      }
    simulator.announceShutdown(60)
    expect(await status()).toMatchObject({ state: 4, shutdownReason: { text: 'maintenance' } })
    expect((await status()).secondsTillShutdown).toBeGreaterThan(50)
    simulator.announceShutdown(undefined)
    expect(await status()).toMatchObject({ state: 0 })
  })
  it('cuts connections and takes new ones', async () => {
    const session = await connect(simulator.url)
    simulator.cutConnections()
    await expect(read(session, 'Scalars.Int32')).rejects.toThrow()
    expect((await read(await connect(simulator.url), 'Scalars.Int32')).statusCode).toBe(
      StatusCodes.Good,
    )
  })
})

describe('a restart', () => {
  it('serves the same port with nodes gone and namespaces moved, where others have their index', async () => {
    const { port, url } = simulator
    simulator.set('Scalars.Int32', 5)
    await simulator.restart({
      namespaces: [simulatorNamespace, 'urn:more', decoyNamespace],
      missing: ['Scalars.Byte'],
    })
    expect([simulator.port, simulator.url]).toEqual([port, url])
    expect(simulator.namespaceIndex).toBe(2)
    const session = await connect(url)
    const values = await Promise.all(
      ['ns=2;s=Scalars.Int32', 'ns=3;s=Scalars.Int32', 'ns=2;s=Scalars.Byte'].map((nodeId) =>
        session.read({ nodeId }),
      ),
    )
    expect(values.map(({ value }) => value.value as unknown)).toEqual([-2_000_000_000, 666, null])
    expect(values[2]?.statusCode).toBe(StatusCodes.BadNodeIdUnknown)
    await simulator.restart({ namespaces: [decoyNamespace, simulatorNamespace], missing: [] })
  })
  it('has another certificate, if asked to', async () => {
    const before = Buffer.from(simulator.certificate).toString('hex')
    await simulator.restart()
    expect(Buffer.from(simulator.certificate).toString('hex')).toBe(before)
    await simulator.replaceCertificate()
    expect(Buffer.from(simulator.certificate).toString('hex')).not.toBe(before)
    const session = await connect(simulator.url, {
      securityMode: MessageSecurityMode.SignAndEncrypt,
      securityPolicy: SecurityPolicy.Aes256_Sha256_RsaPss,
    })
    expect((await read(session, 'Scalars.Int32')).statusCode).toBe(StatusCodes.Good)
  })
  it('refuses connections while it is stopped', async () => {
    await simulator.stop()
    expect(await refuses(simulator.port)).toBe(true)
    expect(simulator.sessionCount).toBe(0)
    await simulator.restart()
    expect(await refuses(simulator.port)).toBe(false)
  })
  it('wants its own namespace among the namespaces', async () => {
    const options: OpcuaSimulatorOptions = { namespaces: ['urn:other'] }
    await expect(startOpcuaSimulator(options)).rejects.toThrow(
      /namespaces must hold urn:mapper-sdk/,
    )
    await expect(startOpcuaSimulator({ port: simulator.port })).rejects.toMatchObject({
      code: 'unreachable',
    })
  })
})

describe('limits', () => {
  it('refuses more in one request than it says', async () => {
    const limited = await startOpcuaSimulator({
      limits: { maxNodesPerRead: 2, maxMonitoredItemsPerCall: 2 },
      maxSessions: 1,
      maxSessionTimeoutMs: 12_000,
    })
    try {
      const session = await connect(limited.url)
      expect(session.timeout).toBe(12_000)
      const nodes = ['Int16', 'Int32', 'Int64'].map((type) => ({
        nodeId: limited.nodeId(`Scalars.${type}`),
        attributeId: AttributeIds.Value,
      }))
      await expect(session.read(nodes)).rejects.toThrow('BadTooManyOperations')
      expect(await session.read(nodes.slice(0, 2))).toHaveLength(2)
      const limit = await session.read({ nodeId: 'i=11705' })
      expect(limit.value.value).toBe(2)
      const subscription = await session.createSubscription2({ publishingEnabled: true })
      const monitor = subscription.monitorItems(
        nodes,
        { samplingInterval: 100 },
        TimestampsToReturn.Both,
      )
      await expect(monitor).rejects.toThrow('BadTooManyOperations')
      await expect(connect(limited.url)).rejects.toThrow('BadTooManySessions')
      await session.close()
    } finally {
      await limited.close()
    }
  })
})

describe('the end', () => {
  it('leaves no folder and no listener, with a client connected', async () => {
    const [one, other] = [await startOpcuaSimulator(), await startOpcuaSimulator()]
    expect(Buffer.from(one.certificate)).toEqual(Buffer.from(other.certificate))
    await connect(one.url)
    expect(existsSync(one.certificates)).toBe(true)
    const folder = one.certificates
    await one.close()
    await one.close()
    expect(await refuses(one.port)).toBe(true)
    expect(existsSync(folder)).toBe(false)
    expect(existsSync(other.certificates)).toBe(true)
    await expect(one.restart()).rejects.toThrow('closed')
    await other.close()
  })
})

const refuses = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connectSocket(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
