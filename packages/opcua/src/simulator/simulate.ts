import { readFileSync } from 'node:fs'
import { MapperError } from '@mapper-sdk/core'
import { readFlags, untilAborted, type SimulateOptions } from '@mapper-sdk/core/simulating'
import type { DeclaredNode } from './declared-nodes.ts'
import { NodeFileError, parseNodes } from './node-file.ts'
import type { OpcuaSimulatorOptions } from './options.ts'
import { startOpcuaSimulator } from './start-opcua-simulator.ts'

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  items: { type: 'string' },
  every: { type: 'string' },
  tree: { type: 'string' },
  conformance: { type: 'boolean' },
  certificates: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const usage = (program: string) => `Usage: ${program} [NODES.yaml] [flags]

Serves the simulator's own nodes over OPC UA, and those of the file, by itself on a free port of
127.0.0.1. Prints one line of JSON when it is ready, and ends on SIGTERM or Ctrl-C.

  --port N            the port; 0 takes a free one
  --host H            the address to listen on (default 127.0.0.1)
  --items N           how many counters Changing.0 … there are (default 10)
  --every MS          how often they change (default 100)
  --tree N            how many nodes the folder Tree has (default 0)
  --conformance       with node-opcua's address space for conformance tests
  --certificates DIR  keep the server's key and certificates there (default: a temporary folder)
  --help, -h          this text

Users are operator (password secret) and guest (password guest).

Example: ${program} nodes.yaml --port 4840
`

/**
 * Runs a simulator until the signal aborts; all is closed when it resolves. Throws `invalid_config` for
 * wrong flags or a wrong node file, with file, line and column; `unreachable` if the port cannot be had.
 */
export async function simulate({ argv, program, out, signal }: SimulateOptions): Promise<void> {
  const plan = planOf(argv, program)
  if (plan === 'help') return void out.write(usage(program))
  const simulator = await startOpcuaSimulator(plan)
  try {
    out.write(`${JSON.stringify({ opcua: simulator.url })}\n`)
    await untilAborted(signal)
  } finally {
    await simulator.close()
  }
}

function planOf(argv: readonly string[], program: string): OpcuaSimulatorOptions | 'help' {
  const { values, positionals, wrong, number } = readFlags(argv, options, usage(program))
  if (values.help === true) return 'help'
  const [file, ...more] = positionals
  if (more.length > 0) throw wrong(`one node file is taken, not ${positionals.length}`)
  return {
    port: number('port', values.port ?? '0', 0, 65_535),
    ...(values.host !== undefined && { host: values.host }),
    items: {
      count: number('items', values.items ?? '10', 0, 1_000_000),
      everyMs: number('every', values.every ?? '100', 1, 2 ** 31 - 1),
    },
    treeNodes: number('tree', values.tree ?? '0', 0, 1_000_000),
    conformance: values.conformance ?? false,
    ...(values.certificates !== undefined && { certificates: values.certificates }),
    ...(file !== undefined && { nodes: read(file) }),
  }
}

function read(file: string): readonly DeclaredNode[] {
  try {
    return parseNodes(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    const detail =
      cause instanceof NodeFileError ? cause.message : `${file}: ${MapperError.from(cause).detail}`
    throw new MapperError('invalid_config', detail, { cause })
  }
}
