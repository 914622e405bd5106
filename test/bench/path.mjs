import path from 'node:path'
import { pause, withProcesses } from './processes.mjs'

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
  await withProcesses(new URL('path/', import.meta.url), async ({ dir, start }) => {
    const field = await start('../field', 1)
    const [port] = field.ready.ports
    const dmi = path.join(dir, 'dmi.sock')
    const edge = await start('edge', dmi, port, properties)

    const measure = async (script, ...args) => {
      const one = await start(script, ...args)
      await pause(warmUpMs)
      const before = { ...(await edge.ask()), ...(await one.ask()), at: performance.now() }
      await pause(measureMs)
      const after = { ...(await edge.ask()), ...(await one.ask()), at: performance.now() }
      await one.stop()
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
  })
}
