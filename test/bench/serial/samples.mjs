/** What three devices send: frames as bytes, so varied that no number comes twice in a row. */
const count = 64

const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, '0')

function sentence(text) {
  let sum = 0
  for (let at = 0; at < text.length; at++) sum ^= text.charCodeAt(at)
  return Buffer.from(`$${text}*${hex(sum)}\r\n`, 'latin1')
}

function nmea(index) {
  const second = String(index % 60).padStart(2, '0')
  const minutes = (7.038 + index / 1000).toFixed(4)
  return index % 2 === 0
    ? sentence(
        `GPRMC,1235${second}.00,A,480${minutes},N,01131.${100 + index},E,0${(22.4 + index / 10).toFixed(1)},084.${index % 10},230394,003.1,W`,
      )
    : sentence(
        `GPGGA,1235${second}.00,480${minutes},N,01131.${100 + index},E,1,${String(4 + (index % 9)).padStart(2, '0')},0.${1 + (index % 9)},${(545.4 + index / 10).toFixed(1)},M,46.9,M,,`,
      )
}

const scale = (index) =>
  Buffer.from(
    `S ${index % 3 === 0 ? 'D' : 'S'} ${(100 + index * 1.37).toFixed(2).padStart(10)} g\r\n`,
    'latin1',
  )

function vesc(index) {
  const payload = Buffer.alloc(58)
  payload[0] = 4
  payload.writeInt16BE(253 + index, 1)
  payload.writeInt16BE(-15 - index, 3)
  payload.writeInt32BE(1234 + 17 * index, 5)
  payload.writeInt32BE(-567 - index, 9)
  payload.writeInt32BE(-4500 + 100 * index, 23)
  payload.writeInt16BE(482 - index, 27)
  let crc = 0
  for (const byte of payload) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return Buffer.from([2, payload.length, ...payload, crc >> 8, crc & 255, 3])
}

const made = (frame) => Array.from({ length: count }, (_, index) => frame(index))

export const samples = { nmea: made(nmea), scale: made(scale), vesc: made(vesc) }
