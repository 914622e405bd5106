import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { MapperError } from '@mapper-sdk/core'

/** A Node program that runs beside this one, until it is stopped. */
export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves when it has ended, with how it did, as in `code 2`. Never rejects. */
  readonly ended: Promise<string>
  /** The last lines it wrote. */
  tail(count: number): readonly string[]
  /** The first line of JSON on its stdout that has the key. Throws if it ends before, or takes too long. */
  ready(key: string, withinMs: number): Promise<Readonly<Record<string, unknown>>>
  /** SIGTERM, and SIGKILL after 10 s. Resolves when it is gone. Any number of times. */
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly name: string
  readonly script: string
  readonly args: readonly string[]
  readonly onLine?: (line: string, child: string) => void
}

const linesKept = 200
const killAfterMs = 10_000
const followParent = new URL('./follow-parent.js', import.meta.url).href

/**
 * Starts a Node program in a process group of its own, so that Ctrl-C in the terminal reaches only
 * this process, which then stops the others in their order.
 */
export function startChild({ name, script, args, onLine }: ChildOptions): Child {
  const child = spawn(process.execPath, ['--import', followParent, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  const take = (line: string) => {
    lines.push(line)
    if (lines.length > linesKept) lines.shift()
    onLine?.(line, name)
  }
  let how: string | undefined
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((how = error.message)))
    child.once('close', (code, signal) => {
      resolve((how = signal === null ? `code ${code}` : `signal ${signal}`))
    })
  })
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => {
      take(line)
      for (const listener of listeners) listener(line)
    })
  }
  if (child.stderr !== null) createInterface(child.stderr).on('line', take)

  const tail = (count: number) => lines.slice(-count)
  const failed = (what: string) =>
    new MapperError('internal', [`${name} ${what}`, ...tail(20)].join('\n  '))
  return {
    name,
    pid: child.pid ?? 0,
    ended,
    tail,
    ready: (key, withinMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish(failed(`not ready in ${withinMs} ms`)), withinMs)
        const finish = (result: Readonly<Record<string, unknown>> | MapperError) => {
          clearTimeout(timer)
          listeners.delete(look)
          if (result instanceof MapperError) reject(result)
          else resolve(result)
        }
        const look = (line: string) => {
          const parsed = jsonObject(line)
          if (parsed !== undefined && key in parsed) finish(parsed)
        }
        lines.forEach(look)
        listeners.add(look)
        void ended.then((reason) => finish(failed(`ended with ${reason}`)))
      }),
    async stop() {
      if (how === undefined) child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The line as an object, if it is one in JSON. */
export function jsonObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
