import {
  AttributeIds,
  ClientMonitoredItem,
  DataType,
  MessageSecurityMode,
  SecurityPolicy,
  StatusCodes,
  TimestampsToReturn,
  UserTokenType,
  Variant,
  type ClientSession,
} from 'node-opcua-client'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { bareClients } from '../../../packages/opcua/src/simulator/bare-client.suite.ts'
import { requireAsyncua, startAsyncuaServer, type AsyncuaServer } from './asyncua-server.ts'

const connect = bareClients()
let shared: { readonly server: AsyncuaServer; readonly session: ClientSession } | undefined
beforeEach(async (context) => {
  if (shared !== undefined) return
  const server = await startAsyncuaServer(requireAsyncua(context))
  shared = { server, session: await connect(server.url) }
})
afterAll(() => shared?.server.stop())

function started() {
  if (shared === undefined) throw new Error('the server was not started')
  return shared
}

const types = [
  ...['Boolean', 'SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64'],
  ...['Float', 'Double', 'String', 'DateTime', 'Guid', 'ByteString', 'XmlElement', 'NodeId'],
  ...['ExpandedNodeId', 'StatusCode', 'QualifiedName', 'LocalizedText'],
]

describe("asyncua's server", () => {
  it('has a scalar and an array of every type, at the names of our simulator', async () => {
    const { server, session } = started()
    expect(server.namespaceIndex).toBe(3)
    const nodes = types.flatMap((type) =>
      ['Scalars', 'Arrays'].map((folder) => ({
        nodeId: server.nodeId(`${folder}.${type}`),
        attributeId: AttributeIds.Value,
      })),
    )
    const values = await session.read(nodes)
    expect(values.map(({ statusCode }) => statusCode.name)).toEqual(nodes.map(() => 'Good'))
    expect(values.map(({ value }) => DataType[value.dataType])).toEqual(
      types.flatMap((type) => [type, type]),
    )
  })
  it('is set and read past the wire', async () => {
    const { server, session } = started()
    const nodeId = server.nodeId('Scalars.Int16')
    await server.put('Scalars.Int16', '5', 'UncertainLastUsableValue')
    const seen = await session.read({ nodeId })
    expect([seen.value.value, seen.statusCode.name]).toEqual([5, 'UncertainLastUsableValue'])
    const value = { value: new Variant({ dataType: DataType.Int16, value: 6 }) }
    const written = await session.write({ nodeId, attributeId: AttributeIds.Value, value })
    expect(written).toBe(StatusCodes.Good)
    expect(await server.take('Scalars.Int16')).toBe('6')
    expect(await server.take('Arrays.Int64')).toContain('9223372036854775807')
    await server.removeNode('Scalars.Byte')
    const gone = await session.read({ nodeId: server.nodeId('Scalars.Byte') })
    expect(gone.statusCode).toBe(StatusCodes.BadNodeIdUnknown)
    await expect(server.take('Nowhere')).rejects.toThrow('KeyError')
  })
  it('has an enumeration, structures, statuses and methods', async () => {
    const { server, session } = started()
    const read = (name: string) => session.read({ nodeId: server.nodeId(name) })
    expect((await read('Enumeration.Color')).value.value).toBe(1)
    expect((await read('Structure.Place')).value.dataType).toBe(DataType.ExtensionObject)
    expect((await read('Structure.Recipe')).statusCode).toBe(StatusCodes.Good)
    expect((await read('Quality.BadWithValue')).statusCode).toBe(StatusCodes.BadSensorFailure)
    const call = (name: string, ...given: number[]) =>
      session.call({
        objectId: server.nodeId('Methods'),
        methodId: server.nodeId(`Methods.${name}`),
        inputArguments: given.map((value) => new Variant({ dataType: DataType.Double, value })),
      })
    expect((await call('Add', 1.5, 2)).outputArguments?.[0]?.value).toBe(3.5)
    expect((await call('Fail')).statusCode.name).not.toBe('Good')
  })
  it('tells changes and events', async () => {
    const { server, session } = started()
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: 50,
      requestedMaxKeepAliveCount: 10,
      requestedLifetimeCount: 1000,
      publishingEnabled: true,
    })
    const numbers: unknown[] = []
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: server.nodeId('Changing.3'), attributeId: AttributeIds.Value },
      { samplingInterval: 50, queueSize: 10 },
      TimestampsToReturn.Both,
    )
    item.on('changed', ({ value }) => numbers.push(value.value))
    await expect.poll(() => new Set(numbers).size).toBeGreaterThan(2)
    const { constructEventFilter } = await import('node-opcua-client')
    const events: unknown[] = []
    const watched = ClientMonitoredItem.create(
      subscription,
      { nodeId: server.nodeId('Events.Source'), attributeId: AttributeIds.EventNotifier },
      { samplingInterval: 0, queueSize: 10, filter: constructEventFilter(['Message', 'Severity']) },
      TimestampsToReturn.Both,
    )
    watched.on('changed', (fields) => {
      events.push((fields as unknown as Variant[])[1]?.value)
    })
    const initialized = new Promise((resolve) => watched.once('initialized', () => resolve(true)))
    expect(await initialized).toBe(true)
    await server.raiseEvent({ severity: 700 })
    await expect.poll(() => events).toEqual([700])
    await subscription.terminate()
  })
  it('counts sessions', async () => {
    const { server } = started()
    const before = await server.sessionCount()
    const another = await connect(server.url)
    expect(await server.sessionCount()).toBe(before + 1)
    await another.close()
    await expect.poll(() => server.sessionCount()).toBe(before)
  })
})

describe('each policy, mode and token that it offers', () => {
  const policies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
  const modes = ['Sign', 'SignAndEncrypt'] as const
  const channels = [
    ['None', 'None'] as const,
    ...policies.flatMap((policy) => modes.map((mode) => [policy, mode] as const)),
  ]
  it.each(channels)('%s %s with and without a password', async (policy, mode) => {
    const { server } = started()
    const secured = {
      securityPolicy: SecurityPolicy[policy],
      securityMode: MessageSecurityMode[mode],
    }
    const login = (password: string) => ({
      type: UserTokenType.UserName as const,
      userName: 'operator',
      password,
    })
    for (const user of [undefined, login('secret')]) {
      const session = await connect(server.url, secured, user)
      const seen = await session.read({ nodeId: server.nodeId('Scalars.Double') })
      expect(seen.value.value).toBe(-0.1)
      await session.close()
    }
    await expect(connect(server.url, secured, login('wrong'))).rejects.toThrow(/Bad/)
  })
})

it('keeps to the limit that it names', async (context) => {
  const server = await startAsyncuaServer(requireAsyncua(context), { limit: 2 })
  try {
    const session = await connect(server.url)
    const nodes = ['Int16', 'Int32', 'Int64'].map((type) => ({
      nodeId: server.nodeId(`Scalars.${type}`),
      attributeId: AttributeIds.Value,
    }))
    expect((await session.read({ nodeId: 'i=11705' })).value.value).toBe(2)
    expect(await session.read(nodes.slice(0, 2))).toHaveLength(2)
    await expect(session.read(nodes)).rejects.toThrow('BadTooManyOperations')
    await session.close()
  } finally {
    await server.stop()
  }
})
