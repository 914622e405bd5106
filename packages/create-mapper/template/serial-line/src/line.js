// @ts-check
/** @typedef {import('@mapper-sdk/core').Outcome<string>} Said */

/**
 * STX, text, ETX, and the XOR of all bytes after STX, as the manual says.
 * @type {import('@mapper-sdk/serial').FrameSpec}
 */
export const frame = {
  type: 'delimiter',
  start: '<STX>',
  end: '<ETX>',
  checksum: { type: 'BCC', afterEnd: true },
}

/**
 * A serial port, or a device server that passes bytes on between a socket and a line.
 * @param {string} line
 * @returns {import('@mapper-sdk/core/line').WireSettings}
 */
export function wireOf(line) {
  if (line.startsWith('/')) {
    return { kind: 'serial', path: line, baudRate: 9600, dataBits: 8, stopBits: 1, parity: 'none' }
  }
  const [host = '', port] = line.split(':')
  return { kind: 'tcp', host, port: Number(port), connectTimeoutMs: 5000 }
}

/** A configuration with one text. @param {string} name @param {string} pattern @param {string} description */
export const schemaOf = (name, pattern, description) => ({
  type: 'object',
  properties: { [name]: { type: 'string', pattern, description } },
  required: [name],
})
