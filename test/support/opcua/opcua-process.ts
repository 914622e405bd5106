import { deserialize, serialize } from 'node:v8'
import { fileURLToPath } from 'node:url'
import type { OpcuaSimulator, OpcuaSimulatorOptions } from '@mapper-sdk/opcua/simulator'
import { createAsk } from '../ask.ts'
import { startChild, type Child } from '../child.ts'
import { freePort } from '../free-port.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { until } from '../until.ts'

const script = fileURLToPath(new URL('opcua-process-main.mjs', import.meta.url))

type Method = {
  [Key in keyof OpcuaSimulator]: OpcuaSimulator[Key] extends (...args: never[]) => unknown
    ? Key
    : never
}[keyof OpcuaSimulator]

/**
 * Our simulator in a process that can be killed and frozen. It keeps its port and its certificate over
 * all of that; its values are those of a start.
 */
export interface OpcuaProcess {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** As the simulator's own functions; a call hangs while the process is frozen. */
  call<Name extends Method>(
    name: Name,
    ...args: Parameters<OpcuaSimulator[Name]>
  ): Promise<Awaited<ReturnType<OpcuaSimulator[Name]>>>
  /** As the simulator's own properties. */
  ask<Name extends Exclude<keyof OpcuaSimulator, Method>>(name: Name): Promise<OpcuaSimulator[Name]>
  /** SIGKILL: its clients see their connections break, and then nobody there. */
  kill(): Promise<void>
  /** Starts it again after a kill, on the same port, with these options changed. */
  start(changes?: OpcuaSimulatorOptions): Promise<void>
  /** SIGSTOP: connections stay, and nothing answers any more. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** Ends it for good. Any number of times. */
  stop(): Promise<void>
}

export async function startOpcuaProcess(given: OpcuaSimulatorOptions = {}): Promise<OpcuaProcess> {
  const port = given.port || (await freePort())
  const { folder, remove } = await scratchFolder()
  let options: OpcuaSimulatorOptions = { certificates: folder, ...given, port }
  let life: { readonly child: Child; readonly ask: ReturnType<typeof createAsk> } | undefined

  const start = async (changes: OpcuaSimulatorOptions = {}) => {
    if (life !== undefined) throw new Error('the simulator runs')
    options = { ...options, ...changes, port }
    const child = startChild(process.execPath, [script, pack(options)])
    life = { child, ask: createAsk(child) }
    await until(
      'the simulator serves (its dist is made by npm run build)',
      () => (child.end === undefined ? child.objects : child.lines),
      () => child.objects.some((line) => 'ready' in line),
      30_000,
    )
  }
  const running = () => {
    if (life === undefined) throw new Error('the simulator was killed')
    return life
  }
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => void process.kill(running().child.pid, name)
  const remote = async (call: string, args: readonly unknown[]) => {
    const { result } = await running().ask({ call, args: pack(args) })
    return deserialize(Buffer.from(String(result), 'base64')) as unknown
  }
  await start()
  return {
    url: `opc.tcp://127.0.0.1:${port}`,
    port,
    get pid() {
      return running().child.pid
    },
    call: (name, ...args) => remote(name, args) as Promise<never>,
    ask: (name) => remote(name, []) as Promise<never>,
    async kill() {
      const { child } = running()
      life = undefined
      await child.kill()
    },
    start,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      const ending = life
      life = undefined
      if (ending !== undefined) {
        // A frozen process hears of no other signal.
        if (ending.child.end === undefined) process.kill(ending.child.pid, 'SIGCONT')
        await ending.child.stop()
      }
      await remove()
    },
  }
}

const pack = (value: unknown) => serialize(value).toString('base64')
