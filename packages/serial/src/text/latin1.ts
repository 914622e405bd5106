import { Buffer } from 'node:buffer'

/** Each byte as the character of its number. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
