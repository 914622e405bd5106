import { createServer } from 'node:net'
import type { Value } from '@mapper-sdk/core'
import jsmodbus from 'jsmodbus'
import { describe, expect, it } from 'vitest'
import type { ModbusVisitor } from './config/visitor.ts'
import { cleanUp, connect, listening, protocolOf, shown, signal, visitor } from './driver.suite.ts'

/** A jsmodbus server, whose memory is set and looked at through its own buffers. */
async function startJsmodbus() {
  const tables = {
    coils: Buffer.alloc(16),
    discrete: Buffer.alloc(16),
    holding: Buffer.alloc(512),
    input: Buffer.alloc(512),
  }
  const server = createServer()
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  new jsmodbus.server.TCP(server, tables)
  const port = await listening(server)
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port, ...tables }
}

describe('every type', () => {
  const big = Buffer.from('3dcccccd', 'hex')
  const cases: readonly [Partial<ModbusVisitor>, Value, string][] = [
    [{ type: 'bool' }, true, '0001'],
    [{ type: 'int16' }, -2, 'fffe'],
    [{ type: 'uint16' }, 65_534, 'fffe'],
    [{ type: 'int32' }, -2, 'fffffffe'],
    [{ type: 'uint32', wordOrder: 'little' }, 0x11223344, '33441122'],
    [{ type: 'int64' }, -2, 'fffffffffffffffe'],
    [{ type: 'uint64' }, 18_446_744_073_709_551_615n, 'ffffffffffffffff'],
    [{ type: 'float32' }, 0.1, big.toString('hex')],
    [{ type: 'float32', byteOrder: 'little' }, 0.1, 'cc3dcdcc'],
    [{ type: 'float64' }, -1.5, 'bff8000000000000'],
    [{ type: 'string', length: 4 }, 'süd', '73c3bc6400000000'],
    [{ type: 'bytes', length: 2 }, Uint8Array.of(1, 2, 3, 255), '010203ff'],
    [{ type: 'float16' }, 0.1, '2e66'],
    [{ type: 'bcd16' }, 1234, '1234'],
    [{ type: 'bcd32', byteOrder: 'little', wordOrder: 'little' }, 12_345_678, '78563412'],
    [{ type: 'int32', fractionBits: 16 }, -1.25, 'fffec000'],
    [{ type: 'string', length: 3, byte: 'low', padding: 'space' }, 'ab', '006100620020'],
    [{ type: 'string', length: 2, encoding: 'latin1' }, 'süd', '73fc6400'],
    [{ type: 'uint16', bitNames: '0=fault,8=running' }, 'fault,running', '0101'],
  ]
  const size = ([, , hex]: (typeof cases)[number]) => hex.length / 4
  const visitors = cases.map((one, index) =>
    visitor(
      cases.slice(0, index).reduce((sum, before) => sum + size(before), 0),
      one[0],
    ),
  )
  const bytes = Buffer.from(cases.map(([, , hex]) => hex).join(''), 'hex')

  it.each(['holding', 'input'] as const)('is read from %s registers', async (table) => {
    const server = await startJsmodbus()
    bytes.copy(server[table])
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const outcomes = await connection.read(
      protocol,
      visitors.map((one) => ({ ...one, table })),
      signal,
    )
    expect(outcomes).toStrictEqual(cases.map(([, value]) => ({ ok: true, value })))
  })

  it.each(['auto', 'multiple'] as const)('is written (function: %s)', async (writeFunction) => {
    const server = await startJsmodbus()
    const protocol = protocolOf(server.port, { writeFunction })
    const connection = await connect(protocol)
    const writes = cases.flatMap(([, value], index) => {
      const one = visitors[index]
      return one === undefined ? [] : [{ visitor: one, value }]
    })
    expect(await connection.write(protocol, writes, signal)).toEqual(
      cases.map(() => ({ ok: true, value: undefined })),
    )
    expect(server.holding.subarray(0, bytes.length).toString('hex')).toBe(bytes.toString('hex'))
    expect(shown(await connection.read(protocol, visitors, signal))).toStrictEqual(
      cases.map(([, value]) => value),
    )
  })

  it('reads parts of registers, and what is scaled by another one', async () => {
    const server = await startJsmodbus()
    Buffer.from('ab120008ffff04d2000000008000fffe', 'hex').copy(server.holding)
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const visitors = [
      visitor(0, { type: 'int8', byte: 'high' }),
      visitor(0, { type: 'bcd8' }),
      visitor(0, { type: 'uint16', bits: '8-11' }),
      visitor(1, { type: 'bool', bit: 3 }),
      visitor(1, { type: 'bool', bit: 4 }),
      visitor(3, { type: 'int16', scaleFactorAddress: 2 }),
      visitor(3, { type: 'int16', scaleFactorAddress: 7 }),
      visitor(3, { type: 'int16', scaleFactorAddress: 6 }),
      visitor(3, { type: 'int16', scaleFactorAddress: 0 }),
      visitor(6, { type: 'int16', noValue: 'sunspec' }),
      visitor(0, { type: 'bcd16' }),
    ]
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual([
      ...[-85, 12, 11, true, false, 123.4, 12.34],
      ...['unsupported', 'bad_data', 'unsupported', 'bad_data'],
    ])
  })

  it('reads bits across bytes, as booleans and as numbers', async () => {
    const server = await startJsmodbus()
    server.coils.set([0b1000_0001, 0b0000_0010])
    server.discrete.set([0b0000_0100])
    const protocol = protocolOf(server.port)
    const connection = await connect(protocol)
    const visitors = [
      visitor(0, { table: 'coil' }),
      visitor(9, { table: 'coil' }),
      visitor(8, { table: 'coil' }),
      visitor(7, { table: 'coil', type: 'uint16' }),
      visitor(2, { table: 'discrete', type: 'bool' }),
    ]
    expect(shown(await connection.read(protocol, visitors, signal))).toEqual([
      true,
      true,
      false,
      1,
      true,
    ])
  })
})
