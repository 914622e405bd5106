import { readFileSync } from 'node:fs'
import { MapperError } from '@mapper-sdk/core'
import { readFlags, untilAborted, type SimulateOptions } from '@mapper-sdk/core/simulating'
import type { Bank } from './bank.ts'
import { BankFileError, parseBank } from './bank-file.ts'
import { serveLine } from './serve-line.ts'
import { serveSerial } from './serve-serial.ts'
import { serveTcp, type SimulatedTls } from './serve-tcp.ts'
import { serveUdp } from './serve-udp.ts'
import type { ModbusSimulator } from './simulator.ts'
import { vary } from './vary.ts'

interface Network {
  readonly host: string
  readonly port: number
  readonly tls?: SimulatedTls
}
interface Serial {
  readonly path: string
  readonly baudRate: number
}

/** What can be served over a network; the name is that of `transport` in a protocol config. */
const networkServers: Readonly<
  Record<string, (bank: Bank, at: Network) => Promise<ModbusSimulator & { readonly port: number }>>
> = {
  tcp: serveTcp,
  udp: serveUdp,
  'rtu-over-tcp': (bank, at) => serveLine(bank, { ...at, framing: 'rtu' }),
  'ascii-over-tcp': (bank, at) => serveLine(bank, { ...at, framing: 'ascii' }),
}

/** What can be served on a serial line. */
const serialServers: Readonly<
  Record<string, (bank: Bank, at: Serial) => Promise<ModbusSimulator>>
> = {
  rtu: (bank, at) => serveSerial(bank, { ...at, framing: 'rtu' }),
  ascii: (bank, at) => serveSerial(bank, { ...at, framing: 'ascii' }),
}

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  tty: { type: 'string' },
  // As it was called when there was one serial transport.
  rtu: { type: 'string' },
  baud: { type: 'string' },
  transport: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const usage = (program: string) => `Usage: ${program} BANK.yaml [flags]

Serves a register bank, by itself over Modbus TCP on a free port of 127.0.0.1. Prints one line of JSON
when it is ready, and ends on SIGTERM or Ctrl-C.

  --port N          the port; 0 takes a free one
  --host H          the address to listen on (default 127.0.0.1)
  --tty PATH        serve on a serial port; with --port on both
  --baud N          speed of the serial port (default 9600)
  --transport NAME  ${[...Object.keys(networkServers), ...Object.keys(serialServers)].join(', ')}
  --cert FILE       with --key: Modbus/TCP Security with this certificate (PEM)
  --key FILE        its private key (PEM)
  --help, -h        this text

Example: ${program} bank.yaml --port 5020
`

/**
 * Runs a simulator until the signal aborts; all is closed when it resolves. Throws `invalid_config` for
 * wrong flags or a wrong bank file, with file, line and column; `unreachable` if a port cannot be had.
 */
export async function simulate({ argv, program, out, signal }: SimulateOptions): Promise<void> {
  const plan = planOf(argv, program)
  if (plan === 'help') return void out.write(usage(program))
  const { bank, variations } = read(plan.file)
  const running: ModbusSimulator[] = []
  const ended = new AbortController()
  try {
    const ready: Record<string, string> = {}
    for (const { scheme, start } of plan.network) {
      const { host, port, tls } = plan.at
      const simulator = await start(bank, { host, port, ...(tls && { tls }) })
      running.push(simulator)
      const name = host.includes(':') ? `[${host}]` : host
      ready['modbus'] = `${tls ? 'tls' : scheme}://${name}:${simulator.port}`
    }
    for (const { scheme, start } of plan.serial) {
      running.push(await start(bank, plan.at))
      ready[scheme] = plan.at.path
    }
    vary(bank, variations, ended.signal)
    out.write(`${JSON.stringify(ready)}\n`)
    await untilAborted(signal)
  } finally {
    ended.abort()
    await Promise.all(running.map((simulator) => simulator.close()))
  }
}

function planOf(argv: readonly string[], program: string) {
  const { values, positionals, wrong, number } = readFlags(argv, options, usage(program))
  if (values.help === true) return 'help'
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw wrong('one bank file is needed')
  const path = values.tty ?? values.rtu
  const { transport } = values
  const chosen = <T>(servers: Readonly<Record<string, T>>, usual: string) => {
    const scheme = transport !== undefined && Object.hasOwn(servers, transport) ? transport : usual
    const start = servers[scheme]
    return start === undefined ? [] : [{ scheme, start }]
  }
  const isSerial = transport !== undefined && Object.hasOwn(serialServers, transport)
  const isNetwork = transport !== undefined && Object.hasOwn(networkServers, transport)
  if (transport !== undefined && !isSerial && !isNetwork) {
    const known = [...Object.keys(networkServers), ...Object.keys(serialServers)].join(', ')
    throw wrong(`--transport ${transport} is not one of ${known}`)
  }
  if (isSerial && path === undefined) throw wrong(`--transport ${transport} needs --tty PATH`)
  const tls = tlsOf(values, wrong)
  if (tls !== undefined && (transport ?? 'tcp') !== 'tcp') throw wrong('TLS is for TCP only')
  // On a serial port alone there is no network, unless that is asked for.
  const onNetwork =
    path === undefined || values.port !== undefined || isNetwork || tls !== undefined
  return {
    file,
    network: onNetwork ? chosen(networkServers, 'tcp') : [],
    serial: path === undefined ? [] : chosen(serialServers, 'rtu'),
    at: {
      host: values.host ?? '127.0.0.1',
      port: number('port', values.port ?? '0', 0, 65_535),
      tls,
      path: path ?? '',
      baudRate: number('baud', values.baud ?? '9600', 0, 10_000_000),
    },
  }
}

function tlsOf(
  { cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined },
  wrong: (detail: string) => MapperError,
): SimulatedTls | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw wrong('--cert and --key belong together')
  return { cert: textOf(cert), key: textOf(key) }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MapperError('invalid_config', `${file}: ${MapperError.from(cause).detail}`, { cause })
  }
}

function read(file: string) {
  const text = textOf(file)
  try {
    return parseBank(text, file)
  } catch (cause) {
    const detail =
      cause instanceof BankFileError ? cause.message : `${file}: ${MapperError.from(cause).detail}`
    throw new MapperError('invalid_config', detail, { cause })
  }
}
