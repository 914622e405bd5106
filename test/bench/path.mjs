import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const name = 'path'

const properties = 1_000
const rounds = 3
const warmUpMs = 1_500
const measureMs = 4_000

/**
 * The whole way of a property, device → driver → core → DMI, against the pattern of the Go framework
 * (one device request, one new gRPC channel and one ReportDeviceStatus per property), over the same
 * device and the same EdgeCore stand-in without limits. Both run for themselves, turn by turn.
 */
export async function run(report) {
  const dir = mkdtempSync(path.join(tmpdir(), 'bench-'))
  const children = []
  const start = async (script, ...args) => {
    const child = fork(new URL(`path/${script}.mjs`, import.meta.url), args.map(String))
    children.push(child)
    const [message] = await once(child, 'message')
    return { child, message }
  }
  const ask = async (child) => {
    const answer = once(child, 'message')
    child.send('report')
    const [message] = await answer
    return message
  }
  const stop = async (child) => {
    const gone = once(child, 'exit')
    child.disconnect()
    await gone
  }
  try {
    const device = await start('device')
    const { port } = device.message
    const dmi = path.join(dir, 'dmi.sock')
    const edge = await start('edge', dmi, port, properties)

    const measure = async (script, ...args) => {
      const { child } = await start(script, ...args)
      await pause(warmUpMs)
      const before = { ...(await ask(edge.child)), ...(await ask(child)), at: performance.now() }
      await pause(measureMs)
      const after = { ...(await ask(edge.child)), ...(await ask(child)), at: performance.now() }
      await stop(child)
      const twins = after.twins - before.twins
      const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
      return { rate: (twins / (after.at - before.at)) * 1_000, cpu: cpu / Math.max(1, twins) }
    }

    const results = []
    for (let round = 0; round < rounds; round++) {
      const ours = await measure('ours', dmi, path.join(dir, 'mapper.sock'))
      const theirs = await measure('theirs', dmi, port, properties)
      results.push({ ours, theirs })
      report.note(
        `round ${round + 1}: ours ${ours.rate.toFixed(0)} properties/s, ${ours.cpu.toFixed(1)} µs each;` +
          ` the pattern ${theirs.rate.toFixed(0)} properties/s, ${theirs.cpu.toFixed(0)} µs each`,
      )
    }
    const figure = (title, ratio) => {
      const all = results.map(ratio).sort((a, b) => a - b)
      const spread = `[${all[0].toFixed(1)} … ${all.at(-1).toFixed(1)}] over ${rounds} rounds`
      report.figure(title, all[Math.floor(all.length / 2)], 'ratio', spread)
    }
    figure('rate_ratio', ({ ours, theirs }) => ours.rate / theirs.rate)
    figure('cpu_ratio', ({ ours, theirs }) => theirs.cpu / ours.cpu)
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill()
    rmSync(dir, { recursive: true, force: true })
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
