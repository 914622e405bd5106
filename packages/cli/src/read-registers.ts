import { connect } from 'node:net'
import { MapperError } from '@mapper-sdk/core'

export interface RegisterRequest {
  readonly host: string
  readonly port: number
  readonly unit: number
  readonly address: number
  readonly count: number
}

/**
 * Reads holding registers over a connection of its own, with nothing but the Modbus TCP frame: a
 * second opinion on what a mapper claims to have written.
 */
export function readHoldingRegisters(
  { host, port, unit, address, count }: RegisterRequest,
  withinMs = 2000,
): Promise<readonly number[]> {
  const request = Buffer.alloc(12)
  const fields = [1, 0, 6, (unit << 8) | 3, address, count]
  fields.forEach((field, index) => request.writeUInt16BE(field, index * 2))
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.write(request))
    const fail = (code: 'timeout' | 'bad_data' | 'unreachable', detail: string) => {
      socket.destroy()
      reject(new MapperError(code, detail))
    }
    socket.setTimeout(withinMs, () => fail('timeout', `no answer in ${withinMs} ms`))
    socket.on('error', (error) => fail('unreachable', error.message))
    socket.on('close', () => fail('unreachable', 'the connection was closed'))
    let answer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      const expected = 9 + count * 2
      const refused = answer.length >= 9 && ((answer[7] ?? 0) & 0x80) !== 0
      if (refused) return fail('bad_data', `exception ${answer[8]}`)
      if (answer.length < expected) return
      const head = [answer.readUInt16BE(0), answer.readUInt16BE(2), answer.readUInt16BE(4)]
      const right = head[0] === 1 && head[1] === 0 && head[2] === expected - 6
      if (!right || answer[6] !== unit || answer[7] !== 3 || answer[8] !== count * 2) {
        return fail('bad_data', `not the answer: ${answer.toString('hex')}`)
      }
      resolve(Array.from({ length: count }, (_, index) => answer.readUInt16BE(9 + index * 2)))
      socket.destroy()
    })
  })
}
