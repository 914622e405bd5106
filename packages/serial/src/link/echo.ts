import { formatBytes } from '../text/bytes-text.ts'

/** Takes out what a half-duplex converter sends back of our own bytes. */
export interface Echo {
  /** These bytes are about to be sent. */
  expect(bytes: Uint8Array): void
  /**
   * What is left of bytes that came in. A text instead: they are not what was sent, because another
   * spoke at the same time, or because there is no echo at all.
   */
  strip(bytes: Uint8Array): Uint8Array | string
}

export function createEcho(): Echo {
  let sent: Uint8Array = new Uint8Array()
  let seen = 0
  return {
    expect(bytes) {
      sent = bytes
      seen = 0
    },
    strip(bytes) {
      const length = Math.min(bytes.length, sent.length - seen)
      for (let at = 0; at < length; at++) {
        if (bytes[at] === sent[seen + at]) continue
        const wanted = formatBytes(sent.subarray(seen))
        sent = new Uint8Array()
        seen = 0
        return `${formatBytes(bytes)} came instead of the echo ${wanted}: another spoke at the same time, or the converter has no echo`
      }
      seen += length
      return bytes.subarray(length)
    },
  }
}

/** Where there is none. */
export const noEcho: Echo = { expect: () => undefined, strip: (bytes) => bytes }
