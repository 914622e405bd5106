import { cpus, release, type } from 'node:os'
import * as link from './link.mjs'
import * as modbus from './modbus.mjs'
import * as opcua from './opcua.mjs'
import * as path from './path.mjs'
import * as plan from './plan.mjs'
import * as scale from './scale.mjs'
import * as serial from './serial.mjs'

/**
 * Runs all benchmarks, or those that are named: `npm run bench -- path plan --json`. With --json every
 * figure is one JSON object a line; without it a table is printed.
 */
const benches = [path, plan, link, modbus, opcua, serial, scale]

const args = process.argv.slice(2)
const json = args.includes('--json')
const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.filter((name) => !benches.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(
    `no benchmark named ${unknown.join(', ')}; there are: ${benches.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}

const print = (text) => {
  if (!json) console.log(text)
}
print(
  `${type()} ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, Node ${process.version}`,
)

for (const bench of benches) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue
  print(`\n${bench.name}`)
  await bench.run({
    figure(figure, value, unit, note = '') {
      if (json) console.log(JSON.stringify({ bench: bench.name, figure, value, unit }))
      else
        console.log(
          `  ${figure.padEnd(24)} ${value.toPrecision(4).padStart(10)} ${unit.padEnd(14)} ${note}`,
        )
    },
    note: (text) => print(`  ${text}`),
  })
}
