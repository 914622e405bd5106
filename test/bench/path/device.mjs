import net from 'node:net'

/**
 * The device of the path benchmark: a Modbus TCP server that answers every read of holding registers
 * with values that differ from one request to the next, as cheaply as it can.
 */
let tick = 0
const server = net.createServer((socket) => {
  socket.setNoDelay(true)
  let pending = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 12) {
      const count = pending.readUInt16BE(10)
      const answer = Buffer.alloc(9 + count * 2)
      pending.copy(answer, 0, 0, 4)
      answer.writeUInt16BE(3 + count * 2, 4)
      answer[6] = pending[6]
      answer[7] = pending[7]
      answer[8] = count * 2
      const first = pending.readUInt16BE(8)
      tick = (tick + 1) & 0xffff
      for (let i = 0; i < count; i++) answer.writeUInt16BE((first + i + tick) & 0xffff, 9 + i * 2)
      pending = pending.subarray(12)
      socket.write(answer)
    }
  })
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit(0))
