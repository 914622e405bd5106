import { MapperError } from '@mapper-sdk/core'
import type { Line } from '@mapper-sdk/core/line'
import { createFramer, formatBytes, type Frame } from '@mapper-sdk/serial'

/** Asks a device whose frames are STX, text, ETX, and the XOR of all after STX. */
export function openDevice(line: Line, timeoutMs: number) {
  const checksum = { type: 'BCC', afterEnd: true } as const
  const framer = createFramer({ type: 'delimiter', start: '<STX>', end: '<ETX>', checksum }, line)
  let onFrame: (frame: Frame) => void = () => undefined
  let onLost: (reason: MapperError) => void = () => undefined
  line.listen(
    (bytes) => framer.push(bytes, performance.now()).forEach((frame) => onFrame(frame)),
    (reason) => onLost(reason),
  )
  async function exchange(request: Uint8Array): Promise<string> {
    // What came before the question is no answer to it.
    await line.discardInput()
    framer.reset()
    const answer = new Promise<string>((resolve, reject) => {
      onLost = reject
      onFrame = (frame) => {
        if (frame.good) resolve(Buffer.from(frame.payload).toString('latin1'))
        else if (frame.reason !== 'noise')
          reject(new MapperError('bad_data', `${frame.reason}: ${formatBytes(frame.raw)}`))
      }
    })
    // Only a new connection makes sure that a late answer is not taken for the next one.
    const late = new MapperError('timeout', `no answer in ${timeoutMs} ms`)
    const timer = setTimeout(() => line.drop(late), timeoutMs)
    const done = Promise.all([answer, line.write(request)]).finally(() => clearTimeout(timer))
    return (await done)[0]
  }
  return {
    ask: (text: string, signal: AbortSignal) =>
      line.turn(() => exchange(framer.encode(Buffer.from(text))), { signal }),
  }
}
