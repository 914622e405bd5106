import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A device behind a TCP port that knows answers by their requests, and says nothing to others. */
export interface SerialDevice {
  readonly port: number
  /** All that it was told. */
  readonly heard: string
  readonly connections: number
  say(text: string): void
  /** Closes the connection. */
  hangUp(): void
}

export async function serialDevice(
  answers: Readonly<Record<string, string>> = {},
): Promise<SerialDevice> {
  let socket: Socket | undefined
  let heard = ''
  let connections = 0
  const say = (text: string) => void socket?.write(Buffer.from(text, 'latin1'))
  const server = createServer({ noDelay: true }, (one) => {
    socket = one
    connections++
    let line = ''
    one.on('error', () => undefined)
    one.on('data', (bytes) => {
      heard += bytes.toString('latin1')
      line += bytes.toString('latin1')
      for (let end; (end = line.indexOf('\r\n')) >= 0; line = line.slice(end + 2)) {
        const answer = answers[line.slice(0, end)]
        if (answer !== undefined) say(`${answer}\r\n`)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    socket?.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    get heard() {
      return heard
    },
    get connections() {
      return connections
    },
    say,
    hangUp: () => void socket?.destroy(),
  }
}

/** What a scale with MT-SICS answers. */
export const scaleAnswers = {
  '@': 'I4 A "0123"',
  SI: 'S S     100.00 g',
  TA: 'TA A       0.00 g',
  'TA 12.50 g': 'TA A      12.50 g',
  'TA 99.00 g': 'TA L',
}

/** The time of day and hexadecimal bytes, which say nothing new, are left out. */
export const withoutTime = (line: string) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, '')
