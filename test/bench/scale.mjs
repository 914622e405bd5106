import path from 'node:path'
import { pause, withProcesses } from './processes.mjs'

export const name = 'scale'

const measureMs = 15_000

/**
 * One mapper process with many devices, as on a big gateway: CPU, memory and the lag of the event
 * loop. The field and EdgeCore's stand-in, with its real limits, run in other processes.
 */
export async function run(report) {
  const fleet = async (title, devices, properties, cycleMs) => {
    const base = new URL('scale/', import.meta.url)
    const result = await withProcesses(base, async ({ dir, start }) => {
      const field = await start('../field', 20)
      const dmi = path.join(dir, 'dmi.sock')
      await start('edge', dmi, devices, properties, cycleMs, ...field.ready.ports)
      const ours = await start('ours', dmi, path.join(dir, 'mapper.sock'))
      // Until all devices have been read at least once.
      for (let tries = 0; tries < 120; tries++) {
        if ((await ours.ask()).fresh === devices * properties) break
        await pause(500)
      }
      await pause(2_000)
      const before = { ...(await ours.ask('reset')), at: performance.now() }
      await pause(measureMs)
      const after = { ...(await ours.ask()), at: performance.now() }
      const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
      return { ...after, cpuPercent: cpu / (after.at - before.at) / 10 }
    })
    const note = `${title}; ${result.fresh} of ${devices * properties} readings fresh, ${result.states} devices ok`
    return { ...result, note }
  }

  const busy = await fleet('500 devices × 30 properties at 1 s', 500, 30, 1_000)
  report.figure('cpu_percent', busy.cpuPercent, '% of a core', busy.note)
  report.figure('rss_mib', busy.rssMib, 'MiB')
  report.figure('event_loop_p99_ms', busy.p99Ms, 'ms')
  const wide = await fleet('10 000 devices × 10 properties at 10 s', 10_000, 10, 10_000)
  report.figure('wide_cpu_percent', wide.cpuPercent, '% of a core', wide.note)
  report.figure('wide_rss_mib', wide.rssMib, 'MiB')
  report.figure('wide_event_loop_p99_ms', wide.p99Ms, 'ms')
  const idle = await fleet('one device', 1, 10, 1_000)
  report.figure('idle_rss_mib', idle.rssMib, 'MiB', idle.note)
}
