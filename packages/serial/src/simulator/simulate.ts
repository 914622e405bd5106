import { readFlags, untilAborted, type SimulateOptions } from '@mapper-sdk/core/simulating'
import { loadDevice, shippedRecipes } from './load-device.ts'
import { serveSerial } from './serve-serial.ts'
import { serveTcp } from './serve-tcp.ts'
import { serveUdp } from './serve-udp.ts'
import type { SerialSimulator } from './simulator.ts'

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  udp: { type: 'boolean' },
  tty: { type: 'string' },
  baud: { type: 'string' },
  param: { type: 'string', multiple: true },
  state: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const

const usage = (program: string) => `Usage: ${program} RECIPE... [flags]

Simulates the device of a recipe, by itself behind a TCP port of 127.0.0.1. Prints one line of JSON when it
is ready, and ends on SIGTERM or Ctrl-C. Several recipes are several devices on one line.

RECIPE is the path of a recipe, of a simulator script or of a transcript. A recipe is simulated by the script
beside it, NAME.simulator.yaml, or else by its transcript. Recipes with a script come with the package:

  ${shippedRecipes().join('\n  ')}

  --port N          the port; 0 takes a free one
  --host H          the address to listen on (default 127.0.0.1)
  --udp             UDP instead of TCP
  --tty PATH        serve on a serial port; --port or --udp serve the like beside it
  --baud N          speed of the serial port (default: that of the recipe, else 9600)
  --param NAME=V    a setting of the device, such as address=3; may be repeated
  --state NAME=V    what a state of the first device is at the start; may be repeated
  --help, -h        this text

Example: ${program} mt-sics-scale --port 4001
`

/**
 * Runs a simulator until the signal aborts; all is closed when it resolves. Throws `invalid_config` for
 * wrong flags or wrong files, with file, line and column; `unreachable` if a port cannot be had.
 */
export async function simulate({ argv, program, out, signal }: SimulateOptions): Promise<void> {
  const plan = planOf(argv, program)
  if (plan === 'help') return void out.write(usage(program))
  const { udp, tty, baudRate, at } = plan
  /** New ones for each line: a device that were on two would move twice as fast. */
  const load = () => {
    const loaded = plan.recipes.map((what) => loadDevice(what, plan.params))
    const devices = loaded.map(({ device }) => device)
    for (const [name, value] of Object.entries(plan.state)) devices[0]?.state.set(name, value)
    return { devices, line: loaded[0]?.recipe.line }
  }
  const running: SerialSimulator[] = []
  try {
    const ready: Record<string, string> = {}
    if (plan.onNetwork) {
      const simulator = await (udp ? serveUdp : serveTcp)(load().devices, at)
      running.push(simulator)
      const name = at.host.includes(':') ? `[${at.host}]` : at.host
      ready['serial'] = `${udp ? 'udp' : 'tcp'}://${name}:${simulator.port}`
    }
    if (tty !== undefined) {
      const { devices, line } = load()
      const speed = baudRate ?? line?.baudRate ?? 9600
      running.push(await serveSerial(devices, { ...line, baudRate: speed, path: tty }))
      ready['tty'] = tty
    }
    out.write(`${JSON.stringify(ready)}\n`)
    await untilAborted(signal)
  } finally {
    await Promise.all(running.map((simulator) => simulator.close()))
  }
}

function planOf(argv: readonly string[], program: string) {
  const { values, positionals, wrong, number } = readFlags(argv, options, usage(program))
  if (values.help === true) return 'help'
  const pairs = (name: string, given: readonly string[] = []) =>
    Object.fromEntries(
      given.map((text) => {
        const at = text.indexOf('=')
        if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
        throw wrong(`--${name} ${text} is not NAME=VALUE`)
      }),
    )
  if (positionals.length === 0) throw wrong('a recipe is needed')
  const { tty, udp = false, port, host = '127.0.0.1', baud } = values
  return {
    recipes: positionals,
    params: pairs('param', values.param),
    state: pairs('state', values.state),
    tty,
    udp,
    // On a serial port alone there is no network, unless that is asked for.
    onNetwork: tty === undefined || port !== undefined || udp,
    at: { host, port: number('port', port ?? '0', 0, 65_535) },
    baudRate: baud === undefined ? undefined : number('baud', baud, 0, 10_000_000),
  }
}
