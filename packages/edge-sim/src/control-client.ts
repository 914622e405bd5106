import { MapperError, splitId, type Id } from '@mapper-sdk/core'
import type { CloudDevice } from './cloud.ts'
import type { EdgeSimEvent } from './event.ts'
import type { FolderIssue } from './folder.ts'
import type { Manifest } from './manifest.ts'
import type { EdgeSimStats } from './stats.ts'

/** A stand-in in another process, by its control API. Each call rejects with a MapperError. */
export interface EdgeSimControl {
  cloud(signal?: AbortSignal): Promise<readonly CloudDevice[]>
  resources(signal?: AbortSignal): Promise<readonly Manifest[]>
  stats(signal?: AbortSignal): Promise<EdgeSimStats>
  issues(signal?: AbortSignal): Promise<readonly FolderIssue[]>
  setDesired(device: Id, property: string, value: string, signal?: AbortSignal): Promise<void>
  restart(signal?: AbortSignal): Promise<void>
  cloudLink(up: boolean, signal?: AbortSignal): Promise<void>
  /** What happens from now on, until the signal aborts or the stand-in ends. */
  events(signal: AbortSignal): AsyncIterable<EdgeSimEvent>
}

/** `url` as the stand-in prints it: `http://127.0.0.1:PORT`. Does not connect yet. */
export function connectControl(url: string): EdgeSimControl {
  async function call(route: string, init: RequestInit): Promise<Response> {
    const response = await fetch(new URL(route, url), init).catch((error: unknown) => {
      if (init.signal?.aborted) throw MapperError.from(init.signal.reason, 'canceled')
      throw MapperError.from(error, 'unreachable')
    })
    if (response.ok) return response
    const text = await response.text()
    const code = response.status === 400 ? 'invalid_config' : 'internal'
    throw new MapperError(code, `${route}: ${response.status} ${text}`)
  }
  const get = async <T>(route: string, signal: AbortSignal | undefined): Promise<T> =>
    (await (await call(route, { signal: signal ?? null })).json()) as T
  const send = async (
    method: 'PUT' | 'POST',
    route: string,
    body: string,
    signal: AbortSignal | undefined,
  ) => void (await (await call(route, { method, body, signal: signal ?? null })).text())

  return {
    cloud: (signal) => get('/cloud', signal),
    resources: (signal) => get('/resources', signal),
    stats: (signal) => get('/stats', signal),
    issues: (signal) => get('/issues', signal),
    setDesired(device, property, value, signal) {
      const { namespace, name } = splitId(device)
      const route = `/desired/${[namespace, name, property].map(encodeURIComponent).join('/')}`
      return send('PUT', route, value, signal)
    },
    restart: (signal) => send('POST', '/restart', '', signal),
    cloudLink: (up, signal) => send('POST', '/cloud-link', up ? 'up' : 'down', signal),
    async *events(signal) {
      const { body } = await call('/events', { signal })
      const decoder = new TextDecoder()
      let rest = ''
      try {
        for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
          rest += decoder.decode(chunk, { stream: true })
          const messages = rest.split('\n\n')
          rest = messages.pop() ?? ''
          for (const message of messages) {
            if (message.startsWith('data: ')) yield JSON.parse(message.slice(6)) as EdgeSimEvent
          }
        }
      } catch (error) {
        if (!signal.aborted) throw MapperError.from(error, 'unreachable')
      }
    },
  }
}
