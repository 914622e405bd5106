import type { IncomingMessage } from 'node:http'
import { fail, type Answer } from './route.ts'

export type JsonReading =
  { readonly ok: true; readonly value: unknown } | { ok: false; answer: Answer }

/** The JSON body of a request, of at most `mostBytes`; or the answer that says what is wrong with it. */
export async function readJson(request: IncomingMessage, mostBytes: number): Promise<JsonReading> {
  const no = (status: number, text: string) => ({ ok: false as const, answer: fail(status, text) })
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json *(; *charset="?utf-8"? *)?$/i.test(type)) {
    return no(415, 'send the body as application/json')
  }
  if (request.headers['content-encoding'] !== undefined) {
    return no(415, 'send the body without Content-Encoding')
  }
  const tooLarge = () => no(413, `the body may have at most ${mostBytes} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > mostBytes) return tooLarge()
      chunks.push(chunk)
    }
  } catch {
    return no(400, 'the body broke off')
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return no(400, 'the body is not JSON')
  }
}
