import { openSerialWire, type SerialSettings } from '@mapper-sdk/core/line'

/** A device on the far end of a line that speaks a small protocol, as `asciiRecipe` declares it. */
export interface AsciiDevice {
  level: number
  /** Answered questions. */
  readonly asked: number
  /** Frames that it understood nothing of. */
  readonly strange: number
  /** Answers something else instead; undefined: nothing. */
  answer: (right: Uint8Array) => Uint8Array | undefined
  say(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

export const asciiRecipe = `
name: ascii device
frame: { type: delimiter, start: '#', end: <CR>, checksum: { type: XOR, as: HEX } }
exchanges:
  level: { request: L, response: { pattern: '^L(?<level>[0-9]+)$' }, timeoutMs: 1000 }
values:
  level: { from: level, type: integer, group: level }
writes:
  level: { request: 'W{value}', type: integer, response: { pattern: '^OK$' }, timeoutMs: 1000 }
`

/** A frame of it. */
export function asciiFrame(payload: string): Buffer {
  const sum = Buffer.from(payload).reduce((all, byte) => all ^ byte, 0)
  return Buffer.from(`#${payload}${sum.toString(16).toUpperCase().padStart(2, '0')}\r`)
}

/** The payload of a whole frame; undefined if the bytes are none. */
export function asciiPayload(frame: Buffer): string | undefined {
  const payload = frame.toString('latin1').slice(1, -3)
  return asciiFrame(payload).equals(frame) ? payload : undefined
}

export async function startAsciiDevice(settings: SerialSettings): Promise<AsciiDevice> {
  const wire = await openSerialWire(settings, new AbortController().signal)
  let received = Buffer.alloc(0)
  let asked = 0
  let strange = 0
  let writing = Promise.resolve()
  const say = (bytes: Uint8Array) => (writing = writing.then(() => wire.write(bytes)))
  const device: AsciiDevice = {
    level: 0,
    answer: (right) => right,
    get asked() {
      return asked
    },
    get strange() {
      return strange
    },
    say,
    close: () => wire.close(),
  }
  const answerTo = (payload: string) => {
    // With an address or without one; it is 1.
    const [, kind, value = ''] = /^1?([LW])(\d*)$/.exec(payload) ?? []
    if (kind === 'L') return asciiFrame(`L${device.level}`)
    if (kind === undefined) return undefined
    device.level = Number(value)
    return asciiFrame('OK')
  }
  wire.listen(
    (bytes) => {
      received = Buffer.concat([received, bytes])
      for (let end; (end = received.indexOf('\r')) >= 0; received = received.subarray(end + 1)) {
        const payload = asciiPayload(received.subarray(0, end + 1))
        const right = payload === undefined ? undefined : answerTo(payload)
        if (right === undefined) {
          strange++
          continue
        }
        asked++
        const said = device.answer(right)
        if (said !== undefined) say(said).catch(() => undefined)
      }
    },
    () => undefined,
  )
  return device
}
