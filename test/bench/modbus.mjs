import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { pause, withProcesses } from './processes.mjs'

export const name = 'modbus'

const rounds = 3
const warmUpMs = 1_000
const measureMs = 3_000
const base = new URL('modbus/', import.meta.url)

/** The Modbus link and driver against a C client on libmodbus, with many devices, and on a serial line. */
export async function run(report) {
  await withProcesses(base, async (tools) => {
    await overTcp(report, tools)
    await onLine(report, tools)
  })
}

async function overTcp(report, { dir, start }) {
  const server = compile('server', dir)
  if (server === undefined) {
    return report.note('gcc is missing on this machine: nothing is measured over TCP')
  }
  const field = spawn(server, ['1000'], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const ports = await portsOf(field.stdout)
    await againstLibmodbus(report, dir, ports[0], start)
    const fleet = async (title, script) => {
      const { connections, achieved, cpuPercent, p99Ms } = (
        await start(script, 5_000, 10_000, ...ports)
      ).ready
      const made = `${(100 * achieved).toFixed(1)} % of the reads made`
      const note = `${connections} devices, ten reads of 125 registers a second each, ${made}`
      report.figure(`${title}_cpu_percent`, cpuPercent, '% of a core', `aim 40; ${note}`)
      report.figure(`${title}_p99_ms`, p99Ms, 'ms', 'aim 10')
    }
    // Over our links alone, and through a whole mapper.
    await fleet('fleet', 'links')
    await fleet('mapper_fleet', 'fleet')
  } finally {
    field.stdin.end()
  }
}

async function portsOf(output) {
  let text = ''
  for await (const chunk of output) {
    text += chunk
    if (text.endsWith('\n')) break
  }
  return text.trim().split(' ').map(Number)
}

async function againstLibmodbus(report, dir, port, start) {
  const client = compile('client', dir, 'libmodbus')
  if (client === undefined) {
    return report.note('libmodbus is missing on this machine (apt-get install libmodbus-dev)')
  }
  const theirs = () => {
    const ran = spawnSync(client, [port, warmUpMs, measureMs].map(String), { encoding: 'utf8' })
    const [requests, cpuUs, us] = ran.stdout.split(' ').map(Number)
    return { rate: requests / us, cpu: cpuUs / requests }
  }
  const ours = async (depth) => {
    const { ready } = await start('requests', port, depth, warmUpMs, measureMs)
    return { rate: ready.requests / ready.us, cpu: ready.cpuUs / ready.requests }
  }
  const results = []
  for (let round = 0; round < rounds; round++) {
    results.push({ theirs: theirs(), d1: await ours(1), d16: await ours(16) })
  }
  const figure = (title, ratio, note) => {
    const all = results.map(ratio).sort((a, b) => a - b)
    const spread = `[${all[0].toFixed(2)} … ${all.at(-1).toFixed(2)}] over ${rounds} rounds`
    report.figure(title, all[Math.floor(all.length / 2)], 'ratio', `${note}; ${spread}`)
  }
  figure('rate_ratio_d1', ({ d1, theirs }) => d1.rate / theirs.rate, 'aim 0.8')
  figure('cpu_ratio_d1', ({ d1, theirs }) => d1.cpu / theirs.cpu, 'CPU per request, ours ÷ theirs')
  figure('rate_ratio_d16', ({ d16, theirs }) => d16.rate / theirs.rate, '16 in flight, aim 7')
  figure('cpu_ratio_d16', ({ d16, theirs }) => d16.cpu / theirs.cpu, 'CPU per request')
}

const baudRate = 9_600
const characterMs = 11_000 / baudRate
const turnaroundMs = 5

async function onLine(report, { dir, start }) {
  const ends = [path.join(dir, 'near'), path.join(dir, 'far')]
  const socat = spawn(
    'socat',
    ends.map((end) => `pty,raw,echo=0,link=${end}`),
    { stdio: 'ignore' },
  )
  const missing = await Promise.race([
    once(socat, 'error').then(() => true),
    untilThere(ends).then(() => false),
  ])
  if (missing) return report.note('socat is missing on this machine: nothing on a serial line')
  const [near, far] = ends
  try {
    const one = await start('line', far, baudRate, turnaroundMs, 1)
    const { took } = (await start('cycle', near, baudRate, 5)).ready
    await one.stop()
    // Request, unit, answer and the silence behind it, eight times.
    const limitMs = 8 * ((8 + 5 + 2 * 125 + 3.5) * characterMs + turnaroundMs)
    const median = took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? NaN
    const note = `1000 registers at ${baudRate} bit/s in ${median.toFixed(0)} ms, aim 1.05`
    report.figure('rtu_limit_ratio', median / limitMs, 'ratio', note)

    const without = await units(near, far, 25, 25, start)
    const beside = await units(near, far, 30, 25, start)
    report.figure(
      'dead_units_ratio',
      without.reads / beside.reads,
      'ratio',
      `period of 25 units beside 5 dead ones ÷ without them, aim 1.10`,
    )
    const transactionMs = (8 + 5 + 2 * 10 + 3.5) * characterMs + turnaroundMs
    const takes = `a transaction and its gap take ${transactionMs.toFixed(0)} ms`
    report.figure('write_wait_max_ms', without.waitMs, 'ms', `25 units; ${takes}`)
    report.figure(
      'write_wait_dead_ms',
      beside.waitMs,
      'ms',
      'a probe of a dead unit may be under way',
    )
    report.figure('broken_frames', without.broken + beside.broken, 'frames', 'on the line')
  } finally {
    socat.kill()
  }
}

/** How often each live unit is read a second, and the longest that a write waited for the line. */
async function units(near, far, all, live, start) {
  const line = await start('line', far, baudRate, turnaroundMs, live)
  const mapper = await start('units', near, baudRate, all)
  // Until it is known who is dead: each of them is tried twice, and waits its turn for the second time.
  await pause(40_000)
  await mapper.ask('reset')
  await line.ask()
  const began = performance.now()
  const waits = []
  let broken = 0
  for (let write = 0; write < 20; write++) {
    await pause(1_500 + 37 * (write % 7))
    const { wished } = await mapper.ask('write')
    await pause(500)
    const seen = await line.ask()
    broken = seen.broken
    waits.push((seen.writes[0] ?? Infinity) - wished)
  }
  const { reads } = await mapper.ask()
  const seconds = (performance.now() - began) / 1_000
  await mapper.stop()
  await line.stop()
  await pause(500)
  const counts = reads.filter(([unit]) => unit <= live).map(([, count]) => count)
  return { reads: Math.min(...counts) / seconds, waitMs: Math.max(...waits), broken }
}

async function untilThere(files) {
  for (let tries = 0; tries < 100 && !files.every((file) => existsSync(file)); tries++) {
    await pause(50)
  }
}

/** The program made from a C source; undefined if the compiler or the library is missing. */
function compile(source, dir, library) {
  const file = fileURLToPath(new URL(`${source}.c`, base))
  const program = path.join(dir, source)
  const flags = library ? spawnSync('pkg-config', ['--cflags', '--libs', library]) : undefined
  if (flags && flags.status !== 0) return undefined
  const libraries = flags ? flags.stdout.toString().trim().split(/\s+/) : []
  return spawnSync('gcc', ['-O2', '-o', program, file, ...libraries]).status === 0
    ? program
    : undefined
}
