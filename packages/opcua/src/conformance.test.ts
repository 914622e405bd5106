import { conformance, type GoodPlace, type Rig } from '@mapper-sdk/core/conformance'
import type { PropertyType, Value } from '@mapper-sdk/core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startTcpRelay, type TcpRelay } from '../../../test/support/tcp-relay.ts'
import { opcuaDriver } from './driver.ts'
import { typeCases } from './every-type.suite.ts'
import { startOpcuaSimulator, type OpcuaSimulator } from './simulator/index.ts'

/** Types whose values the simulator takes as they are, and what is too much for them. */
const types = {
  Boolean: { type: 'BOOLEAN' },
  SByte: { type: 'INT', refuses: [128, -129] },
  Byte: { type: 'INT', refuses: [256, -1] },
  Int16: { type: 'INT', refuses: [32_768] },
  UInt16: { type: 'INT', refuses: [65_536] },
  Int32: { type: 'INT', refuses: [2 ** 31] },
  UInt32: { type: 'INT', refuses: [2 ** 32, -1] },
  Int64: { type: 'INT', refuses: [2n ** 63n] },
  // Beyond what an INT can be; its digits are all there as a text.
  UInt64: { type: 'STRING', refuses: [2n ** 64n, -1] },
  Float: { type: 'FLOAT', refuses: [1e39, NaN], unreadable: [NaN, -Infinity] },
  Double: { type: 'DOUBLE', refuses: [Infinity], unreadable: [NaN] },
  String: { type: 'STRING' },
  ByteString: { type: 'BYTES' },
} as const satisfies Record<string, Omit<GoodPlace, 'visitor' | 'value' | 'others'>>
const names = Object.keys(types) as (keyof typeof types)[]

let field: OpcuaSimulator
/** The cable. */
let relay: TcpRelay
beforeAll(async () => {
  field = await startOpcuaSimulator()
  relay = await startTcpRelay(field.port)
})
afterAll(async () => {
  await relay.close()
  await field.close()
})

const isReadable = (value: Value) => typeof value !== 'number' || Number.isFinite(value)
const placeOf = (name: keyof typeof types): GoodPlace => ({
  visitor: { nodeID: field.nodeId(`Scalars.${name}`) },
  value: typeCases[name].scalar,
  others: typeCases[name].others.filter(isReadable),
  ...types[name],
})

/** All rigs stand on one server, since it takes a second to start; each finds it as it was. */
async function makeRig(): Promise<Rig> {
  const node = (index: number) => `Scalars.${names[index] ?? ''}`
  field.interfere()
  names.forEach((name, at) => field.set(node(at), typeCases[name].scalar))
  const [first = placeOf('Int32'), ...others] = names.map(placeOf)
  const { port } = relay
  const protocol = { url: `opc.tcp://127.0.0.1:${port}` }
  const bad = (nodeID: string, type: PropertyType = 'INT') => ({ visitor: { nodeID }, type })
  let isCut = false
  const restore = async () => {
    if (isCut) relay = await startTcpRelay(field.port, Infinity, port)
    isCut = false
  }
  return {
    ...{ driver: opcuaDriver, protocol, good: [first, ...others] },
    bad: bad(field.nodeId('Scalars.Nothing')),
    refusedWrite: { ...bad(field.nodeId('Access.ReadOnly')), value: 5 },
    wrong: [
      { what: 'protocol', raw: {}, field: 'url' },
      { what: 'protocol', raw: { url: 'http://127.0.0.1' }, field: 'url' },
      { what: 'protocol', raw: { ...protocol, timeoutMs: 0 }, field: 'timeoutMs' },
      { what: 'visitor', raw: { nodeID: 'ns=3;Scalars' }, field: 'nodeID' },
      { what: 'visitor', raw: { nodeID: 'i=1', indexRange: '3:1' }, field: 'indexRange' },
    ],
    second: { protocol, good: [first, ...others] },
    poke: (index, value) => field.set(node(index), value),
    peek: (index) => field.get(node(index)).value as Value,
    async cut() {
      isCut = true
      await relay.close()
    },
    restore,
    silence: (silent) => field.interfere(silent ? { drop: true } : undefined),
    requests: () => (field.calls['Read'] ?? 0) + (field.calls['Write'] ?? 0),
    close: restore,
  }
}

describe('the OPC UA driver', () => {
  for (const { name, run } of conformance(makeRig)) test(name, () => run())
})
