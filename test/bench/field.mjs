import net from 'node:net'

/** Modbus TCP servers in one process: every unit answers, with values that change with every request. */
const servers = Number(process.argv[2])
let tick = 0
const serve = (socket) => {
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
      tick = (tick + 1) & 0xffff
      for (let i = 0; i < count; i++) answer.writeUInt16BE((i + tick) & 0xffff, 9 + i * 2)
      pending = pending.subarray(12)
      socket.write(answer)
    }
  })
}
const ports = []
for (let i = 0; i < servers; i++) {
  const server = net.createServer(serve)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  ports.push(server.address().port)
}
process.send({ ports })
process.on('disconnect', () => process.exit(0))
