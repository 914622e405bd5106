#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MapperError } from '@mapper-sdk/core'
import { BankFileError, parseBank } from './bank-file.ts'
import { serveRtu } from './serve-rtu.ts'
import { serveTcp } from './serve-tcp.ts'
import type { ModbusSimulator } from './simulator.ts'
import { vary } from './vary.ts'

const usage = `Usage: modbus-simulator BANK.yaml [--port N] [--host H] [--rtu PATH [--baud N]]

Serves a register bank over Modbus TCP, on any free port of 127.0.0.1 if none is given, and over
Modbus RTU on a serial port. Prints one line of JSON when ready; ends on SIGTERM.
`

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

function argumentsOf() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        rtu: { type: 'string' },
        baud: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) {
      process.stdout.write(usage)
      process.exit(0)
    }
    const number = (name: string, text: string, max: number) => {
      const value = /^\d+$/.test(text) ? Number(text) : NaN
      if (value <= max) return value
      throw new Error(`--${name} ${text} is not in 0 … ${max}`)
    }
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Error('one bank file is needed')
    return {
      file,
      rtu: values.rtu,
      host: values.host ?? '127.0.0.1',
      port: number('port', values.port ?? '0', 65535),
      baudRate: number('baud', values.baud ?? '9600', 10_000_000),
      // With --rtu alone there is no TCP.
      tcp: values.rtu === undefined || values.port !== undefined,
    }
  } catch (thrown) {
    return fail(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}`)
  }
}

function read(file: string) {
  try {
    return parseBank(readFileSync(file, 'utf8'), file)
  } catch (thrown) {
    if (thrown instanceof BankFileError) return fail(thrown.message)
    return fail(`${file}: ${MapperError.from(thrown).detail}`)
  }
}

const { file, rtu, host, port, baudRate, tcp } = argumentsOf()
const { bank, variations } = read(file)
const stop = new AbortController()
const running: ModbusSimulator[] = []
const ready: Record<string, string> = {}

function end(code: number): void {
  stop.abort()
  void Promise.all(running.map((simulator) => simulator.close())).finally(() => process.exit(code))
}
process.on('SIGTERM', () => end(0))
process.on('SIGINT', () => end(0))

try {
  if (tcp) {
    const simulator = await serveTcp(bank, { host, port })
    running.push(simulator)
    ready['modbus'] = `tcp://${host.includes(':') ? `[${host}]` : host}:${simulator.port}`
  }
  if (rtu !== undefined) {
    running.push(await serveRtu(bank, { path: rtu, baudRate }))
    ready['rtu'] = rtu
  }
  vary(bank, variations, stop.signal)
  process.stdout.write(`${JSON.stringify(ready)}\n`)
} catch (thrown) {
  process.stderr.write(`${MapperError.from(thrown).message}\n`)
  end(1)
}
