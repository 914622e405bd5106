import { pause, withProcesses } from './processes.mjs'

export const name = 'opcua'

const rounds = 3
const measureMs = 10_000
const base = new URL('opcua/', import.meta.url)

/**
 * Many monitored items through driver and core, beside the client library alone that does the same; each
 * client and the server in a process of its own.
 */
export async function run(report) {
  const measure = (client, count, cycleMs, ...more) =>
    withProcesses(base, async ({ start }) => {
      const { ready } = await start('server', count, cycleMs)
      const process = await start(client, ready.url, ready.namespace, count, cycleMs, ...more)
      for (let tries = 0; tries < 100; tries++) {
        if ((await process.ask()).seen >= count) break
        await pause(200)
      }
      // Warm: the first thousands of values cost many times as much.
      await pause(4_000)
      const before = await process.ask('reset')
      await pause(measureMs)
      const after = await process.ask()
      const cpuUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
      const seen = after.seen - before.seen
      const seconds = (after.at - before.at) / 1_000
      return {
        perSecond: seen / seconds,
        cpuPercent: cpuUs / seconds / 10_000,
        cpuPerValue: cpuUs / seen,
        lost: after.lost,
        rssMib: after.rssMib,
      }
    })

  const ratios = []
  const ours = []
  const bare = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await measure('bare', 10_000, 100))
    ours.push(await measure('ours', 10_000, 100, 'subscribed'))
    ratios.push(ours.at(-1).cpuPerValue / bare.at(-1).cpuPerValue)
  }
  const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const spread = (values) =>
    `[${Math.min(...values).toPrecision(3)} … ${Math.max(...values).toPrecision(3)}]`
  report.note('10 000 monitored items, changed and published every 100 ms')
  report.figure('cpu_ratio', middle(ratios), 'ratio', `${spread(ratios)}; aim 2`)
  report.figure('lost', Math.max(...ours.map(({ lost }) => lost)), 'changes', 'aim 0')
  report.figure('changes_per_second', middle(ours.map((each) => each.perSecond)), '1/s')
  report.figure('cpu_percent', middle(ours.map((each) => each.cpuPercent)), '% of a core')
  report.figure('bare_cpu_percent', middle(bare.map((each) => each.cpuPercent)), '% of a core')
  report.figure('bare_lost', Math.max(...bare.map(({ lost }) => lost)), 'changes')
  report.figure('rss_mib', middle(ours.map((each) => each.rssMib)), 'MiB')
  report.figure('bare_rss_mib', middle(bare.map((each) => each.rssMib)), 'MiB')

  const subscribed = await measure('ours', 5_000, 1_000, 'subscribed')
  const polled = await measure('ours', 5_000, 1_000, 'polled')
  const note = '5 000 nodes at 1 s'
  report.figure('polled_cpu_ratio', polled.cpuPercent / subscribed.cpuPercent, 'ratio', note)
  report.figure('polled_cpu_percent', polled.cpuPercent, '% of a core', note)
  report.figure('subscribed_cpu_percent', subscribed.cpuPercent, '% of a core', note)
  const small = await measure('ours', 1_000, 1_000, 'subscribed')
  report.figure('thousand_rss_mib', small.rssMib, 'MiB', 'a mapper with 1 000 items')
}
