import { conformance, type GoodPlace, type Rig } from '@mapper-sdk/core/conformance'
import { describe, test } from 'vitest'
import { serialDriver } from './driver.ts'
import { parseRecipe } from './recipe/parse-recipe.ts'
import { parseSimulatorScript, scriptedDevice, serveTcp } from './simulator/index.ts'

const recipeText = `
name: keeper
frame: { type: delimiter, start: <STX>, end: <ETX>, checksum: { type: CRC-16/XMODEM, as: HEX } }
init: [hello]
shutdown: [bye]
exchanges:
  hello: { request: H, response: { pattern: '^H$' }, timeoutMs: 1000 }
  bye: { request: B, noResponse: true }
  numbers: { request: N, response: { pattern: '^N(?<count>-?[0-9]+) (?<level>\\S+) (?<on>[01])$' }, timeoutMs: 1000 }
  label: { request: L, response: { pattern: '^L(?<label>.*)$' }, timeoutMs: 1000 }
  broken: { request: X, errors: [{ match: { pattern: '^E$' }, text: it is broken }], timeoutMs: 1000 }
streams:
  news: { match: { pattern: '^S(?<news>-?[0-9]+)$' }, timeoutMs: 60000 }
values:
  count: { from: numbers, type: integer, group: count }
  level: { from: numbers, group: level }
  on: { from: numbers, type: boolean, group: on }
  label: { from: label, type: text, group: label, trim: false }
  broken: { from: broken, type: text }
  news: { from: news, type: integer, group: news }
writes:
  count: { request: 'C{value:d}', type: integer, response: &ok { pattern: '^K$' }, timeoutMs: 1000 }
  level: { request: 'V{value}', response: *ok, readBack: level, timeoutMs: 1000 }
  on: { request: 'O{value}', type: boolean, lookup: { true: '1', false: '0' }, response: *ok, timeoutMs: 1000 }
  label: { request: 'T{value}', type: text, response: *ok, timeoutMs: 1000 }
  broken: { request: 'X{value}', type: text, errors: [{ match: { pattern: '^E$' }, text: it is broken }], timeoutMs: 1000 }
`

const script = `
recipe: keeper.yaml
state:
  count: { type: integer, initial: 42 }
  level: { type: text, initial: '21.5' }
  on: { type: integer, initial: 1 }
  label: { type: text, initial: pump 1 }
  news: { type: integer, initial: 7 }
answers:
  - { when: { pattern: '^H$' }, answer: H }
  - { when: { pattern: '^N$' }, answer: 'N{count} {level} {on}' }
  - { when: { pattern: '^L$' }, answer: 'L{label}' }
  - { when: { pattern: '^C(?<to>.*)$' }, set: { count: { group: to } }, answer: K }
  - { when: { pattern: '^V(?<to>.*)$' }, set: { level: { group: to } }, answer: K }
  - { when: { pattern: '^O(?<to>.*)$' }, set: { on: { group: to } }, answer: K }
  - { when: { pattern: '^T(?<to>.*)$' }, set: { label: { group: to, trim: false } }, answer: K }
  - { when: { pattern: '^X' }, answer: E }
sends:
  - { everyMs: 25, payload: 'S{news}' }
`

const names = ['count', 'level', 'on', 'label', 'news'] as const
const good: readonly [GoodPlace, ...GoodPlace[]] = [
  {
    ...{ visitor: { value: 'count' }, type: 'INT', value: 42 },
    ...{ others: [-(2n ** 63n), 2n ** 63n - 1n], refuses: [1.5, NaN] },
  },
  {
    ...{ visitor: { value: 'level' }, type: 'DOUBLE', value: 21.5 },
    ...{ others: [-1e6, 0.000001], refuses: [NaN, Infinity], unreadable: ['hot'] },
  },
  { visitor: { value: 'on' }, type: 'BOOLEAN', value: true, others: [false, true] },
  {
    ...{ visitor: { value: 'label' }, type: 'STRING', value: 'pump 1' },
    // What could break out of a frame, and what no device is known to understand.
    ...{ others: ['', ' valve 2 '], refuses: ['a\u0003b', 'Grüße'] },
  },
  { visitor: { value: 'news' }, type: 'INT', value: 7, others: [-1, 2 ** 31], readOnly: true },
]

async function makeRig(): Promise<Rig> {
  const { script: parsed, recipe } = parseSimulatorScript(script, 'keeper.simulator.yaml', (file) =>
    parseRecipe(recipeText, file),
  )
  const start = (port?: number) => serveTcp([device], port === undefined ? {} : { port })
  const device = scriptedDevice(parsed, recipe)
  let simulator = await start()
  let earlier = 0
  const { port } = simulator
  const protocol = { host: '127.0.0.1', port, recipeText }
  return {
    ...{ driver: serialDriver, protocol, good },
    bad: { visitor: { value: 'broken' }, type: 'STRING' },
    refusedWrite: { visitor: { value: 'broken' }, type: 'STRING', value: 'x' },
    wrong: [
      { what: 'protocol', raw: { host: '127.0.0.1', recipeText }, field: 'port' },
      { what: 'protocol', raw: { ...protocol, recipeText: 'name: [' }, field: 'recipeText' },
      { what: 'protocol', raw: { ...protocol, address: 3 }, field: 'address' },
      { what: 'visitor', raw: { value: 'cuont' }, field: 'value', type: 'INT' },
      { what: 'visitor', raw: { value: 'count', write: 'news' }, field: 'write', type: 'INT' },
    ],
    // The same device, named in the words of others.
    second: { protocol: { ip: '127.0.0.1', port: String(port), recipeText }, good },
    poke: (index, value) =>
      simulator.state.set(
        names[index] ?? '',
        typeof value === 'boolean' ? Number(value) : String(value),
      ),
    peek: (index) => simulator.state.get(names[index] ?? ''),
    async cut() {
      earlier += simulator.requests
      await simulator.close()
    },
    restore: async () => void (simulator = await start(port)),
    silence: (silent) => simulator.mute(silent),
    requests: () => earlier + simulator.requests,
    close: () => simulator.close(),
  }
}

describe('the serial driver', () => {
  for (const { name, run } of conformance(makeRig)) test(name, () => run())
})
