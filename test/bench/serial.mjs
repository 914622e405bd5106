import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pause, withProcesses } from './processes.mjs'

export const name = 'serial'

const rounds = 5
const warmUpMs = 1_000
const measureMs = 2_000
const base = new URL('serial/', import.meta.url)

const kinds = [
  ['nmea', 'NMEA 0183, two kinds of sentences, XOR'],
  ['scale', 'lines of an MT-SICS scale'],
  ['vesc', 'binary, length field and CRC-16'],
]

/**
 * What a device sends on its own, read by the driver with a recipe, beside a parser written by hand on a bare
 * serial port: on the same pty, as fast as it takes the bytes and as a device sends them, and without any line.
 */
export async function run(report) {
  await withProcesses(base, async (tools) => {
    const ratios = { full: [], paced: [], all: [] }
    const ends = await ptyPair(tools.dir)
    if (ends === undefined) {
      report.note('socat is missing on this machine: nothing is measured on a pty')
    } else {
      try {
        for (const [kind, what] of kinds) {
          await onPty(report, tools, ends, kind, what, ratios)
        }
      } finally {
        ends.stop()
      }
      report.figure(
        'cpu_ratio',
        Math.max(...ratios.full),
        'ratio',
        'the worst of the three; aim 1.5',
      )
      report.figure('paced_cpu_ratio', Math.max(...ratios.paced), 'ratio', 'the worst of the three')
      report.figure('all_cpu_ratio', Math.max(...ratios.all), 'ratio', 'where every frame is told')
    }
    for (const [kind] of kinds) await decoding(report, tools, kind)
  })
}

/** A write of several frames at once, again and again, or one frame each so many ms. */
const loads = { full: [32, 0], paced: [1, 5] }

/** How the line is read: by hand, by the driver with the shortest collectCycle, or telling every frame. */
const ways = {
  hand: ['hand'],
  driver: ['driver', 10],
  all: ['driver', 0],
}

async function onPty(report, { start }, { near, far }, kind, what, ratios) {
  const results = {
    full: { hand: [], driver: [], all: [] },
    paced: { hand: [], driver: [] },
  }
  for (let round = 0; round < rounds; round++) {
    for (const [load, own] of Object.entries(results)) {
      for (const name of Object.keys(own)) {
        const [way, everyMs = 0] = ways[name]
        const reader = await start('read', way, kind, near, everyMs)
        const device = await start('device', kind, far, ...loads[load])
        await pause(warmUpMs)
        const before = await reader.ask()
        await pause(measureMs)
        const after = await reader.ask()
        await device.stop()
        await reader.stop()
        const frames = after.frames - before.frames
        if (after.told === before.told) throw new Error(`${name} told nothing of ${kind}`)
        own[name].push({
          cpuUs: (after.cpuUs - before.cpuUs) / frames,
          perSecond: (1_000 * frames) / (after.at - before.at),
          wrong: after.wrong - before.wrong,
        })
      }
    }
  }
  report.note(what)
  const cpuOf = (all) => all.map(({ cpuUs }) => cpuUs)
  const ratioOf = (all, hand) => all.map(({ cpuUs }, index) => cpuUs / hand[index].cpuUs)
  for (const load of ['full', 'paced']) {
    const { hand, driver, all } = results[load]
    const title = load === 'full' ? kind : `${kind}_paced`
    const ratio = ratioOf(driver, hand)
    ratios[load].push(middle(ratio))
    const note = load === 'full' ? 'as fast as the pty takes it' : '200 frames a second'
    report.figure(`${title}_cpu_ratio`, middle(ratio), 'ratio', `${spread(ratio)}; ${note}`)
    for (const [way, own] of Object.entries({ cpu: cpuOf(driver), bare_cpu: cpuOf(hand) })) {
      report.figure(`${title}_${way}_us`, middle(own), 'µs a frame', spread(own))
    }
    if (all === undefined) continue
    const each = ratioOf(all, hand)
    ratios.all.push(middle(each))
    report.figure(`${kind}_all_cpu_ratio`, middle(each), 'ratio', `${spread(each)}; all are told`)
    const rate = (own) => middle(own.map(({ perSecond }) => perSecond))
    report.figure(`${kind}_frames`, rate(driver), '1/s', `bare ${rate(hand).toFixed(0)}`)
  }
  const wrong = Object.values(results)
    .flatMap((own) => Object.values(own).flat())
    .reduce((sum, each) => sum + each.wrong, 0)
  report.figure(`${kind}_wrong`, wrong, 'frames', 'aim 0')
}

/** The decoders alone, in memory. */
async function decoding(report, { start }, kind) {
  const results = { hand: [], recipe: [] }
  for (let round = 0; round < rounds; round++) {
    for (const way of ['hand', 'recipe']) {
      const decoder = await start('decode', way, kind, 500, 1_000, 1_000)
      results[way].push(decoder.ready.cpuUs / decoder.ready.frames)
      await decoder.stop()
    }
  }
  const { hand, recipe } = results
  const note = `${middle(recipe).toFixed(2)} µs a frame, by hand ${middle(hand).toFixed(2)}`
  const ratio = hand.map((cpuUs, index) => recipe[index] / cpuUs)
  report.figure(
    `${kind}_decode_ratio`,
    middle(ratio),
    'ratio',
    `${spread(ratio)}; ${note}; no line`,
  )
}

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const spread = (values) =>
  `[${Math.min(...values).toPrecision(3)} … ${Math.max(...values).toPrecision(3)}]`

/** Two ends of a line; undefined without socat. */
async function ptyPair(dir) {
  const [near, far] = [path.join(dir, 'near'), path.join(dir, 'far')]
  const socat = spawn(
    'socat',
    [near, far].map((end) => `pty,raw,echo=0,link=${end}`),
    { stdio: 'ignore' },
  )
  const missing = await Promise.race([
    once(socat, 'error').then(() => true),
    untilThere([near, far]).then(() => false),
  ])
  return missing ? undefined : { near, far, stop: () => socat.kill() }
}

async function untilThere(files) {
  for (let tries = 0; tries < 100 && !files.every((file) => existsSync(file)); tries++) {
    await pause(50)
  }
}
