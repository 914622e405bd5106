import { openSerialWire } from '@mapper-sdk/core/line'
import { createBank } from '@mapper-sdk/modbus/simulator'

/**
 * The units of an RTU line with the timing of a real one: a request takes its time on the wire, then
 * the unit turns around, then the answer takes its time, of which only the last byte counts. Units from
 * `live` on are silent. Whatever is not a whole request with a right checksum is counted.
 */
const [path, baudRate, turnaroundMs, live] = process.argv.slice(2)
const characterMs = 11_000 / Number(baudRate)
const bank = createBank()
const wire = await openSerialWire(
  { kind: 'serial', path, baudRate: Number(baudRate), dataBits: 8, stopBits: 1, parity: 'even' },
  new AbortController().signal,
)
let pending = Buffer.alloc(0)
let requests = 0
let broken = 0
let writes = []

const crc16 = (bytes) => {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return crc
}
const framed = (bytes) => {
  const crc = crc16(bytes)
  return Buffer.from([...bytes, crc & 0xff, crc >> 8])
}

/** Timers are too coarse for a character at 9600 bit/s. */
function at(time, call) {
  const left = time - performance.now()
  if (left <= 0) call()
  else if (left > 3) setTimeout(() => at(time, call), left - 2)
  else setImmediate(() => at(time, call))
}

wire.listen(
  (bytes) => {
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 8) {
      const request = pending.subarray(0, 8)
      if (crc16(request.subarray(0, 6)) !== request.readUInt16LE(6)) {
        broken++
        pending = pending.subarray(1)
        continue
      }
      pending = pending.subarray(8)
      const arrived = performance.now()
      requests++
      const [unit = 0, functionCode] = request
      if (functionCode === 6) writes.push(performance.timeOrigin + arrived)
      if (unit > Number(live)) continue
      const count = request.readUInt16BE(4)
      const answer =
        functionCode === 6
          ? request
          : framed([
              unit,
              3,
              2 * count,
              ...Array.from(
                { length: count },
                (_, i) => bank.view('holding', i, 1, unit)[0] ?? 0,
              ).flatMap((word) => [word >> 8, word & 0xff]),
            ])
      const characters = request.length + answer.length
      at(arrived + characters * characterMs + Number(turnaroundMs), () => void wire.write(answer))
    }
  },
  () => process.exit(0),
)
process.on('message', () => {
  process.send({ requests, broken, writes })
  writes = []
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
