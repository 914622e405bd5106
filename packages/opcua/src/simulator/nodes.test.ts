import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AttributeIds,
  BrowseDirection,
  DataType,
  StatusCodes,
  UserTokenType,
  Variant,
  VariantArrayType,
  type ClientSession,
} from 'node-opcua-client'
import { bareClients } from './bare-client.suite.ts'
import {
  builtInTypes,
  limitValues,
  sampleArrays,
  sampleValues,
  simulatorNamespace,
  startOpcuaSimulator,
  type OpcuaSimulator,
} from './index.ts'
import { oddNames } from './space/special-folders.ts'
import { fromVariant } from './space/variant-values.ts'
import { loadServerLibrary, type ServerLibrary } from './server-library.ts'

const connect = bareClients()
let simulator: OpcuaSimulator
let session: ClientSession
let library: ServerLibrary
beforeAll(async () => {
  library = await loadServerLibrary()
  simulator = await startOpcuaSimulator({
    treeNodes: 1000,
    conformance: true,
    nodes: [
      { name: 'Boiler.Level', type: 'Double', value: 2.5 },
      { name: 'Plain', type: 'Int32', value: [1, 2], writable: false },
    ],
  })
  session = await connect(simulator.url)
})
afterAll(() => simulator.close())

const read = (name: string) => session.read({ nodeId: simulator.nodeId(name) })
const valueOf = async (name: string) => {
  const { statusCode, value } = await read(name)
  expect(`${name} ${statusCode.name}`).toBe(`${name} Good`)
  return fromVariant(library, value)
}

describe('every node is read by a client that is not ours', () => {
  it('is in the namespace that it says, not in the first', async () => {
    const uris = await session.readNamespaceArray()
    expect(uris[simulator.namespaceIndex]).toBe(simulatorNamespace)
    expect(simulator.namespaceIndex).toBe(3)
    expect(simulator.nodeId('Scalars.Int32')).toBe('ns=3;s=Scalars.Int32')
  })
  it.each(builtInTypes)('%s as a scalar, an array, an empty array and a matrix', async (type) => {
    const scalar = await read(`Scalars.${type}`)
    expect(DataType[scalar.value.dataType]).toBe(type)
    expect(plain(fromVariant(library, scalar.value))).toEqual(plain(sampleValues[type]))
    expect(plain(await valueOf(`Arrays.${type}`))).toEqual(plain(sampleArrays[type]))
    expect(await valueOf(`Arrays.${type}Empty`)).toEqual([])
    const matrix = await read(`Matrix.${type}`)
    expect(matrix.value.arrayType).toBe(VariantArrayType.Matrix)
    expect(matrix.value.dimensions).toEqual([2, 3])
    const twice = [...sampleArrays[type], ...sampleArrays[type]]
    expect(plain(fromVariant(library, matrix.value))).toEqual(plain(twice))
  })
  it.each(Object.entries(limitValues))('Limits.%s', async (name, [type, value]) => {
    const seen = await read(`Limits.${name}`)
    expect(DataType[seen.value.dataType]).toBe(type)
    expect(plain(fromVariant(library, seen.value))).toEqual(plain(value))
  })
  it.each(builtInTypes)('%s is written and read back past the wire', async (type) => {
    const value = sampleArrays[type][1]
    const name = `Scalars.${type}`
    simulator.set(name, value)
    const { value: variant } = await read(name)
    simulator.set(name, sampleValues[type])
    const nodeId = simulator.nodeId(name)
    const attributeId = AttributeIds.Value
    expect(await session.write({ nodeId, attributeId, value: { value: variant } })).toBe(
      StatusCodes.Good,
    )
    expect(plain(simulator.get(name).value)).toEqual(plain(value))
    simulator.set(name, sampleValues[type])
  })
  it('keeps names with everything in them apart', async () => {
    expect(await Promise.all(oddNames.map(valueOf))).toEqual(oddNames.map((_, index) => index))
    const ids = ['i=4711', 'g=72962B91-FA75-4AE6-8D28-B404DC7DAF63', 'b=AAEC/w==']
    const values = await session.read(
      ids.map((id) => ({ nodeId: `ns=3;${id}`, attributeId: AttributeIds.Value })),
    )
    expect(values.map(({ value }) => value.value as string)).toEqual(['Numeric', 'Guid', 'Opaque'])
  })
  it('has a string of 16 MB, for whoever takes messages as large, and a large array', async () => {
    const maxMessageSize = 64 * 1024 * 1024
    const large = await connect(simulator.url, { transportSettings: { maxMessageSize } })
    const { value } = await large.read({ nodeId: simulator.nodeId('Big.String16MB') })
    expect((value.value as string).length).toBe(16 * 1024 * 1024)
    await expect(read('Big.String16MB')).rejects.toThrow('BadTcpMessageTooLarge')
    expect(await valueOf('Big.Array')).toHaveLength(10_000)
  })
  it('has enumerations with strings and with values, and structures', async () => {
    expect(await valueOf('Enumeration.Color')).toBe(1)
    expect(await valueOf('Enumeration.ColorArray')).toEqual([2, 0, 1])
    expect(await valueOf('Enumeration.Priority')).toBe(20)
    const { value } = await read('Structure.Recipe')
    expect(value.dataType).toBe(DataType.ExtensionObject)
    const recipe = fromVariant(library, value) as Record<string, unknown>
    expect(recipe).toMatchObject({ name: 'Grüße', origin: { x: 1, y: 2, z: 3 }, steps: [1, -2, 3] })
    expect(await valueOf('Structure.Settings')).toEqual({ speed: 2.5 })
    expect(await valueOf('Structure.SettingsFull')).toMatchObject({ limits: [1, 2] })
    expect(await valueOf('Structure.ChoiceText')).toMatchObject({ Text: 'forty-two' })
    expect(await valueOf('Structure.ChoiceNumber')).toMatchObject({ Number: 42 })
    expect(await valueOf('Structure.PlaceArray')).toEqual([
      { x: 1, y: 2, z: 3 },
      { x: 4, y: 5, z: 6 },
    ])
  })
  it('has an analog item with its range and unit', async () => {
    const browsed = await session.browse({
      nodeId: simulator.nodeId('Analog.Temperature'),
      browseDirection: BrowseDirection.Forward,
      resultMask: 63,
    })
    const names = (browsed.references ?? []).map(({ browseName }) => browseName.name)
    expect(names).toEqual(expect.arrayContaining(['EURange', 'EngineeringUnits']))
  })
  it('has nodes of a user, a deep branch, and counters that count', async () => {
    expect(await valueOf('Boiler.Level')).toBe(2.5)
    expect(await valueOf('Plain')).toEqual([1, 2])
    expect(await valueOf('Tree.999')).toBe(999)
    const before = (await valueOf('Changing.9')) as number
    await expect.poll(() => valueOf('Changing.9')).toBeGreaterThan(before + 1)
  })
})

it("has node-opcua's address space for conformance tests, after our namespaces", async () => {
  const uris = await session.readNamespaceArray()
  const index = uris.indexOf('urn://node-opcua-simulator')
  expect(index).toBe(4)
  const types = ['Boolean', 'Int64', 'Double', 'DateTime', 'ByteString', 'LocalizedText']
  const nodes = types.flatMap((type) =>
    ['Scalar', 'Array'].map((kind) => ({
      nodeId: `ns=${index};s=Static_${kind}_${type}`,
      attributeId: AttributeIds.Value,
    })),
  )
  const values = await session.read(nodes)
  expect(values.map(({ statusCode }) => statusCode.name)).toEqual(nodes.map(() => 'Good'))
  expect(values.map(({ value }) => DataType[value.dataType])).toEqual(
    types.flatMap((type) => [type, type]),
  )
})

describe('qualities and times', () => {
  it.each([
    ['Good', 'Good', 12.5],
    ['GoodLocalOverride', 'GoodLocalOverride', 12.5],
    ['Uncertain', 'UncertainLastUsableValue', 12.5],
    ['BadWithValue', 'BadSensorFailure', 12.5],
    ['Bad', 'BadDeviceFailure', null],
    ['Waiting', 'BadWaitingForInitialData', null],
  ])('Quality.%s', async (name, status, value) => {
    const seen = await read(`Quality.${name}`)
    expect(seen.statusCode.name).toBe(status)
    expect(fromVariant(library, seen.value)).toBe(value)
  })
  it('changes a status, a value and a time past the wire', async () => {
    const sourceTimestamp = new Date('2020-01-02T03:04:05.678Z')
    const statusCode = 'BadCommunicationError'
    simulator.set('Quality.Changeable', 3, { statusCode, sourceTimestamp })
    const seen = await read('Quality.Changeable')
    expect(seen.statusCode.name).toBe(statusCode)
    expect(seen.value.value).toBe(3)
    expect(seen.sourceTimestamp).toEqual(sourceTimestamp)
    expect(simulator.get('Quality.Changeable')).toEqual({ value: 3, statusCode, sourceTimestamp })
    expect(() => simulator.set('Quality.Changeable', 1, { statusCode: 'Fine' })).toThrow('Fine')
    expect(() => simulator.set('Quality.Nowhere', 1)).toThrow('no variable Quality.Nowhere')
  })
  it('gives times that no clock has', async () => {
    expect((await read('Time.Epoch')).sourceTimestamp?.getUTCFullYear()).toBe(1601)
    expect((await read('Time.Latest')).sourceTimestamp?.getUTCFullYear()).toBe(9999)
    expect((await read('Time.Future')).sourceTimestamp?.getTime()).toBeGreaterThan(Date.now())
  })
})

describe('access', () => {
  const write = (by: ClientSession, name: string) =>
    by.write({
      nodeId: simulator.nodeId(name),
      attributeId: AttributeIds.Value,
      value: { value: new Variant({ dataType: DataType.Int32, value: 9 }) },
    })
  it('refuses what a variable does not allow', async () => {
    expect((await read('Access.WriteOnly')).statusCode).toBe(StatusCodes.BadNotReadable)
    expect((await read('Access.None')).statusCode).toBe(StatusCodes.BadNotReadable)
    expect(await write(session, 'Access.ReadOnly')).toBe(StatusCodes.BadNotWritable)
    expect(await write(session, 'Access.WriteOnly')).toBe(StatusCodes.Good)
    expect(simulator.get('Access.ReadOnly').value).toBe(1)
  })
  it('depends on who asks', async () => {
    const user = (userName: string, password: string) =>
      connect(simulator.url, {}, { type: UserTokenType.UserName, userName, password })
    const operator = await user('operator', 'secret')
    const guest = await user('guest', 'guest')
    const nodeId = simulator.nodeId('Access.OperatorOnly')
    expect((await operator.read({ nodeId })).value.value).toBe(5)
    expect((await guest.read({ nodeId })).statusCode).toBe(StatusCodes.BadUserAccessDenied)
    expect(await write(guest, 'Access.OperatorWrites')).toBe(StatusCodes.BadUserAccessDenied)
    expect(await write(operator, 'Access.OperatorWrites')).toBe(StatusCodes.Good)
    await expect(user('operator', 'wrong')).rejects.toThrow(/BadUserAccessDenied|BadIdentityToken/)
  })
})

describe('methods', () => {
  const call = (name: string, ...inputArguments: Variant[]) =>
    session.call({
      objectId: simulator.nodeId('Methods'),
      methodId: simulator.nodeId(`Methods.${name}`),
      inputArguments,
    })
  it('adds, echoes every type, fails and waits', async () => {
    const double = (value: number) => new Variant({ dataType: DataType.Double, value })
    const sum = await call('Add', double(1.5), double(2))
    expect(sum.outputArguments?.[0]?.value).toBe(3.5)
    expect((await call('Fail')).statusCode).toBe(StatusCodes.BadInvalidState)
    expect((await call('Nothing')).statusCode).toBe(StatusCodes.Good)
    const { DataType: T } = library
    const given = [
      new Variant({ dataType: T.Boolean, value: true }),
      new Variant({ dataType: T.Int16, value: -5 }),
      new Variant({ dataType: T.Int64, arrayType: VariantArrayType.Scalar, value: [1, 2] }),
      new Variant({ dataType: T.String, value: 'x' }),
      new Variant({ dataType: T.ByteString, value: Buffer.of(1, 2) }),
      new Variant({ dataType: T.DateTime, value: new Date(0) }),
      new Variant({ dataType: T.Double, arrayType: VariantArrayType.Array, value: [1, 2] }),
    ]
    const echoed = await call('Echo', ...given)
    expect(echoed.statusCode).toBe(StatusCodes.Good)
    expect(echoed.outputArguments?.map((each) => plain(fromVariant(library, each)))).toEqual(
      given.map((each) => plain(fromVariant(library, each))),
    )
    const slow = await call('Slow', new Variant({ dataType: T.UInt32, value: 20 }))
    expect(slow.outputArguments?.[0]?.value).toBe(true)
  })
})

/** What is compared: bytes as lists, dates as texts, options as far as they were given. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const { text, locale, name, namespaceIndex } = value as Record<string, unknown>
  return text !== undefined ? [text, locale ?? null] : [name ?? '', namespaceIndex]
}
