import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pause, withProcesses } from './processes.mjs'

export const name = 'link'

const devices = 20
const properties = 50
// Until every twin has been told twice: a first report counts double, so the first round takes 75 s.
const adaptMs = 120_000
// The longer run, of ten minutes, is BENCH_LINK_MINUTES=10.
const measureMs = 60_000 * Number(process.env.BENCH_LINK_MINUTES ?? 1)
const settleMs = 75_000

/**
 * How fresh the cloud's picture is: 20 devices of 50 twins that change every second, against EdgeCore's
 * real limits, over DMI and over the broker; and what the Go framework's pattern gets through.
 */
export async function run(report) {
  const base = new URL('link/', import.meta.url)
  report.note(
    `${devices} devices × ${properties} properties at 1 s, about seven minutes (BENCH_LINK_MINUTES sets how long is measured)`,
  )

  const way = (url) =>
    withProcesses(base, async ({ dir, start }) => {
      const dmi = path.join(dir, 'dmi.sock')
      const edge = await start('edge', dmi, devices, properties, ...(url ? [url] : []))
      const ours = await start('ours', dmi, path.join(dir, 'mapper.sock'), ...(url ? [url] : []))
      await pause(url ? adaptMs / 6 : adaptMs)
      const before = { ...(await edge.ask('reset')), ...(await ours.ask()) }
      await pause(measureMs)
      const after = { ...(await edge.ask()), ...(await ours.ask()) }
      const { frozen } = await ours.ask('freeze')
      await pause(settleMs)
      const { values } = await edge.ask()
      const twins = after.twins - before.twins
      const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
      return {
        refused: after.refused - before.refused,
        maxAge: after.oldestMs / 1_000,
        lost: values.filter((value) => value !== String(frozen)).length,
        cpu: cpu / twins,
        bytes: (after.bytes - before.bytes) / twins,
      }
    })

  const dmi = await way()
  report.figure('refused_after_adaptation', dmi.refused, 'calls', 'over DMI')
  report.figure('dmi_max_age_s', dmi.maxAge, 's', 'aim 45')
  report.figure('dmi_lost', dmi.lost, 'twins', 'wrong one refresh after the last change')
  report.figure('dmi_cpu_per_twin', dmi.cpu, 'µs', 'reading every twin each second included')
  report.figure('dmi_bytes_per_twin', dmi.bytes, 'bytes')

  const broker = await startBroker()
  if (broker === undefined) report.note('mosquitto is missing on this machine: nothing over MQTT')
  else {
    try {
      const mqtt = await way(broker.url)
      report.figure('mqtt_max_age_s', mqtt.maxAge, 's', 'aim 2')
      report.figure('mqtt_refused', mqtt.refused, 'calls', 'after adaptation')
      report.figure('mqtt_lost', mqtt.lost, 'twins', 'wrong one refresh after the last change')
      report.figure('mqtt_cpu_per_twin', mqtt.cpu, 'µs')
      report.figure('mqtt_bytes_per_twin', mqtt.bytes, 'bytes')
    } finally {
      await broker.stop()
    }
  }

  const go = await withProcesses(base, async ({ dir, start }) => {
    const dmiPath = path.join(dir, 'dmi.sock')
    await start('edge', dmiPath, devices, properties)
    const theirs = await start('theirs', dmiPath, devices, properties)
    await pause(30_000)
    return theirs.ask()
  })
  const ratio = go.delivered / go.attempted
  report.figure('go_pattern_delivered_ratio', ratio, 'ratio', `of ${go.attempted} reports in 30 s`)
}

async function startBroker() {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  const config = path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'mosquitto.conf')
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`)
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
  const missing = await Promise.race([
    once(child, 'error').then(() => true),
    pause(1_000).then(() => false),
  ])
  if (missing) return undefined
  return {
    url: `mqtt://127.0.0.1:${port}`,
    async stop() {
      const gone = once(child, 'exit')
      child.kill()
      await gone
      rmSync(path.dirname(config), { recursive: true, force: true })
    },
  }
}
