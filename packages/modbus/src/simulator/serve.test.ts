import modbusSerial from 'modbus-serial'
import { afterEach, describe, expect, it } from 'vitest'
import { createBank, serveTcp, type BankWrite } from './index.ts'
import { reply } from './reply.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

/** The simulator, and the client of modbus-serial, which nobody here wrote. */
async function together() {
  const bank = createBank({ units: [1, 2] })
  const simulator = await serveTcp(bank)
  cleanUp.push(() => simulator.close())
  const client = new modbusSerial.default()
  client.on('error', () => undefined)
  await client.connectTCP('127.0.0.1', { port: simulator.port })
  client.setTimeout(2000)
  cleanUp.push(() => new Promise<void>((resolve) => client.destroy(() => resolve())))
  client.setID(1)
  return { bank, simulator, client }
}

describe('the simulator', () => {
  it('serves all tables to a foreign client', async () => {
    const { bank, client } = await together()
    bank.setRegister('holding', 0, [1, 2, 65_535])
    bank.setRegister('input', 9, -2)
    bank.setBit('discrete', 3, [true, false, true])
    bank.setBit('coil', 65_535, true)
    expect((await client.readHoldingRegisters(0, 3)).data).toEqual([1, 2, 65_535])
    expect((await client.readInputRegisters(9, 1)).data).toEqual([65_534])
    expect((await client.readDiscreteInputs(3, 3)).data.slice(0, 3)).toEqual([true, false, true])
    expect((await client.readCoils(65_535, 1)).data[0]).toBe(true)
  })
  it('takes writes and tells of them', async () => {
    const { bank, client } = await together()
    const writes: BankWrite[] = []
    const stop = bank.onWrite((write) => writes.push(write))
    await client.writeRegister(5, 77)
    await client.writeRegisters(6, [1, 2])
    await client.writeCoil(1, true)
    await client.writeCoils(8, [true, false, true])
    stop()
    await client.writeRegister(5, 78)
    expect(bank.getRegister('holding', 5)).toBe(78)
    expect([8, 9, 10].map((at) => bank.getBit('coil', at))).toEqual([true, false, true])
    expect(writes).toEqual([
      { unit: 1, table: 'holding', address: 5, values: [77] },
      { unit: 1, table: 'holding', address: 6, values: [1, 2] },
      { unit: 1, table: 'coil', address: 1, values: [1] },
      { unit: 1, table: 'coil', address: 8, values: [1, 0, 1] },
    ])
  })
  it('refuses holes, the end, unknown functions and absent units by the right codes', async () => {
    const { bank, client } = await together()
    bank.hole('holding', 10, 19)
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 0,
        (thrown: unknown) => (thrown as { modbusCode?: number }).modbusCode,
      )
    expect(await code(client.readHoldingRegisters(8, 3))).toBe(2)
    expect(await code(client.readHoldingRegisters(20, 3))).toBe(0)
    expect(await code(client.readInputRegisters(65_534, 3))).toBe(2)
    expect(await code(client.writeRegister(10, 1))).toBe(2)
    expect([...reply(bank, 1, Buffer.of(17))]).toEqual([0x91, 1])
    client.setID(3)
    expect(await code(client.readHoldingRegisters(0, 1))).toBe(11)
  })
  it('masks, exchanges and identifies itself to a foreign client', async () => {
    const { bank, client } = await together()
    bank.setRegister('holding', 3, [0x00f0, 7])
    await client.maskWriteRegister(3, 0xff0f, 0x00a0)
    expect(bank.getRegister('holding', 3)).toBe(0x00a0)
    const read = await new Promise((resolve, reject) => {
      client.writeFC23(1, 3, 2, 4, 2, [8, 9], (error, { data }) =>
        error === null ? resolve(data) : reject(error),
      )
    })
    expect(read).toEqual([0xa0, 8])
    expect(bank.getRegister('holding', 5)).toBe(9)

    const objects = new Map([0, 1, 2, 3, 0x80].map((id) => [id, `object ${id} `.padEnd(80, '.')]))
    bank.identify({ objects, serverId: 0x2a, running: false })
    for (const [level, ids] of [
      [1, [0, 1, 2]],
      [2, [0, 1, 2, 3]],
      [3, [0, 1, 2, 3, 128]],
    ] as const) {
      const { data, conformityLevel } = await client.readDeviceIdentification(level, 0)
      expect(Object.keys(data).map(Number)).toEqual(ids)
      expect(Object.values(data)).toEqual(ids.map((id) => objects.get(id)))
      expect(conformityLevel).toBe(0x83)
    }
    expect(Object.keys((await client.readDeviceIdentification(4, 3)).data)).toEqual(['3'])
    expect([...reply(bank, 1, Buffer.of(17))]).toEqual([17, 2, 0x2a, 0])
  })
  it('refuses writes to protected ranges, and functions that a unit does not know', async () => {
    const { bank, client } = await together()
    bank.setRegister('holding', 10, 5)
    bank.protect('holding', 10, 19, 1)
    const [f6, f16, f22, f23] = [
      [6, 0, 10, 0, 1],
      [16, 0, 9, 0, 2, 4, 0, 1, 0, 1],
      [22, 0, 19, 0, 0, 0, 0],
      [23, 0, 0, 0, 1, 0, 9, 0, 2, 4, 0, 1, 0, 1],
    ].map((pdu) => Buffer.from(pdu)) as [Buffer, Buffer, Buffer, Buffer]
    const answers = (unit: number) => [f6, f16, f22, f23].map((pdu) => [...reply(bank, unit, pdu)])
    expect(answers(1)).toEqual([6, 16, 22, 23].map((code) => [code | 0x80, 2]))
    expect((await client.readHoldingRegisters(10, 1)).data).toEqual([5])
    expect(answers(2).map(([code]) => code)).toEqual([6, 16, 22, 23])
    bank.allow([3, 6], 2)
    expect(answers(2).map(([code]) => code)).toEqual([6, 16 | 0x80, 22 | 0x80, 23 | 0x80])
    expect([...reply(bank, 2, Buffer.of(3, 0, 0, 0, 1))]).toEqual([3, 2, 0, 0])
    expect([...reply(bank, 2, Buffer.of(1, 0, 0, 0, 1))]).toEqual([0x81, 1])
  })
  it('refuses what is wrong in itself', () => {
    const bank = createBank()
    bank.identify({ objects: new Map([[0, 'x']]) })
    for (const [pdu, code] of [
      [[22, 0, 0, 0, 0, 0], 3],
      [[23, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0], 3],
      [[23, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0], 3],
      [[23, 0, 0, 0, 1], 3],
      [[43, 14, 0, 0], 3],
      [[43, 14, 5, 0], 3],
      [[43, 14, 4, 9], 2],
      [[43, 13, 1, 0], 1],
      [[17], 1],
      [[99], 1],
    ] as const) {
      expect([pdu, ...reply(bank, 1, Buffer.from(pdu))]).toEqual([pdu, pdu[0] | 0x80, code])
    }
    const wrong = [
      { objects: new Map([[256, 'x']]) },
      { objects: new Map([[1, 'x'.repeat(245)]]) },
      { serverId: 256 },
      { serverId: 'x'.repeat(251) },
    ]
    for (const identity of wrong) expect(() => bank.identify(identity)).toThrow(RangeError)
  })
  it('counts, mutes, drops and closes', async () => {
    const { simulator, client } = await together()
    await client.readHoldingRegisters(0, 1)
    expect(simulator.requests).toBe(1)
    expect(simulator.connections).toBe(1)
    simulator.mute(true)
    client.setTimeout(30)
    await expect(client.readHoldingRegisters(0, 1)).rejects.toBeDefined()
    simulator.drop()
    await expect.poll(() => simulator.connections).toBe(0)
    await simulator.close()
    await simulator.close()
  })
  it('rejects a port that is taken', async () => {
    const { simulator } = await together()
    await expect(serveTcp(createBank(), { port: simulator.port })).rejects.toThrow(/EADDRINUSE/)
  })
})
