import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program beside the test, with all that it wrote. */
export interface Child {
  readonly pid: number
  /** Lines of stdout and of stderr, in the order they came. */
  readonly lines: readonly string[]
  /** The lines that are JSON objects. */
  readonly objects: readonly Readonly<Record<string, unknown>>[]
  /** Resolves with the exit code, or the name of the signal, once all its output was read. */
  readonly ended: Promise<number | string>
  /** Set as soon as it has ended. */
  readonly end: number | string | undefined
  onObject(listener: (object: Readonly<Record<string, unknown>>) => void): void
  send(object: object): void
  /** SIGTERM, and SIGKILL if that does not end it. Any number of times. */
  stop(withinMs?: number): Promise<number | string>
  /** SIGKILL, as a power cut would end it. */
  kill(): Promise<void>
}

const alive = new Set<number>()
process.once('exit', () => {
  for (const pid of alive) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself just now.
    }
  }
})

export function startChild(
  command: string,
  args: readonly string[],
  env: object = {},
  cwd?: string,
): Child {
  const child = spawn(command, args, { env: { ...process.env, ...env }, cwd })
  const pid = child.pid ?? 0
  if (pid !== 0) alive.add(pid)
  const lines: string[] = []
  const objects: Readonly<Record<string, unknown>>[] = []
  const listeners = new Set<(object: Readonly<Record<string, unknown>>) => void>()
  let end: number | string | undefined
  const ended = new Promise<number | string>((resolve) => {
    const finish = (how: number | string) => {
      alive.delete(pid)
      resolve((end ??= how))
    }
    child.once('error', (error) => finish(error.message))
    child.once('close', (code, signal) => finish(code ?? signal ?? 'unknown'))
  })
  // A child that was killed cannot take what is still being sent to it.
  child.stdin.on('error', () => undefined)
  createInterface(child.stderr).on('line', (line) => void lines.push(line))
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    const object = objectIn(line)
    if (object === undefined) return
    objects.push(object)
    for (const listener of listeners) listener(object)
  })
  return {
    pid,
    lines,
    objects,
    ended,
    get end() {
      return end
    },
    onObject: (listener) => void listeners.add(listener),
    send: (object) => void child.stdin.write(`${JSON.stringify(object)}\n`),
    async stop(withinMs = 10_000) {
      if (end === undefined) child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      const how = await ended
      clearTimeout(timer)
      return how
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
