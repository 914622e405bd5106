/**
 * The three protocols as one would write them by hand for one program: bytes in, values out, frames with
 * a wrong checksum counted.
 */

/** Lines between CR LF. */
function lines(onLine) {
  let pending
  return (chunk) => {
    const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk])
    let from = 0
    for (;;) {
      const end = bytes.indexOf('\r\n', from, 'latin1')
      if (end === -1) break
      onLine(bytes, from, end)
      from = end + 2
    }
    pending = from < bytes.length ? bytes.subarray(from) : undefined
  }
}

const degrees = (text, side) => {
  const number = parseFloat(text)
  const whole = Math.floor(number / 100)
  return (whole + (number - whole * 100) / 60) * (side === 'S' || side === 'W' ? -1 : 1)
}

const nmea = (sink) =>
  lines((bytes, from, end) => {
    const star = end - 3
    let sum = 0
    for (let at = from + 1; at < star; at++) sum ^= bytes[at]
    if (bytes[from] !== 0x24 || bytes[star] !== 0x2a) return sink.bad()
    if (parseInt(bytes.latin1Slice(star + 1, end), 16) !== sum) return sink.bad()
    const fields = bytes.latin1Slice(from + 1, star).split(',')
    const kind = fields[0].slice(2)
    if (kind === 'RMC' && fields[2] === 'A') {
      sink.values({
        latitude: degrees(fields[3], fields[4]),
        longitude: degrees(fields[5], fields[6]),
        speed: (parseFloat(fields[7]) * 1852) / 3600,
        course: parseFloat(fields[8]),
      })
    } else if (kind === 'GGA' && fields[6] !== '0') {
      sink.values({
        altitude: parseFloat(fields[9]),
        satellites: parseInt(fields[7], 10),
        dilution: parseFloat(fields[8]),
      })
    }
  })

const units = { kg: 1, g: 0.001, mg: 0.000001, t: 1000 }

const scale = (sink) =>
  lines((bytes, from, end) => {
    const fields = bytes.latin1Slice(from, end).split(/ +/)
    const [command, rest, weight, unit] = fields
    if (fields.length !== 4 || command !== 'S' || !(unit in units)) return sink.bad()
    sink.values({ streamedWeight: parseFloat(weight) * units[unit], streamedStable: rest === 'S' })
  })

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)
  return crc
})

function vesc(sink) {
  let pending
  return (chunk) => {
    let bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk])
    while (bytes.length > 1) {
      const length = bytes[1] + 5
      if (bytes[0] === 2 && bytes.length < length) break
      let crc = 0
      for (let at = 2; at < length - 3; at++)
        crc = (crc << 8) ^ table[((crc >> 8) ^ bytes[at]) & 255]
      const good =
        bytes[0] === 2 &&
        bytes[length - 1] === 3 &&
        bytes.readUInt16BE(length - 3) === (crc & 0xffff)
      if (good && bytes[2] === 4) {
        sink.values({
          transistorTemperature: bytes.readInt16BE(3) / 10,
          motorCurrent: bytes.readInt32BE(7) / 100,
          speed: bytes.readInt32BE(25),
          inputVoltage: bytes.readInt16BE(29) / 10,
        })
      } else sink.bad()
      bytes = bytes.subarray(good ? length : 1)
    }
    pending = bytes.length > 0 ? bytes : undefined
  }
}

export const byHand = { nmea, scale, vesc }
