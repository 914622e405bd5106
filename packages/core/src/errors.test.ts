import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { MapperError } from './errors.ts'

test('a fetch whose server hangs up or is not there is unreachable, one that is aborted canceled', async () => {
  const server = createServer((request) => void request.socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'answered',
      (thrown: unknown) => MapperError.from(thrown).code,
    )
  expect(await codeOf(fetch(url))).toBe('unreachable')
  expect(await codeOf(fetch(url, { signal: AbortSignal.abort() }))).toBe('canceled')
  await new Promise((resolve) => server.close(resolve))
  expect(await codeOf(fetch(url))).toBe('unreachable')
})
