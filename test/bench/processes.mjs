import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Child processes of one benchmark. Each says when it is ready by its first message, answers every
 * question with one message, and ends when it is disconnected.
 */
export async function withProcesses(base, work) {
  const dir = mkdtempSync(path.join(tmpdir(), 'bench-'))
  const children = new Set()
  try {
    return await work({
      dir,
      async start(script, ...args) {
        const child = fork(new URL(`${script}.mjs`, base), args.map(String))
        children.add(child)
        const [ready] = await once(child, 'message')
        return {
          ready,
          async ask(question = 'report') {
            const answer = once(child, 'message')
            child.send(question)
            const [message] = await answer
            return message
          },
          async stop() {
            children.delete(child)
            const gone = once(child, 'exit')
            child.disconnect()
            await gone
          },
        }
      },
    })
  } finally {
    for (const child of children) child.kill()
    rmSync(dir, { recursive: true, force: true })
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
