import type { OPCUAServer, ServerSecureChannelLayer } from 'node-opcua'
import type { Interference } from './simulator.ts'

/** Stands between the wire and the server: counts, delays and drops. */
export interface RequestGate {
  interfere(how: Interference | undefined): void
  delayPublish(ms: number): void
  close(): void
}

export interface GateOptions {
  /** Counted into, by service. */
  readonly calls: Record<string, number>
  /** Whether the node with this identifier reports every change, whatever the client asks for. */
  readonly reportsEveryChange: (nodeId: string) => boolean
  readonly maxSessionTimeoutMs: number | undefined
}

/** How requests come in; more than the published types say. */
interface Message {
  readonly request: {
    readonly schema: { readonly name: string }
    requestedSessionTimeout?: number
    readonly itemsToCreate?:
      | readonly {
          readonly itemToMonitor: { readonly nodeId: { readonly value: unknown } }
          readonly requestedParameters: { samplingInterval: number }
        }[]
      | null
  }
}
type Send = (type: string, response: unknown, message: Message, done?: () => void) => void

export function gateRequests(server: OPCUAServer, options: GateOptions): RequestGate {
  const { calls, reportsEveryChange, maxSessionTimeoutMs } = options
  const timers = new Set<NodeJS.Timeout>()
  let interference: Interference = {}
  let publishDelayMs = 0
  let held: { readonly dueAt: number; readonly send: () => void }[] = []
  let nextHeld: NodeJS.Timeout | undefined

  const later = (ms: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
    }, ms)
    timers.add(timer)
  }

  const gated = server as unknown as {
    on_request(message: Message, channel: ServerSecureChannelLayer): void
  }
  const handle = gated.on_request.bind(server)
  gated.on_request = (message, channel) => {
    const { request } = message
    const service = request.schema.name.replace(/Request$/, '')
    calls[service] = (calls[service] ?? 0) + 1
    if (service === 'CreateSession' && maxSessionTimeoutMs !== undefined) {
      const wanted = request.requestedSessionTimeout ?? maxSessionTimeoutMs
      request.requestedSessionTimeout = Math.min(wanted, maxSessionTimeoutMs)
    }
    for (const { itemToMonitor, requestedParameters } of request.itemsToCreate ?? []) {
      // 0 asks for each change as it happens, with no sampling that could skip one.
      if (reportsEveryChange(String(itemToMonitor.nodeId.value))) {
        requestedParameters.samplingInterval = 0
      }
    }
    const { services, drop, delayMs = 0 } = interference
    const meant = services?.includes(service) ?? true
    if (meant && drop === true) return
    if (meant && delayMs > 0) later(delayMs, () => handle(message, channel))
    else handle(message, channel)
  }

  const flush = () => {
    clearTimeout(nextHeld)
    const now = performance.now()
    // What was held first goes first, also when the delay became shorter meanwhile.
    while (held[0] !== undefined && held[0].dueAt <= now) held.shift()?.send()
    const wait = (held[0]?.dueAt ?? Infinity) - now
    if (wait < Infinity) nextHeld = setTimeout(flush, Math.max(1, wait))
  }
  server.on('newChannel', (channel) => {
    const out = channel as unknown as { send_response: Send }
    const send = out.send_response.bind(channel)
    out.send_response = (type, response, message, done) => {
      const isPublish = message.request.schema.name === 'PublishRequest'
      if (!isPublish || (publishDelayMs === 0 && held.length === 0)) {
        send(type, response, message, done)
        return
      }
      const dueAt = performance.now() + publishDelayMs
      held.push({ dueAt, send: () => send(type, response, message, done) })
      flush()
    }
  })

  return {
    interfere: (how = {}) => void (interference = how),
    delayPublish(ms) {
      publishDelayMs = ms
      const latest = performance.now() + ms
      held = held.map(({ dueAt, send }) => ({ dueAt: Math.min(dueAt, latest), send }))
      flush()
    },
    close() {
      for (const timer of timers) clearTimeout(timer)
      clearTimeout(nextHeld)
      held = []
    },
  }
}
