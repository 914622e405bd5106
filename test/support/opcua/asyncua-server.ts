import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createAsk } from '../ask.ts'
import { startChild } from '../child.ts'
import { freePort } from '../free-port.ts'
import { findPython } from '../python.ts'
import { requireServer } from '../require-server.ts'
import { until } from '../until.ts'

const script = fileURLToPath(new URL('asyncua_server.py', import.meta.url))
const ownPython = fileURLToPath(
  new URL('../../../node_modules/.cache/python/bin/python', import.meta.url),
)

/** A policy and a mode, in asyncua's words: its default is all of them but the broken ones. */
export type AsyncuaPolicy =
  | 'NoSecurity'
  | `${'Basic256Sha256' | 'Aes128Sha256RsaOaep' | 'Aes256Sha256RsaPss'}_${'Sign' | 'SignAndEncrypt'}`

export interface AsyncuaOptions {
  /** Left out: a free one. */
  readonly port?: number
  readonly policies?: readonly AsyncuaPolicy[]
  /** Default: all. Users are operator with the password secret, and guest with guest. */
  readonly tokens?: readonly ('anonymous' | 'password' | 'certificate')[]
  /** The most nodes in one read or write; 0 or left out: any number. */
  readonly limit?: number
}

/** Text, and lists of it for arrays; see the script for how each type is written. */
export type AsyncuaValue = string | readonly string[]

/** An OPC UA server that shares no code with ours; its nodes are named as those of our simulator. */
export interface AsyncuaServer {
  readonly url: string
  readonly version: string
  /** 3, as in our simulator. */
  readonly namespaceIndex: number
  nodeId(name: string): string
  put(name: string, value: AsyncuaValue, status?: string): Promise<void>
  take(name: string): Promise<AsyncuaValue>
  raiseEvent(fields?: { readonly message?: string; readonly severity?: number }): Promise<void>
  removeNode(name: string): Promise<void>
  sessionCount(): Promise<number>
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** The Python that has asyncua; skips the test if there is none, or fails it where CI is set. */
export function requireAsyncua(context: { skip(note?: string): never }): string {
  const python = existsSync(ownPython) ? ownPython : findPython('asyncua', 'cryptography')
  return python ?? requireServer(context, 'no python3 with asyncua (.config/python-tools.sh)')
}

/** Starts asyncua's server in a process of its own, which ends with this one. */
export async function startAsyncuaServer(
  python: string,
  options: AsyncuaOptions = {},
): Promise<AsyncuaServer> {
  const port = options.port ?? (await freePort())
  const child = startChild(python, [script, JSON.stringify({ ...options, port })])
  const ask = createAsk(child)
  await until(
    'asyncua serves',
    () => (child.end === undefined ? child.objects : child.lines),
    () => child.objects.some((line) => 'ready' in line),
    30_000,
  )
  const { ready, url, namespace } = child.objects[0] ?? {}
  return {
    url: String(url),
    version: String(ready),
    namespaceIndex: Number(namespace),
    nodeId: (name) => `ns=${Number(namespace)};s=${name}`,
    put: async (name, value, status) => void (await ask({ op: 'put', name, value, status })),
    take: async (name) => (await ask({ op: 'take', name }))['value'] as AsyncuaValue,
    raiseEvent: async (fields) => void (await ask({ op: 'raise', ...fields })),
    removeNode: async (name) => void (await ask({ op: 'remove', name })),
    sessionCount: async () => Number((await ask({ op: 'sessions' }))['count']),
    stop: async () => void (await child.stop()),
    kill: () => child.kill(),
  }
}
