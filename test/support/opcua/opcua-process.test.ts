import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { AttributeIds, type ClientSession } from 'node-opcua-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareClients } from '../../../packages/opcua/src/simulator/bare-client.suite.ts'
import { startOpcuaProcess, type OpcuaProcess } from './opcua-process.ts'

const connect = bareClients()
let simulator: OpcuaProcess
beforeAll(async () => void (simulator = await startOpcuaProcess()))
afterAll(() => simulator.stop())

const read = (session: ClientSession, name = 'Scalars.Int32') =>
  session.read({ nodeId: `ns=3;s=${name}`, attributeId: AttributeIds.Value })

describe('a simulator in a process of its own', () => {
  it('is set, read and asked as one in this process', async () => {
    await simulator.call('set', 'Scalars.Int64', 9_007_199_254_740_993n, {
      statusCode: 'UncertainInitialValue',
    })
    expect(await simulator.call('get', 'Scalars.Int64')).toMatchObject({
      value: 9_007_199_254_740_993n,
      statusCode: 'UncertainInitialValue',
    })
    const session = await connect(simulator.url)
    expect(await simulator.ask('sessionCount')).toBe(1)
    expect((await simulator.ask('calls'))['CreateSession']).toBe(1)
    await session.close()
    await expect(simulator.call('get', 'Nowhere')).rejects.toThrow('no variable Nowhere')
  })
  it('answers nothing while it is frozen, and goes on after', async () => {
    const session = await connect(simulator.url)
    simulator.freeze()
    let answered = false
    const reading = read(session).then((value) => {
      answered = true
      return value
    })
    const asking = simulator.ask('calls')
    // A whole process lives and ends meanwhile, which takes longer than a read.
    await promisify(execFile)(process.execPath, ['-e', ''])
    expect(answered).toBe(false)
    simulator.thaw()
    expect((await reading).value.value).toBe(-2_000_000_000)
    expect((await asking)['Read']).toBeGreaterThan(0)
    await session.close()
  })
  it('is killed, and comes back on its port with its certificate and other options', async () => {
    const before = await simulator.ask('certificate')
    await simulator.kill()
    await expect(connect(simulator.url)).rejects.toThrow()
    await expect(simulator.ask('calls')).rejects.toThrow('was killed')
    await simulator.start({ missing: ['Scalars.Byte'] })
    expect(await simulator.ask('certificate')).toEqual(before)
    const session = await connect(simulator.url)
    expect((await read(session)).value.value).toBe(-2_000_000_000)
    expect((await read(session, 'Scalars.Byte')).statusCode.name).toBe('BadNodeIdUnknown')
    await session.close()
  })
  it('stops also while it is frozen', async () => {
    simulator.freeze()
    await simulator.stop()
    await simulator.stop()
    await expect(connect(simulator.url)).rejects.toThrow()
  })
})
