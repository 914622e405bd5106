import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startOpcuaSimulator, type OpcuaSimulator } from '../simulator/index.ts'
import { startWalk, walkAll } from './commission.suite.ts'

let field: OpcuaSimulator
beforeAll(async () => void (field = await startOpcuaSimulator()))
afterAll(() => field.close())

const simulator = { nodeID: 'i=85', browsePath: '/3:Simulator' }
const below = (name: string) => ({ nodeID: `nsu=urn:mapper-sdk:simulator;s=${name}` })

test('nodes come with names, types, access, values and units, each before those below it', async () => {
  const { nodes, named, end } = await walkAll(field.url, { start: simulator })
  expect(end).toEqual({ isCut: false, isDeeper: false })
  expect(nodes[0]).toMatchObject({ depth: 0, nodeClass: 'Object', name: { name: 'Simulator' } })
  for (const [index, { depth }] of nodes.entries()) {
    expect(depth - (nodes[index - 1]?.depth ?? -1)).toBeLessThanOrEqual(1)
  }
  expect(named('Temperature')).toMatchObject({
    nodeId: 'nsu=urn:mapper-sdk:simulator;s=Analog.Temperature',
    indexedId: 'ns=3;s=Analog.Temperature',
    parentId: 'nsu=urn:mapper-sdk:simulator;s=Analog',
    path: ['Simulator', 'Analog', 'Temperature'].map((name) => ({ namespace: 3, name })),
    variable: {
      ...{ dataType: 'Double', typeName: 'Double', shape: 'scalar', isWritable: true },
      ...{ value: { ok: true, value: 21.5 }, unit: '°C', range: { low: -50, high: 150 } },
    },
  })
  expect(named('Priority').variable).toMatchObject({
    ...{ typeName: 'Priority', dataType: 'Int32', isEnumeration: true },
    value: { value: 'Normal' },
  })
  expect(named('Place').variable).toMatchObject({ typeName: 'Place', dataType: undefined })
  expect(named('Add')).toMatchObject({ nodeClass: 'Method', parentId: below('Methods').nodeID })
})

test('what fails, fails alone and says why', async () => {
  const { named } = await walkAll(field.url, { start: below('Quality') })
  expect(named('BadWithValue').variable?.value).toMatchObject({ error: { code: 'rejected' } })
  expect(named('Good').variable?.value).toMatchObject({ ok: true, value: 12.5 })
  expect(named('Uncertain').variable?.value).toMatchObject({ uncertain: true })
  const access = await walkAll(field.url, { start: below('Access') })
  expect(access.named('WriteOnly').variable).toMatchObject({ isReadable: false, isWritable: true })
  expect(access.named('WriteOnly').variable).not.toHaveProperty('value')
  expect(access.named('ReadOnly').variable).toMatchObject({ isReadable: true, isWritable: false })
  const big = await walkAll(field.url, { start: below('Big') })
  expect(big.named('String16MB').variable).toMatchObject({ isRefused: true, value: { ok: false } })
  expect(big.named('Array').variable).toMatchObject({ wholeLength: 40_001, value: { ok: true } })
})

describe('a tree of 1000 variables with a way back to its root', () => {
  const treeNodes = 1000
  const limits = { maxNodesPerBrowse: 5, maxNodesPerRead: 50 }
  let field: OpcuaSimulator
  beforeAll(async () => void (field = await startOpcuaSimulator({ treeNodes, limits })))
  afterAll(() => field.close())

  test('is followed once, within the limits of the server and in parts of answers', async () => {
    const { nodes, end } = await walkAll(field.url, { start: below('Tree'), mostPerAnswer: 4 })
    const variables = nodes.filter(({ nodeClass }) => nodeClass === 'Variable')
    const values = variables.map(({ variable }) => {
      const { value } = variable ?? {}
      return value?.ok === true ? Number(value.value) : NaN
    })
    // In the order of the server, which has them as they were added.
    expect(values).toEqual(Array.from({ length: treeNodes }, (_, index) => index))
    expect(nodes.filter(({ note }) => note === 'repeated')).toMatchObject([
      { nodeId: below('Tree').nodeID },
    ])
    expect(end).toEqual({ isCut: false, isDeeper: false })
    expect(field.calls['BrowseNext']).toBeGreaterThan(50)
    await expect.poll(() => field.sessionCount).toBe(0)
  })

  test('ends where it is wanted to', async () => {
    const { nodes, end } = await walkAll(field.url, {
      ...{ start: below('Tree'), most: 7, mostPerAnswer: 2, withValues: false },
    })
    expect(nodes).toHaveLength(7)
    expect(end).toMatchObject({ isCut: true })
    expect(nodes[1]?.variable).not.toHaveProperty('value')
    const few = await walkAll(field.url, { start: below('Tree'), depth: 1 })
    expect(few.nodes).toHaveLength(12)
    expect(few.end).toEqual({ isCut: false, isDeeper: true })
  })

  test('is left before its end, and the server gets the rest of its answer back', async () => {
    const before = field.calls['BrowseNext'] ?? 0
    const { nodes } = await walkAll(field.url, {
      ...{ start: below('Tree'), most: 2, mostPerAnswer: 1 },
    })
    expect(nodes.map(({ name }) => name.name)).toEqual(['Tree', '0'])
    // One reference for each after the first, until there are 10 of 11; then the one that gives back.
    await expect.poll(() => (field.calls['BrowseNext'] ?? 0) - before).toBe(10)
  })

  test('is left at once when somebody stops it', async () => {
    const stop = new AbortController()
    const { tree } = await startWalk(field.url, { start: below('Tree') }, { signal: stop.signal })
    await tree.next()
    // The server does not answer any more: only the stop can end it.
    field.interfere({ drop: true, services: ['Browse', 'Read'] })
    const next = tree.next().then(async () => {
      for (;;) if ((await tree.next()).done === true) return 'the end'
    })
    stop.abort()
    await expect(next).rejects.toMatchObject({ code: 'canceled' })
    field.interfere()
  })
})

test('the node Server is left out unless it is the start', async () => {
  const { named } = await walkAll(field.url, { depth: 2, withValues: false })
  expect(named('Server')).toMatchObject({ note: 'closed' })
  const own = await walkAll(field.url, { start: { nodeID: 'i=2253' }, depth: 1 })
  expect(own.named('ServerStatus').variable).toMatchObject({ typeName: 'ServerStatusDataType' })
})

test('properties of nodes are nodes if they are wanted', async () => {
  const { named } = await walkAll(field.url, { start: below('Analog'), withProperties: true })
  expect(named('EURange').variable?.typeName).toBe('Range')
})

test('a start that is not there is an error with the reason', async () => {
  const walk = (nodeID: string) => walkAll(field.url, { start: { nodeID } })
  await expect(walk('ns=3;s=Nope')).rejects.toThrow(/ns=3;s=Nope: BadNodeIdUnknown/)
  await expect(walk('nsu=urn:nope;s=x')).rejects.toThrow('urn:nope')
})
